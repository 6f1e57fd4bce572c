import { randomInt } from 'node:crypto';
import { systemClock, type Clock } from '../core/clock.js';
import { OptionsError } from '../core/errors.js';
import type { ChangeKind, Entity } from '../core/model.js';
import { refuseUnknown, requireFunction, requireNumber, requireOneOf } from '../core/check-options.js';
import { sswsAuthentication, type Authenticate } from './auth.js';
import { checkFaults, type FaultHook, type FaultOptions } from './faults.js';
import type { OrgOAuthOptions } from './oauth-options.js';
import { identifier } from './random.js';
import type { RateLimit } from './rate-limits.js';
import type { OrgBucket } from './types.js';

/** Options of a simulated org. All waits are by the org's clock. */
export interface OrgOptions {
  /** The org's clock. Nothing needs a timer: what is due has happened when the org is next asked. @defaultValue the machine's */
  readonly clock?: Clock;
  /** A whole number that decides ids, the token, and the order when shuffling. @defaultValue random */
  readonly seed?: number;
  /** The API token that requests must carry. @defaultValue by seed */
  readonly token?: string;
  /** Judges the credentials of each request that has no token of `oauth`. @defaultValue the SSWS token, and nothing else */
  readonly authenticate?: Authenticate;
  /** The org's service apps, and how their tokens behave. @defaultValue no apps */
  readonly oauth?: OrgOAuthOptions;
  /** The ids of the org's identity sources. @defaultValue one id by seed */
  readonly identitySources?: readonly string[];
  /** Milliseconds after a trigger in which no session can be created. @defaultValue 300000 (five minutes) */
  readonly cooldownMs?: number;
  /**
   * Whether that wait ends when the triggered session is final (`while-active`), or not (`always`). The documents do not
   * tell; a client should stand both. @defaultValue 'while-active'
   */
  readonly cooldownApplies?: 'while-active' | 'always';
  /** Milliseconds that the import of one session takes; triggered sessions wait for those before. @defaultValue 50 */
  readonly importMs?: number;
  /** Milliseconds without a request after which a session expires. @defaultValue 86400000 (24 hours) */
  readonly expiryMs?: number;
  /** Requests a window, for buckets that `rateLimits` does not name. @defaultValue 600 in 60000 ms */
  readonly rateLimit?: RateLimit;
  /** Requests a window, by bucket. @defaultValue none */
  readonly rateLimits?: Readonly<Partial<Record<OrgBucket, RateLimit>>>;
  /** Requests that may be under way at once. @defaultValue 75 */
  readonly concurrencyLimit?: number;
  /** Milliseconds each answer takes. @defaultValue 0 */
  readonly latencyMs?: number;
  /** Milliseconds an answer takes with the fault `slow`. @defaultValue 5000 */
  readonly slowMs?: number;
  /**
   * Milliseconds after an answer said that a window is used up, in which requests into it are not yet a violation: they
   * may have been under way. @defaultValue 0 for a `SimulatedOrg`, 250 for `startOrg`
   */
  readonly noticeMs?: number;
  /** The status of an answer to createSession: Okta documents 200, recordings show 201. @defaultValue 200 */
  readonly createStatus?: 200 | 201;
  /** Whether start-import answers a session, or an array of one, as an example of Okta's shows. @defaultValue 'object' */
  readonly startImportAnswer?: 'object' | 'array';
  /** Whether the list of sessions shows IN_PROGRESS ones; the documents disagree. @defaultValue true */
  readonly listInProgress?: boolean;
  /** The status for an unknown session; the documents disagree. @defaultValue 404 */
  readonly unknownSessionStatus?: 400 | 404;
  /** Applies the content of each session in an order by seed: the order is not promised. @defaultValue false */
  readonly shuffle?: boolean;
  /** Refuses a bulk request for one of its items, with 400, although it breaks no rule. @defaultValue none is refused */
  readonly refuseItem?: (item: OrgItem) => boolean;
  /** Faults by seed. @defaultValue none */
  readonly faults?: FaultOptions;
  /** Faults by program; asked before `faults`. @defaultValue none */
  readonly fault?: FaultHook;
  /** Keeps the bodies of requests in `org.requests`. They hold profile values. @defaultValue false */
  readonly recordBodies?: boolean;
}

/** One item of a bulk request. */
export interface OrgItem {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  /** Of a user or group; of a membership its group's. */
  readonly externalId: string;
  /** Of a membership; `''` otherwise. */
  readonly memberExternalId: string;
}

/** All options, checked. */
export type CheckedOrgOptions = Required<Omit<OrgOptions, 'faults' | 'fault'>> &
  Pick<OrgOptions, 'faults' | 'fault'>;

