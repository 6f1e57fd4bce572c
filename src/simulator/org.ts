import { OptionsError } from '../core/errors.js';
import type { Content } from './answers.js';
import { ApiFault } from './api-fault.js';
import { requireAuth, type AuthResult } from './auth.js';
import { bytesOf } from './content.js';
import type { DirectoryView } from './directory.js';
import { seededFaults, type FaultHook } from './faults.js';
import { Gate, type Passage } from './gate.js';
import { checkOrgOptions, type CheckedOrgOptions, type OrgOptions } from './options.js';
import { OAuthServer } from './oauth.js';
import { checkOrgOAuth } from './oauth-options.js';
import { perform } from './operations.js';
import { locate, routeOf, type Route } from './routes.js';
import { SourceSessions } from './sessions.js';
import type { FaultKind, LoggedRequest, OrgReply, OrgRequest, OrgSession, Violation } from './types.js';
import { ViolationLog } from './violations.js';

/**
 * An Okta org without HTTP: {@link handle} takes a request and gives what becomes of it. It depends on its options
 * and its clock alone, and uses no timers, so that hours of synchronization can be simulated in a moment.
 *
 * The clock may be set back: the org's own time then goes on from where it was.
 */
export class SimulatedOrg {
  /** The API token that requests must carry: `Authorization: SSWS {token}`. */
  readonly token: string;
  /** The id of the first identity source. */
  readonly identitySourceId: string;
  readonly #options: CheckedOrgOptions;
  readonly #gate: Gate;
  readonly #violations = new ViolationLog();
  readonly #requests: LoggedRequest[] = [];
  readonly #sources: ReadonlyMap<string, SourceSessions>;
  readonly #oauth: OAuthServer;
  #fault: FaultHook | undefined;
  #seeded: FaultHook | undefined;
  #time: number;
  #lastSeen: number;

  /** @throws OptionsError when an option has a value that cannot work. */
  constructor(options: OrgOptions = {}) {
    const checked = checkOrgOptions(options);
    this.#options = checked;
    this.token = checked.token;
    this.identitySourceId = checked.identitySources[0] as string;
    this.#gate = new Gate(checked, this.#violations);
    this.#sources = new Map(
      checked.identitySources.map((id, at) => [id, new SourceSessions(at, checked, this.#violations)]),
    );
    this.#oauth = new OAuthServer(checkOrgOAuth(checked.oauth), checked.seed, this.#violations);
    this.#fault = checked.fault;
    this.#seeded = checked.faults === undefined ? undefined : seededFaults(checked.faults);
    this.#lastSeen = checked.clock.now();
    this.#time = this.#lastSeen;
  }

  /** Everything so far that a careful client never does; live. */
  get violations(): readonly Violation[] {
    this.#now();
    return this.#violations.list;
  }

  /** Every request so far; live. */
  get requests(): readonly LoggedRequest[] {
    return this.#requests;
  }

  /** The faults so far, by the request that met them: the same seed and requests give the same trace. */
  get faultTrace(): readonly { readonly index: number; readonly kind: FaultKind }[] {
    return this.#requests.flatMap(({ index, fault }) =>
      fault === undefined ? [] : [{ index, kind: fault }],
    );
  }

  /** The org's own time, in milliseconds since the Unix epoch. */
  get now(): number {
    return this.#now();
  }

  /** What the org holds of an identity source. @throws OptionsError when it has no such source. */
  directory(identitySourceId: string = this.identitySourceId): DirectoryView {
    return this.#sourceOrThrow(identitySourceId).directory.view();
  }

  /** Every session of an identity source, oldest first. @throws OptionsError when it has no such source. */
  sessions(identitySourceId: string = this.identitySourceId): readonly OrgSession[] {
    return this.#sourceOrThrow(identitySourceId).all();
  }

  /** Replaces the programmed faults; `undefined` ends them. Those by seed go on. */
  setFault(fault: FaultHook | undefined): void {
    this.#fault = fault;
  }

  /** Ends all faults, programmed and by seed. Windows that are used up stay so until their reset. */
  stopFaults(): void {
    this.#fault = undefined;
    this.#seeded = undefined;
  }

  /** Ends every access token: requests that carry one are answered with 401. Apps may ask for new ones. */
  revokeTokens(): void {
    this.#oauth.revokeTokens();
  }

  /** Judges the credentials of a request: an access token of `oauth`, or what the option `authenticate` takes. */
  authenticate(request: OrgRequest): AuthResult {
    return this.#oauth.judge(request, this.#now()) ?? this.#options.authenticate(request);
  }

  /** Takes one request, acts on it, and gives what becomes of it. Never throws for what a request holds. */
  handle(request: OrgRequest): OrgReply {
    const now = this.#now();
    const index = this.#requests.length;
    const place = locate(request.path);
    const fault = this.#fault?.(request, index) ?? this.#seeded?.(request, index);
    const passage: Passage = { request, index, now, bucket: place.bucket, fault, items: 0 };
    const reply = this.#gate.pass(passage, () => this.#act(passage, routeOf(place, request.method)));
    this.#log(passage, reply);
    return reply;
  }

  #act(passage: Passage, route: Route): Content {
    const { request } = passage;
    requireLength(request);
    if (route.name === 'token') return this.#oauth.token(request, passage.now);
    const headers = requireAuth(this.authenticate(request));
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

  /** Moves the org's time on by what its clock advanced, and lets everything happen that is due. */
  #now(): number {
    const seen = this.#options.clock.now();
    this.#time += Math.max(0, seen - this.#lastSeen);
    this.#lastSeen = seen;
    for (const source of this.#sources.values()) source.advance(this.#time);
    return this.#time;
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
