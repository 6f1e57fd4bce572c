import type { ChangeKind, Entity } from '../core/model.js';
import { isUnknown, parseSession, parseSessions, requireAccepted } from './answers.js';
import { encodeBulk, type BulkContent } from './bodies.js';
import { checkOptions, type ClientOptions } from './client-options.js';
import { segment } from './connection.js';
import { DirectoryCalls } from './directory-calls.js';
import type { DirectoryClient } from './directory-client.js';
import type { Call } from './exchange.js';
import { OPERATIONS, type Operation } from './operations.js';
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
 * A client of Okta's Identity Sources API for one identity source, with the calls that read back what Okta holds. Nothing is sent before the first call. Close it with `close`, or
 * declare it with `await using`.
 *
 * @throws {@link OptionsError} for an invalid option.
 */
export function createClient(options: ClientOptions): OktaClient & DirectoryClient & AsyncDisposable {
  return new Client(checkOptions(options));
}

class Client extends DirectoryCalls implements OktaClient {
  async createSession(options?: CallOptions): Promise<Session> {
    const operation = OPERATIONS.createSession;
    return this.callSource(
      operation,
      '/sessions',
      '',
      (answer) => parseSession(operation.id, answer),
      options,
    );
  }

  async listSessions(options?: CallOptions): Promise<readonly Session[]> {
    const operation = OPERATIONS.listSessions;
    return this.callSource(
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
      return await this.callSource(operation, sessionPath(sessionId), undefined, read, options);
    } catch (error) {
      if (isUnknown(error)) return undefined;
      throw error;
    }
  }

  async deleteSession(sessionId: string, options?: CallOptions): Promise<void> {
    const operation = OPERATIONS.deleteSession;
    const read = (answer: Parameters<typeof requireAccepted>[1]) => requireAccepted(operation.id, answer);
    await this.callSource(operation, sessionPath(sessionId), undefined, read, options);
  }

  async startImport(sessionId: string, options?: CallOptions): Promise<Session> {
    const operation = OPERATIONS.startImport;
    const path = `${sessionPath(sessionId)}/start-import`;
    return this.callSource(operation, path, '', (answer) => parseSession(operation.id, answer), options);
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
    await this.callSource(operation, path, body, (answer) => requireAccepted(operation.id, answer), options);
  }
}

function sessionPath(sessionId: string): string {
  return `/sessions/${segment('sessionId', sessionId)}`;
}
