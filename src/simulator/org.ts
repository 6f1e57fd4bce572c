import { OptionsError } from '../core/errors.js';
import type { Content } from './answers.js';
import { ApiFault } from './api-fault.js';
import { requireAuth, type AuthResult } from './auth.js';
import { bytesOf } from './content.js';
import type { DirectoryEdit, DirectoryView } from './directory.js';
import { seededFaults, type FaultHook } from './faults.js';
import { Gate, type Passage } from './gate.js';
import { OrgLogins } from './logins.js';
import { checkOrgOptions, type CheckedOrgOptions, type OrgOptions } from './options.js';
import { OAuthServer } from './oauth.js';
import { checkOrgOAuth } from './oauth-options.js';
import { perform } from './operations.js';
import { locate, routeOf, type Route } from './routes.js';
import { scopeOf } from './scopes.js';
import { SourceSessions } from './sessions.js';
import type { FaultKind, LoggedRequest, OrgReply, OrgRequest, OrgSession, Violation } from './types.js';
import { ViolationLog } from './violations.js';

/**
 * A simulated Okta org without HTTP: {@link handle} processes a request and returns the reply. It depends only on its
 * options and its clock, and uses no timers, so that hours of synchronization can be simulated in a moment.
 *
 * The clock may be set back: the time of the org then continues from its last value.
 */
export class SimulatedOrg {
  /** The API token that requests must have: `Authorization: SSWS {token}`. */
  readonly token: string;
  /** The id of the first identity source. */
  readonly identitySourceId: string;
  readonly #options: CheckedOrgOptions;
  readonly #gate: Gate;
  readonly #violations = new ViolationLog();
  readonly #requests: LoggedRequest[] = [];
  readonly #sources: ReadonlyMap<string, SourceSessions>;
  readonly #oauth: OAuthServer;
  /** Requests that are processed after their connection was reset, in order. */
  readonly #late: Passage[] = [];
  #fault: FaultHook | undefined;
  #seeded: FaultHook | undefined;
  #time: number;
  #lastSeen: number;

  /** @throws OptionsError for an invalid option. */
  constructor(options: OrgOptions = {}) {
    const checked = checkOrgOptions(options);
    this.#options = checked;
    this.token = checked.token;
    this.identitySourceId = checked.identitySources[0] as string;
    this.#gate = new Gate(checked, this.#violations);
    const logins = checked.uniqueLogins ? new OrgLogins() : undefined;
    this.#sources = new Map(
      checked.identitySources.map((id, at) => [
        id,
        new SourceSessions(at, checked, this.#violations, logins),
      ]),
    );
    this.#oauth = new OAuthServer(checkOrgOAuth(checked.oauth), checked.seed, this.#violations);
    this.#fault = checked.fault;
    this.#seeded = checked.faults === undefined ? undefined : seededFaults(checked.faults);
    this.#lastSeen = checked.clock.now();
    this.#time = this.#lastSeen;
  }

  /** All violations so far: requests that a correct client never sends. The array is live. */
  get violations(): readonly Violation[] {
    this.#now();
    return this.#violations.list;
  }

  /** All requests so far. The array is live. */
  get requests(): readonly LoggedRequest[] {
    return this.#requests;
  }

