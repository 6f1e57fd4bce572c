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

/** Options of a simulated org. All waits use the clock of the org. */
export interface OrgOptions {
  /** The clock of the org. The org needs no timers: it catches up with its time at the next call. @defaultValue the machine's */
  readonly clock?: Clock;
  /** A whole number from which ids, the token and random orders are generated. @defaultValue random */
  readonly seed?: number;
  /** The API token that requests must have. @defaultValue from the seed */
  readonly token?: string;
  /** Checks the credentials of each request without a token of `oauth`. @defaultValue accepts only the SSWS token */
  readonly authenticate?: Authenticate;
  /** The service apps of the org, and the rules for their tokens. @defaultValue no apps */
  readonly oauth?: OrgOAuthOptions;
  /** The ids of the identity sources of the org. @defaultValue one id from the seed */
  readonly identitySources?: readonly string[];
  /** Milliseconds after a trigger during which no session can be created. @defaultValue 300000 (five minutes) */
  readonly cooldownMs?: number;
  /**
   * Whether this wait ends when the triggered session has ended (`while-active`), or not (`always`). Okta's documents do
   * not say; a client should handle both. @defaultValue 'while-active'
   */
  readonly cooldownApplies?: 'while-active' | 'always';
  /** The duration of the import of one session in milliseconds; sessions are imported one after the other. @defaultValue 50 */
  readonly importMs?: number;
  /** Milliseconds without a request after which a session expires. @defaultValue 86400000 (24 hours) */
  readonly expiryMs?: number;
  /** The rate limit of buckets that `rateLimits` does not list. @defaultValue 600 requests in 60000 ms */
  readonly rateLimit?: RateLimit;
  /** The rate limits of single buckets. @defaultValue none */
  readonly rateLimits?: Readonly<Partial<Record<OrgBucket, RateLimit>>>;
  /** The most concurrent requests. @defaultValue 75 */
  readonly concurrencyLimit?: number;
  /** The duration of each response in milliseconds. @defaultValue 0 */
  readonly latencyMs?: number;
  /** The duration of a response with the fault `slow`, in milliseconds. @defaultValue 5000 */
  readonly slowMs?: number;
  /** Milliseconds until a request with the fault `late` is processed. @defaultValue 1000 */
  readonly lateMs?: number;
  /** The age of the view that a request with the fault `staleGet` or `staleList` is answered from, in milliseconds. @defaultValue 2000 */
  readonly staleMs?: number;
  /**
   * Milliseconds after a response reported that a window is used up, during which further requests are not a violation,
   * because they may already have been sent. @defaultValue 0 for a `SimulatedOrg`, 250 for `startOrg`
   */
  readonly noticeMs?: number;
  /** The status of the response to createSession: Okta documents 200, recordings show 201. @defaultValue 200 */
  readonly createStatus?: 200 | 201;
  /** Whether start-import returns a session, or an array with one session, as in an example of Okta. @defaultValue 'object' */
  readonly startImportAnswer?: 'object' | 'array';
  /** Whether the list of sessions contains IN_PROGRESS sessions; Okta's documents disagree. @defaultValue true */
  readonly listInProgress?: boolean;
  /** The status for an unknown session; Okta's documents disagree. @defaultValue 404 */
  readonly unknownSessionStatus?: 400 | 404;
  /** Applies the content of each session in a random order (from the seed), because Okta promises no order. @defaultValue false */
  readonly shuffle?: boolean;
  /**
   * Returns true, or the text of the cause, for an item because of which a valid bulk request is refused with 400.
   * @defaultValue refuses nothing
   */
  readonly refuseItem?: (item: OrgItem) => boolean | string;
  /**
   * Returns how an item fails each time, as a fault of Okta's would: `load` answers a bulk request that contains it with 500,
   * `import` ends a session that contains it in ERROR, with a part of its content applied. @defaultValue no item fails
   */
  readonly poison?: (item: OrgItem) => 'load' | 'import' | undefined;
  /** Returns true for an item that an import leaves out, although the session is COMPLETED. @defaultValue applies all items */
  readonly dropItem?: (item: OrgItem) => boolean;
  /**
   * What the import of a user or group does with an attribute that an upsert leaves out: Okta's documents do not say. `kept`: it keeps its
   * value, also that of a deactivated user. `cleared`: the profile is replaced. @defaultValue 'kept'
   */
  readonly omission?: 'kept' | 'cleared';
  /**
   * The last status that `lastUpdated` of a session is the time of: Okta's documents do not say. `final`: that of the import's end. `triggered`:
   * that of the trigger, also once the import is over. @defaultValue 'final'
   */
  readonly lastUpdated?: 'final' | 'triggered';
  /**
   * Whether a login (`userName`, in upper or lower case) has at most one active user in the org: a bulk request that gives the login of
   * another active user is refused with 400. If the other user gets it only until the import, the user is left out of the import, and
   * a violation is recorded. @defaultValue true
   */
  readonly uniqueLogins?: boolean;
  /** Returns true for a user that waits for an administrator's confirmation after its first import. @defaultValue nobody waits */
  readonly unconfirmed?: (externalId: string) => boolean;
  /**
   * Scopes that the owner of the SSWS token lacks, such as `okta.apps.read`: calls that need one are answered with 403. The
   * scopes of an OAuth app are those of the app. @defaultValue none
   */
  readonly missingScopes?: readonly string[];
  /** Whether the Apps API serves the identity source; if not, it answers 404. Okta's documents do not say. @defaultValue true */
  readonly appsApi?: boolean;
  /** Attributes of users that the org added to the schema of the identity sources, by name. @defaultValue none */
  readonly customAttributes?: Readonly<Record<string, OrgAttribute>>;
  /**
   * `preview`: the limits that were recorded from a Preview org, 15 requests a minute to `/sessions` and a wait of 60 seconds after
   * a trigger. Options that are set as well have priority. @defaultValue none
   */
  readonly profile?: 'preview';
  /** Random faults, from a seed. @defaultValue none */
  readonly faults?: FaultOptions;
  /** A function that returns the fault for a request; it has priority over `faults`. @defaultValue none */
  readonly fault?: FaultHook;
  /** Stores the bodies of requests in `org.requests`. They contain profile values. @defaultValue false */
  readonly recordBodies?: boolean;
}

