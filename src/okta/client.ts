import { AbortedError, OktaAuthError, OktaHttpError, OptionsError } from '../core/errors.js';
import type { ChangeKind, Entity } from '../core/model.js';
import { parseSession, parseSessions, requireAccepted } from './answers.js';
import { encodeBulk, type BulkContent } from './bodies.js';
import { checkOptions, type CheckedOptions, type ClientOptions } from './client-options.js';
import { Exchange, type Call } from './exchange.js';
import { OPERATIONS, type Operation } from './operations.js';
import { undiciTransport, type OwnedTransport } from './transport.js';
import type {
  CallOptions,
  EncodedBody,
  GroupMembers,
  GroupRecord,
  OktaClient,
  Session,
  UserRecord,
} from './wire.js';

/**
 * A client of Okta's Identity Sources API for one identity source. Nothing is sent before the first call. Close it with `close`, or
 * declare it with `await using`.
 *
 * @throws {@link OptionsError} for an invalid option.
 */
export function createClient(options: ClientOptions): OktaClient & AsyncDisposable {
  return new Client(checkOptions(options));
}

class Client implements OktaClient, AsyncDisposable {
  readonly orgUrl: string;
  readonly identitySourceId: string;
  readonly #exchange: Exchange;
  readonly #owned: OwnedTransport | undefined;
  readonly #underWay = new Set<AbortController>();
  #closed = false;

  constructor(options: CheckedOptions) {
    this.orgUrl = options.orgUrl;
    this.identitySourceId = options.identitySourceId;
    this.#owned =
      options.transport === undefined
        ? undiciTransport({ ...options, connections: options.concurrency })
        : undefined;
    const transport = options.transport ?? this.#owned!.send;
    this.#exchange = new Exchange(options, transport, options.authorizerOver(transport));
  }

  serverDate(): number | undefined {
    return this.#exchange.serverDate();
  }

  async createSession(options?: CallOptions): Promise<Session> {
    const operation = OPERATIONS.createSession;
    return this.#call(operation, '/sessions', '', (answer) => parseSession(operation.id, answer), options);
  }

  async listSessions(options?: CallOptions): Promise<readonly Session[]> {
    const operation = OPERATIONS.listSessions;
    return this.#call(
      operation,
      '/sessions',
      undefined,
      (answer) => parseSessions(operation.id, answer),
      options,
    );
  }

  async getSession(sessionId: string, options?: CallOptions): Promise<Session | undefined> {
    const operation = OPERATIONS.getSession;
    const read: Call<Session>['read'] = (answer) => parseSession(operation.id, answer);
    try {
      return await this.#call(operation, sessionPath(sessionId), undefined, read, options);
    } catch (error) {
      if (isUnknownSession(error)) return undefined;
      throw error;
    }
  }

  async deleteSession(sessionId: string, options?: CallOptions): Promise<void> {
    const operation = OPERATIONS.deleteSession;
    const read = (answer: Parameters<typeof requireAccepted>[1]) => requireAccepted(operation.id, answer);
    await this.#call(operation, sessionPath(sessionId), undefined, read, options);
  }

  async startImport(sessionId: string, options?: CallOptions): Promise<Session> {
    const operation = OPERATIONS.startImport;
    const path = `${sessionPath(sessionId)}/start-import`;
    return this.#call(operation, path, '', (answer) => parseSession(operation.id, answer), options);
  }

  async upsertUsers(
    id: string,
    users: readonly UserRecord[] | EncodedBody,
    options?: CallOptions,
  ): Promise<void> {
    await this.#bulk(OPERATIONS.upsertUsers, 'users', 'upsert', id, users, options);
  }

  async deleteUsers(
    id: string,
    externalIds: readonly string[] | EncodedBody,
    options?: CallOptions,
  ): Promise<void> {
    await this.#bulk(OPERATIONS.deleteUsers, 'users', 'delete', id, externalIds, options);
  }

  async upsertGroups(
    id: string,
    groups: readonly GroupRecord[] | EncodedBody,
    options?: CallOptions,
  ): Promise<void> {
    await this.#bulk(OPERATIONS.upsertGroups, 'groups', 'upsert', id, groups, options);
  }

  async deleteGroups(
    id: string,
    externalIds: readonly string[] | EncodedBody,
    options?: CallOptions,
  ): Promise<void> {
    await this.#bulk(OPERATIONS.deleteGroups, 'groups', 'delete', id, externalIds, options);
  }

  async upsertMemberships(
    id: string,
    members: readonly GroupMembers[] | EncodedBody,
    options?: CallOptions,
  ): Promise<void> {
    await this.#bulk(OPERATIONS.upsertMemberships, 'memberships', 'upsert', id, members, options);
  }

  async deleteMemberships(
    id: string,
    members: readonly GroupMembers[] | EncodedBody,
    options?: CallOptions,
  ): Promise<void> {
    await this.#bulk(OPERATIONS.deleteMemberships, 'memberships', 'delete', id, members, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const controller of this.#underWay) controller.abort();
    await this.#owned?.close();
  }

  async #bulk(
    operation: Operation,
    entity: Entity,
    kind: ChangeKind,
    sessionId: string,
    content: BulkContent,
    options: CallOptions | undefined,
  ): Promise<void> {
    const path = `${sessionPath(sessionId)}/${operation.bucket}`;
    const body = encodeBulk(entity, kind, content);
    await this.#call(operation, path, body, (answer) => requireAccepted(operation.id, answer), options);
  }

  /** Sends a call. It is aborted by its own signal, and when the client is closed. */
  async #call<T>(
    operation: Operation,
    path: string,
    body: string | undefined,
    read: Call<T>['read'],
    options: CallOptions | undefined,
  ): Promise<T> {
    if (this.#closed) throw new AbortedError('the client is closed');
    const signal = options?.signal;
    if (signal?.aborted) throw new AbortedError();
    const controller = new AbortController();
    const onAbort = () => controller.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#underWay.add(controller);
    try {
      const base = `/api/v1/identity-sources/${this.identitySourceId}`;
      const { onWait, patienceMs } = options ?? {};
      const call = { operation, path: base + path, body, read, onWait, patienceMs };
      return await this.#exchange.call(call, controller.signal);
    } finally {
      this.#underWay.delete(controller);
      signal?.removeEventListener('abort', onAbort);
    }
  }
}

function sessionPath(sessionId: string): string {
  // A URL resolves "." and "..", so the path would be that of another resource.
  if (typeof sessionId !== 'string' || sessionId === '' || /^\.{1,2}$/.test(sessionId)) {
    throw new OptionsError('sessionId', 'expected the id of a session');
  }
  return `/sessions/${encodeURIComponent(sessionId)}`;
}

/** True if Okta does not know the session. The errorCode shows that the response is from Okta and not from a proxy. */
function isUnknownSession(error: unknown): boolean {
  return (
    error instanceof OktaHttpError &&
    !(error instanceof OktaAuthError) &&
    (error.status === 404 || error.status === 400) &&
    error.errorCode !== undefined
  );
}