const DEFAULTS = Object.freeze({
  clock: systemClock,
  cooldownMs: 5 * 60_000,
  cooldownApplies: 'while-active',
  importMs: 50,
  expiryMs: 24 * 60 * 60_000,
  rateLimit: Object.freeze({ limit: 600, windowMs: 60_000 }),
  rateLimits: Object.freeze({}),
  concurrencyLimit: 75,
  latencyMs: 0,
  slowMs: 5000,
  noticeMs: 0,
  createStatus: 200,
  startImportAnswer: 'object',
  listInProgress: true,
  unknownSessionStatus: 404,
  shuffle: false,
  refuseItem: () => false,
  recordBodies: false,
  oauth: Object.freeze({ clients: Object.freeze([]) }),
}) satisfies OrgOptions;

/** The names of all options. */
export const ORG_OPTIONS: readonly string[] = Object.freeze([
  ...Object.keys(DEFAULTS),
  'seed',
  'token',
  'authenticate',
  'identitySources',
  'faults',
  'fault',
]);

const BUCKETS: readonly OrgBucket[] = [
  'sessions',
  'start-import',
  'bulk-upsert',
  'bulk-delete',
  'bulk-groups-upsert',
  'bulk-groups-delete',
  'bulk-group-memberships-upsert',
  'bulk-group-memberships-delete',
  'users',
  'groups',
  'token',
  'other',
];

/** Checks the options and fills in the defaults; throws `OptionsError`. */
export function checkOrgOptions(options: OrgOptions): CheckedOrgOptions {
  refuseUnknown('a simulated org', options, ORG_OPTIONS);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const seed = requireNumber('seed', options.seed ?? randomInt(2 ** 31), { integer: true });
  const token = options.token ?? identifier(42, seed, 10);
  const checked: CheckedOrgOptions = {
    ...DEFAULTS,
    seed,
    token,
    authenticate: sswsAuthentication(token),
    identitySources: [`0oa${identifier(17, seed, 11)}`],
    ...given,
  };
  for (const name of ['cooldownMs', 'importMs', 'expiryMs', 'latencyMs', 'slowMs', 'noticeMs'] as const) {
    requireNumber(name, checked[name], { min: 0 });
  }
  requireNumber('concurrencyLimit', checked.concurrencyLimit, { min: 1, integer: true });
  requireOneOf('cooldownApplies', checked.cooldownApplies, ['while-active', 'always']);
  requireOneOf('startImportAnswer', checked.startImportAnswer, ['object', 'array']);
  requireNumberOf('createStatus', checked.createStatus, [200, 201]);
  requireNumberOf('unknownSessionStatus', checked.unknownSessionStatus, [400, 404]);
  for (const name of ['listInProgress', 'shuffle', 'recordBodies'] as const) {
    if (typeof checked[name] !== 'boolean') throw new OptionsError(name, 'expected true or false');
  }
  requireFunction('authenticate', checked.authenticate);
  requireFunction('refuseItem', checked.refuseItem);
  if (typeof checked.clock?.now !== 'function') throw new OptionsError('clock', 'expected a Clock');
  if (checked.fault !== undefined) requireFunction('fault', checked.fault);
  if (checked.faults !== undefined) checkFaults(checked.faults);
  requireText('token', checked.token);
  checkSources(checked.identitySources);
  checkRateLimit('rateLimit', checked.rateLimit);
  refuseUnknown('rateLimits', checked.rateLimits, BUCKETS);
  for (const [bucket, limit] of Object.entries(checked.rateLimits))
    checkRateLimit(`rateLimits.${bucket}`, limit);
  return Object.freeze(checked);
}

function checkSources(sources: readonly string[]): void {
  if (!Array.isArray(sources) || sources.length === 0) {
    throw new OptionsError('identitySources', 'expected at least one id');
  }
  for (const id of sources) requireText('identitySources', id);
  if (new Set(sources).size !== sources.length)
    throw new OptionsError('identitySources', 'an id appears twice');
}

function requireText(option: string, value: unknown): void {
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw new OptionsError(option, 'expected printable ASCII without spaces');
  }
}

function checkRateLimit(option: string, value: RateLimit): void {
  if (typeof value !== 'object' || value === null) {
    throw new OptionsError(option, 'expected an object with limit and windowMs');
  }
  refuseUnknown(option, value, ['limit', 'windowMs']);
  requireNumber(`${option}.limit`, value.limit, { min: 1, integer: true });
  requireNumber(`${option}.windowMs`, value.windowMs, { min: 1 });
}

function requireNumberOf(option: string, value: unknown, allowed: readonly number[]): void {
  if (!allowed.includes(value as number)) {
    throw new OptionsError(option, `expected one of ${allowed.join(', ')}`);
  }
}
