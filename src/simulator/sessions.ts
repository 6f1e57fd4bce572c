import { ApiFault, invalid, loginTaken } from './api-fault.js';
import type { Listed } from './content.js';
import { MAX_REQUESTS } from './contract.js';
import { SimulatedDirectory } from './directory.js';
import type { OrgLogins } from './logins.js';
import type { OrgOptions } from './options.js';
import { draw, identifier, shuffled } from './random.js';
import type { OrgSession, OrgSessionStatus } from './types.js';
import type { ViolationLog } from './violations.js';

/** The options of the org that apply to sessions. */
export type SessionRules = Pick<
  Required<OrgOptions>,
  | 'seed'
  | 'cooldownMs'
  | 'cooldownApplies'
  | 'importMs'
  | 'expiryMs'
  | 'shuffle'
  | 'listInProgress'
  | 'unknownSessionStatus'
  | 'poison'
  | 'dropItem'
  | 'omission'
  | 'lastUpdated'
  | 'unconfirmed'
>;

interface Session {
  readonly id: string;
  readonly number: number;
  readonly created: number;
  status: OrgSessionStatus;
  lastUpdated: number;
  /** Views of it, each from a time on: stale answers show an earlier one. */
  readonly history: { readonly from: number; readonly view: OrgSession }[];
  /** The time of the last request for it; the expiry counts from there. */
  lastUsed: number;
  triggered: number | undefined;
  /** The end of its import; set by the trigger. */
  finishes: number;
  /** Undefined if it will be COMPLETED. Otherwise it ends in ERROR, with this share of its content applied. */
  failsAfter: number | undefined;
  requests: number;
  items: number;
  content: Listed[];
  /** The keys of all items in it, also of deletions that found nothing. */
  readonly seen: Set<string>;
}

/**
 * The sessions of one identity source, and the directory into which they are imported. The caller passes the time;
 * {@link advance} performs expiry and imports that are due. Only `#move` changes the state of a session.
 */
export class SourceSessions {
  readonly directory: SimulatedDirectory;
  readonly #rules: SessionRules;
  readonly #number: number;
  readonly #violations: ViolationLog;
  readonly #sessions = new Map<string, Session>();
  /** The triggered sessions; the first one is being imported. */
  readonly #queue: Session[] = [];
  #loadable: Session | undefined;
  #lastTriggered: Session | undefined;

  /** @param logins - the logins in use in the org; undefined if several users may have one login */
  constructor(number: number, rules: SessionRules, violations: ViolationLog, logins: OrgLogins | undefined) {
    this.#number = number;
    this.#rules = rules;
    this.#violations = violations;
    const seed = Math.floor(draw(rules.seed, 1, number) * 0x7fffffff);
    this.directory = new SimulatedDirectory(seed, rules.unconfirmed, logins);
  }

  /** Performs everything that is due by `now`. */
  advance(now: number): void {
    const open = this.#loadable;
    if (open !== undefined && now - open.lastUsed >= this.#rules.expiryMs) {
      this.#move(open, 'EXPIRED', open.lastUsed + this.#rules.expiryMs);
    }
    for (let first = this.#queue[0]; first !== undefined && first.finishes <= now; first = this.#queue[0]) {
      this.#queue.shift();
      this.#import(first);
    }
  }