/** An attribute in the schema of the identity sources. */
export interface OrgAttribute {
  /** @defaultValue false */
  readonly required?: boolean;
  /** Characters. @defaultValue no limit */
  readonly maxLength?: number;
}

/** One item of a bulk request. */
export interface OrgItem {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  /** The id of the user or group; for a membership, the id of the group. */
  readonly externalId: string;
  /** For a membership, the id of the user; otherwise `''`. */
  readonly memberExternalId: string;
}

/** All options, checked. */
export type CheckedOrgOptions = Required<Omit<OrgOptions, 'faults' | 'fault' | 'profile'>> &
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
  lateMs: 1000,
  staleMs: 2000,
  noticeMs: 0,
  createStatus: 200,
  startImportAnswer: 'object',
  listInProgress: true,
  unknownSessionStatus: 404,
  shuffle: false,
  refuseItem: () => false,
  poison: () => undefined,
  dropItem: () => false,
  omission: 'kept',
  lastUpdated: 'final',
  uniqueLogins: true,
  unconfirmed: () => false,
  missingScopes: Object.freeze([]),
  appsApi: true,
  customAttributes: Object.freeze({}),
  recordBodies: false,
  oauth: Object.freeze({ clients: Object.freeze([]) }),
}) satisfies OrgOptions;

/** The limits of a Preview org, as recorded in September 2025; the wait is that of the tests of Okta's .NET SDK. */
const PREVIEW = Object.freeze({
  cooldownMs: 60_000,
  rateLimits: Object.freeze({ sessions: Object.freeze({ limit: 15, windowMs: 60_000 }) }),
}) satisfies OrgOptions;

/** The names of all options. */
export const ORG_OPTIONS: readonly string[] = Object.freeze([
  ...Object.keys(DEFAULTS),
  'seed',
  'token',
  'authenticate',
  'identitySources',
  'profile',
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
  'membership',
  'app-users',
  'unconfirmed-users',
  'org-groups',
  'schemas',
  'token',
  'other',
];

/** Checks the options and fills in the defaults; throws `OptionsError`. */
export function checkOrgOptions(options: OrgOptions): CheckedOrgOptions {
  refuseUnknown('a simulated org', options, ORG_OPTIONS);
  const { profile, ...rest } = options;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  if (profile !== undefined) requireOneOf('profile', profile, ['preview']);
  const seed = requireNumber('seed', options.seed ?? randomInt(2 ** 31), { integer: true });
  const token = options.token ?? identifier(42, seed, 10);
  const checked: CheckedOrgOptions = {
    ...DEFAULTS,
    ...(profile === 'preview' && PREVIEW),
    seed,
    token,
    authenticate: sswsAuthentication(token),
    identitySources: [`0oa${identifier(17, seed, 11)}`],
    ...given,
  };
  for (const name of [
    'cooldownMs',
    'importMs',
    'expiryMs',
    'latencyMs',
    'slowMs',
    'lateMs',
    'staleMs',
    'noticeMs',
  ] as const) {
    requireNumber(name, checked[name], { min: 0 });
  }
  requireNumber('concurrencyLimit', checked.concurrencyLimit, { min: 1, integer: true });
  requireOneOf('cooldownApplies', checked.cooldownApplies, ['while-active', 'always']);
  requireOneOf('startImportAnswer', checked.startImportAnswer, ['object', 'array']);
  requireOneOf('omission', checked.omission, ['kept', 'cleared']);
  requireOneOf('lastUpdated', checked.lastUpdated, ['final', 'triggered']);
  requireNumberOf('createStatus', checked.createStatus, [200, 201]);
  requireNumberOf('unknownSessionStatus', checked.unknownSessionStatus, [400, 404]);
  for (const name of ['listInProgress', 'shuffle', 'recordBodies', 'appsApi', 'uniqueLogins'] as const) {
    if (typeof checked[name] !== 'boolean') throw new OptionsError(name, 'expected true or false');
  }
  requireFunction('authenticate', checked.authenticate);
  for (const name of ['refuseItem', 'poison', 'dropItem', 'unconfirmed'] as const)
    requireFunction(name, checked[name]);
  if (!Array.isArray(checked.missingScopes)) throw new OptionsError('missingScopes', 'expected an array');
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