  /** All faults so far, with their requests: the same seed and requests produce the same list. */
  get faultTrace(): readonly { readonly index: number; readonly kind: FaultKind }[] {
    return this.#requests.flatMap(({ index, fault }) =>
      fault === undefined ? [] : [{ index, kind: fault }],
    );
  }

  /** The time of the org, in milliseconds since the Unix epoch. */
  get now(): number {
    return this.#now();
  }

  /** The users, groups and memberships of an identity source. @throws OptionsError if there is no such source. */
  directory(identitySourceId: string = this.identitySourceId): DirectoryView {
    return this.#sourceOrThrow(identitySourceId).directory.view();
  }

  /** All sessions of an identity source, oldest first. @throws OptionsError if there is no such source. */
  sessions(identitySourceId: string = this.identitySourceId): readonly OrgSession[] {
    return this.#sourceOrThrow(identitySourceId).all();
  }

  /**
   * Changes the directory of an identity source by hand, as an administrator or another program would: for tests that look for
   * such changes. @throws OptionsError if there is no such source
   */
  edit(change: (directory: DirectoryEdit) => void, identitySourceId: string = this.identitySourceId): void {
    change(this.#sourceOrThrow(identitySourceId).directory.edit(this.#now()));
  }

  /** Replaces the function of the option `fault`; `undefined` removes it. Faults from the seed continue. */
  setFault(fault: FaultHook | undefined): void {
    this.#fault = fault;
  }

  /** Ends all faults. Windows that are used up stay so until their reset. */
  stopFaults(): void {
    this.#fault = undefined;
    this.#seeded = undefined;
  }

  /** Revokes all access tokens: requests with one are answered with 401. Apps can request new ones. */
  revokeTokens(): void {
    this.#oauth.revokeTokens();
  }

  /** Checks the credentials of a request: an access token of `oauth`, or with the option `authenticate`. */
  authenticate(request: OrgRequest): AuthResult {
    return this.#oauth.judge(request, this.#now()) ?? this.#options.authenticate(request);
  }

  /** Processes one request and returns the reply. Never throws because of the content of a request. */
  handle(request: OrgRequest): OrgReply {
    const now = this.#now();
    const index = this.#requests.length;
    const place = locate(request.path);
    const fault = this.#fault?.(request, index) ?? this.#seeded?.(request, index);
    const passage: Passage = { request, index, now, bucket: place.bucket, fault, items: 0 };
    const reply = this.#gate.pass(
      passage,
      () => this.#act(passage, routeOf(place, request.method)),
      () => this.#late.push({ ...passage, now: now + this.#options.lateMs }),
    );
    this.#log(passage, reply);
    return reply;
  }

  #act(passage: Passage, route: Route): Content {
    const { request } = passage;
    requireLength(request);
    if (route.name === 'token') return this.#oauth.token(request, passage.now);
    const headers = requireAuth(this.authenticate(request));
    if (this.#options.missingScopes.includes(scopeOf(request))) throw new ApiFault(403, 'E0000006');
    const source = this.#sources.get(route.sourceId);
    if (source === undefined) throw new ApiFault(404, 'E0000007', 'no such identity source');
    const content = perform(this.#options, passage, route, source);
    return { ...content, headers: { ...headers, ...content.headers } };
  }

  #log({ request, index, now, bucket, fault, items }: Passage, reply: OrgReply): void {
    const { method, path, body } = request;
    const status = reply.kind === 'answer' ? reply.status : reply.kind;
    const entry = {
      index,
      at: now,
      method,
      path,
      bucket,
      status,
      bytes: bytesOf(body),
      items,
      fault: fault?.kind,
    };
    const kept = typeof body === 'string' ? body : body && Buffer.from(body).toString('utf8');
    const recorded = this.#options.recordBodies && kept !== undefined ? { body: kept } : {};
    this.#requests.push(Object.freeze({ ...entry, ...recorded }));
  }

  /** Advances the time of the org by the progress of its clock, and performs everything that is due. */
  #now(): number {
    const seen = this.#options.clock.now();
    const time = this.#time + Math.max(0, seen - this.#lastSeen);
    this.#lastSeen = seen;
    for (let first = this.#late[0]; first !== undefined && first.now <= time; first = this.#late[0]) {
      this.#late.shift();
      this.#time = first.now;
      this.#actLate(first);
    }
    this.#time = time;
    for (const source of this.#sources.values()) source.advance(this.#time);
    return this.#time;
  }

  /** Nobody waits for the answer any more. What is refused by then was no mistake of the client. */
  #actLate(passage: Passage): void {
    const { path, method } = passage.request;
    for (const source of this.#sources.values()) source.advance(passage.now);
    try {
      this.#act(passage, routeOf(locate(path), method));
    } catch (error) {
      if (!(error instanceof ApiFault)) throw error;
    }
  }

  #sourceOrThrow(identitySourceId: string): SourceSessions {
    this.#now();
    const source = this.#sources.get(identitySourceId);
    if (source === undefined)
      throw new OptionsError('identitySourceId', 'the org has no such identity source');
    return source;
  }
}

/** "A POST without a body must carry Content-Length: 0, or the service answers 411." */
function requireLength({ method, headers, body }: OrgRequest): void {
  if (method !== 'POST' || headers['content-length'] !== undefined || bytesOf(body) > 0) return;
  throw new ApiFault(411, 'E0000003', 'Content-Length is missing', 'missing-content-length');
}