  create(now: number): OrgSession {
    if (this.#loadable !== undefined) {
      throw invalid('there is an active session for the identity source');
    }
    const last = this.#lastTriggered;
    const applies = this.#rules.cooldownApplies === 'always' || last?.status === 'TRIGGERED';
    if (last?.triggered !== undefined && applies && now - last.triggered < this.#rules.cooldownMs) {
      throw invalid('a session was triggered for the identity source too short a time ago');
    }
    const number = this.#sessions.size;
    const session: Session = {
      id: identifier(20, this.#rules.seed, 2, this.#number, number),
      number,
      created: now,
      status: 'CREATED',
      lastUpdated: now,
      history: [],
      lastUsed: now,
      triggered: undefined,
      finishes: Infinity,
      failsAfter: undefined,
      requests: 0,
      items: 0,
      content: [],
      seen: new Set(),
    };
    this.#sessions.set(session.id, session);
    this.#loadable = session;
    session.history.push({ from: now, view: view(session) });
    return view(session);
  }

  /** The sessions that are active at a time, as the API lists them. */
  list(seenAt: number): OrgSession[] {
    return Array.from(this.#sessions.values(), (session) => viewAt(session, seenAt))
      .filter((session) => session !== undefined)
      .filter(({ status }) => ACTIVE.has(status))
      .filter(({ status }) => status !== 'IN_PROGRESS' || this.#rules.listInProgress);
  }

  /** @param seenAt - the time from which the answer is; before `now` it is stale */
  get(id: string, now: number, seenAt = now): OrgSession {
    const session = viewAt(this.#find(id, now), seenAt);
    if (session === undefined) throw this.#unknown();
    return session;
  }

  cancel(id: string, now: number): void {
    const session = this.#find(id, now);
    if (session !== this.#loadable) {
      const rule = session.status === 'TRIGGERED' ? 'cancel-of-triggered' : undefined;
      throw invalid(`a session that is ${session.status} cannot be cancelled`, rule);
    }
    this.#move(session, 'CLOSED', now);
  }

  /** With `failsAfter`, the session ends in ERROR with this share of its content applied. */
  trigger(id: string, now: number, failsAfter: number | undefined): OrgSession {
    const session = this.#find(id, now);
    if (session.status !== 'IN_PROGRESS') {
      const empty = session.status === 'CREATED' && session.requests === 0;
      throw invalid(
        `a session that is ${session.status} cannot be imported`,
        empty ? 'empty-trigger' : undefined,
      );
    }
    const busyUntil = this.#queue.at(-1)?.finishes ?? now;
    session.triggered = now;
    session.finishes = Math.max(now, busyUntil) + this.#rules.importMs;
    session.failsAfter = failsAfter;
    this.#lastTriggered = session;
    this.#queue.push(session);
    this.#move(session, 'TRIGGERED', now);
    return view(session);
  }

  /** Called before the body is read. @throws ApiFault if the session cannot be loaded now. */
  requireLoadable(id: string, now: number): void {
    const session = this.#find(id, now);
    if (session !== this.#loadable) {
      // If the session has expired, the client made no mistake.
      const rule = session.status === 'EXPIRED' ? undefined : 'upload-to-unloadable';
      throw invalid(`a session that is ${session.status} cannot be loaded`, rule);
    }
    if (session.requests >= MAX_REQUESTS) {
      throw invalid(`the session has had its ${MAX_REQUESTS} bulk requests`, 'too-many-requests');
    }
  }

  /**
   * Adds the content of one bulk request. Deletions are matched now; a deletion that finds nothing is dropped.
   * @throws ApiFault if another active user has the login of an item
   */
  load(id: string, items: readonly Listed[], now: number): void {
    const session = this.#find(id, now);
    if (items.some((item) => this.directory.isLoginTaken(item))) throw loginTaken();
    const matched = items.filter((item) => item.kind === 'upsert' || this.directory.matches(item));
    for (const item of items) this.#watch(session, item);
    session.requests++;
    session.items += items.length;
    for (const item of matched) session.content.push(item);
    if (matched.length > 0) this.#move(session, 'IN_PROGRESS', now);
  }

  /** All sessions, oldest first. */
  all(): OrgSession[] {
    return [...this.#sessions.values()].map(view);
  }

  #watch(session: Session, item: Listed): void {
    const { entity, kind, externalId, memberExternalId, profile } = item;
    const key = JSON.stringify([entity, externalId, memberExternalId]);
    if (session.seen.has(key)) this.#violations.add('listed-twice', session.id, key);
    session.seen.add(key);
    if (kind === 'upsert' && entity !== 'memberships' && Object.keys(profile).length === 0) {
      this.#violations.add('empty-profile', session.id, key);
    }
  }

  #import(session: Session): void {
    const { seed, shuffle, poison, dropItem, omission } = this.#rules;
    if (session.content.some((item) => poison(item) === 'import'))
      session.failsAfter ??= draw(seed, 6, this.#number, session.number);
    const ordered = shuffle
      ? shuffled(session.content, seed, 3, this.#number, session.number)
      : session.content;
    const applied =
      session.failsAfter === undefined ? ordered.length : Math.floor(ordered.length * session.failsAfter);
    for (const item of ordered.slice(0, applied)) {
      if (dropItem(item)) continue;
      const imported = omission === 'kept' ? this.directory.completed(item) : item;
      const broken = this.directory.apply(imported, session.finishes);
      if (broken === undefined) continue;
      this.#violations.add(broken, session.id, JSON.stringify([item.externalId, item.memberExternalId]));
    }
    this.#move(session, session.failsAfter === undefined ? 'COMPLETED' : 'ERROR', session.finishes);
  }

  /** The only place where a session changes its state. */
  #move(session: Session, status: OrgSessionStatus, at: number): void {
    session.status = status;
    if (session.triggered === undefined || status === 'TRIGGERED' || this.#rules.lastUpdated === 'final')
      session.lastUpdated = at;
    session.history.push({ from: at, view: view(session) });
    if (status === 'CREATED' || status === 'IN_PROGRESS') return;
    if (session === this.#loadable) this.#loadable = undefined;
    if (status === 'TRIGGERED') return;
    session.content = [];
    session.seen.clear();
  }

  #find(id: string, now: number): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw this.#unknown();
    session.lastUsed = now;
    return session;
  }

  #unknown(): ApiFault {
    return this.#rules.unknownSessionStatus === 400
      ? invalid('no such session')
      : new ApiFault(404, 'E0000007', 'no such session');
  }
}

const ACTIVE: ReadonlySet<string> = new Set<OrgSessionStatus>(['CREATED', 'IN_PROGRESS', 'TRIGGERED']);

/** What the session showed at a time; undefined before it existed. */
function viewAt({ history }: Session, at: number): OrgSession | undefined {
  return history.findLast(({ from }) => from <= at)?.view;
}

function view(session: Session): OrgSession {
  const { id, status, created, lastUpdated, triggered, requests, items } = session;
  return Object.freeze({ id, status, created, lastUpdated, triggered, requests, items });
}
