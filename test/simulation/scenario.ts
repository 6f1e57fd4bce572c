import { ENTITIES, type Entity } from '../../src/core/model.js';
import type { FaultKind, OrgOptions } from '../../src/simulator/index.js';
import { FAULT_KINDS } from '../../src/simulator/faults.js';
import type { UploadOptions } from '../../src/upload/upload-options.js';
import type { SourceDirectory } from '../support/world.js';
import { Company } from './company.js';
import { Draws } from './draws.js';
import { feedOf, type Feed } from './feeds.js';
import { Logins } from './logins.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** What happens to one run of the program. The numbers count its interactions with the world, from 1. */
export interface RunPlan {
  /** The interaction at which the process dies; from it on nothing of it acts. */
  readonly diesAt: number | undefined;
  /** The interaction at which the run is aborted. */
  readonly abortsAt: number | undefined;
  /** Jumps of the machine's clock. */
  readonly jumps: readonly { readonly at: number; readonly ms: number }[];
  /** The share of the store's writes that fail, half of them after they became durable. */
  readonly storeFaults: number;
  /** Whether requests and sessions meet the seed's faults. */
  readonly requestFaults: boolean;
  /** Milliseconds until the run after this. */
  readonly restartMs: number;
  /** Whether the next run is of the same process, unless this one dies. */
  readonly sameProcess: boolean;
  /** Undefined: the default. */
  readonly pollTimeoutMs: number | undefined;
  /** The entities that have a source. */
  readonly entities: readonly Entity[];
  /** Complete reads after which an entity that is missing is deleted. */
  readonly absenceReads: number;
  /** Users whom the mapping leaves out in this run, by external id. */
  readonly outOfScope: ReadonlySet<string>;
  /** Whether the run reads the feed of the day, and not its directory. */
  readonly readsFeed: boolean;
}

/** One day: its directory, what Okta refuses of it, and the runs that try to bring it over. */
export interface DayPlan {
  readonly source: SourceDirectory;
  /** The changes since the day before. */
  readonly feed: Feed;
  /** External ids that Okta refuses for a reason of its own; of a membership `group/member`. */
  readonly refused: readonly string[];
  /** External ids of users and groups whose upserts fail each time, by how they fail. */
  readonly poison: ReadonlyMap<string, 'load' | 'import'>;
  readonly runs: readonly RunPlan[];
}

/** Where the state of a scenario is. */
export const STORES = ['memory', 'lmdb', 'postgres'] as const;
export type Store = (typeof STORES)[number];

/** Everything that a seed decides. */
export interface Scenario {
  readonly seed: number;
  readonly store: Store;
  readonly org: OrgOptions;
  readonly upload: Required<
    Pick<UploadOptions, 'cooldownMs' | 'pollIntervalMs' | 'requestsPerSession' | 'sessionsInFlight'>
  >;
  readonly concurrency: number;
  readonly rateLimitShare: number;
  /** How far the machine's clock is off when it all begins, in milliseconds. */
  readonly skewMs: number;
  readonly rates: Readonly<Partial<Record<FaultKind, number>>>;
  readonly days: readonly DayPlan[];
  /** The last day, without faults, with nothing bad in the source and nothing refused. */
  readonly last: SourceDirectory;
}

/** Every so many seeds one runs over a store on the real disk, which takes much longer. */
const LMDB_EVERY = 80;
/** In every so many seeds Okta refuses memberships too. */
const REFUSED_PAIRS_EVERY = 5;

/** Seeds with this remainder have a company in which logins move, and one more day for it. */
const LOGINS = { every: 5, remainder: 3 };

/** The store of a seed, if nobody chooses another one. */
function storeOf(seed: number): Store {
  return seed % LMDB_EVERY === 0 ? 'lmdb' : 'memory';
}

/** The scenario of a seed. @param store - with a store on a real disk it is that of a smaller company */
export function scenarioOf(seed: number, store = storeOf(seed)): Scenario {
  const draws = new Draws(seed, 0);
  const heavy = store === 'memory' && draws.chance(0.02);
  const isLoginSeed = seed % LOGINS.every === LOGINS.remainder;
  const logins = new Logins(isLoginSeed ? new Draws(seed, 6) : undefined);
  const open = new Draws(seed, 7);
  const lacks = open.chance(0.6) ? new Draws(seed, 8) : undefined;
  const company = new Company(new Draws(seed, 1), heavy ? 60_000 : 0, logins, lacks);
  const pairs = seed % REFUSED_PAIRS_EVERY === 0 ? new Draws(seed, 4) : undefined;
  const broken = new Draws(seed, 5);
  const days = Array.from({ length: draws.pick([1, 1, 2]) + (isLoginSeed ? 1 : 0) }, () =>
    dayOf(draws, pairs, broken, open, company),
  );
  company.lastDay();
  const service = serviceOf(draws, store !== 'memory');
  return {
    seed,
    store,
    ...service,
    org: {
      ...service.org,
      omission: open.pick(['kept', 'cleared']),
      lastUpdated: open.pick(['final', 'triggered']),
    },
    concurrency: draws.pick([1, 4, 4]),
    skewMs: draws.chance(0.3) ? anyJump(draws) : 0,
    rates: ratesOf(draws),
    days,
    last: company.directory(),
  };
}

function dayOf(
  draws: Draws,
  pairs: Draws | undefined,
  broken: Draws,
  open: Draws,
  company: Company,
): DayPlan {
  const before = company.directory();
  company.nextDay();
  const bad = draws.chance(0.3);
  const ids = [...company.directory().users, ...company.directory().groups].map((one) => one.externalId);
  const memberships = company
    .directory()
    .memberships.map(({ groupExternalId, memberExternalId }) => `${groupExternalId}/${memberExternalId}`);
  return {
    source: bad ? company.badDirectory() : company.directory(),
    refused: [
      ...(draws.chance(0.2) ? ids.filter(() => draws.chance(0.15)) : []),
      ...(pairs === undefined ? [] : memberships.filter(() => pairs.chance(0.15))),
    ],
    poison: new Map(
      broken.chance(0.1)
        ? ids.filter(() => broken.chance(0.1)).map((id) => [id, broken.pick(['load', 'import'] as const)])
        : [],
    ),
    feed: feedOf(before, company.directory(), open),
    runs: Array.from({ length: draws.pick([1, 1, 2]) }, () => ({
      ...runOf(draws, broken),
      ...sourceOf(open, company),
    })),
  };
}

/** What a run reads of its day. */
function sourceOf(open: Draws, company: Company): Pick<RunPlan, 'outOfScope' | 'readsFeed'> {
  const isFiltered = open.chance(0.2);
  const ids = company.directory().users.map(({ externalId }) => externalId);
  return {
    outOfScope: new Set(isFiltered ? ids.filter(() => open.chance(0.3)) : []),
    readsFeed: !isFiltered && open.chance(0.2),
  };
}

function runOf(draws: Draws, broken: Draws): Omit<RunPlan, 'outOfScope' | 'readsFeed'> {
  // Most of a run's interactions are early ones, and so are most of those that matter.
  const moment = () => 1 + Math.floor(draws.next() ** 1.5 * 260);
  const end = draws.next();
  return {
    diesAt: end < 0.5 ? moment() : undefined,
    abortsAt: end >= 0.5 && end < 0.58 ? moment() : undefined,
    jumps: draws.chance(0.2)
      ? Array.from({ length: draws.between(1, 3) }, () => ({ at: moment(), ms: anyJump(draws) }))
      : [],
    storeFaults: draws.chance(0.15) ? draws.pick([0.02, 0.1]) : 0,
    requestFaults: draws.chance(0.8),
    restartMs: draws.pick([0, 0, SECOND, 20 * SECOND, 7 * MINUTE, 3 * HOUR, 25 * HOUR]),
    sameProcess: draws.chance(0.3),
    pollTimeoutMs: draws.chance(0.1) ? draws.pick([0, 3 * SECOND, 30 * SECOND]) : undefined,
    entities: broken.chance(0.15) ? [broken.pick(ENTITIES)] : ENTITIES,
    absenceReads: broken.chance(0.1) ? 2 : 1,
  };
}

function anyJump(draws: Draws): number {
  const ms = draws.pick([SECOND, 10 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 26 * HOUR]);
  return draws.chance(0.5) ? ms : -ms;
}

/** How the service behaves where the documents leave it open, and how rollcall is told to use it. */
function serviceOf(draws: Draws, quick: boolean): Pick<Scenario, 'org' | 'upload' | 'rateLimitShare'> {
  const cooldownMs = quick ? 10 * SECOND : draws.pick([5 * MINUTE, 5 * MINUTE, MINUTE, 10 * SECOND]);
  const importMs = quick ? SECOND : draws.pick([50, 5 * SECOND, MINUTE, 10 * MINUTE]);
  const slowMs = draws.pick([5 * SECOND, 5 * SECOND, 100 * SECOND]);
  const small = draws.chance(0.2);
  const untilCompleted = !quick && draws.chance(0.15);
  return {
    org: {
      cooldownMs: untilCompleted ? 24 * HOUR : cooldownMs,
      importMs,
      slowMs,
      lateMs: draws.pick([SECOND, SECOND, 20 * SECOND]),
      staleMs: draws.pick([SECOND, 2 * SECOND, 4 * SECOND]),
      cooldownApplies: untilCompleted ? 'while-active' : draws.pick(['while-active', 'always']),
      latencyMs: draws.pick([0, 0, 30, 900]),
      createStatus: draws.pick([200, 201]),
      startImportAnswer: draws.pick(['object', 'array']),
      listInProgress: draws.chance(0.7),
      unknownSessionStatus: draws.pick([400, 404]),
      ...(small && { rateLimit: { limit: draws.between(3, 12), windowMs: 10 * SECOND } }),
    },
    upload: {
      cooldownMs,
      pollIntervalMs: Math.max(500, Math.ceil(importMs / draws.between(1, 3))),
      requestsPerSession: draws.pick([50, 50, 3, 2, 1]),
      sessionsInFlight: draws.pick([2, 2, 1, 3]),
    },
    rateLimitShare: small ? draws.pick([0.5, 1]) : 0.5,
  };
}

function ratesOf(draws: Draws): Scenario['rates'] {
  const calm = draws.next();
  if (calm < 0.15) return {};
  const all = calm < 0.6 ? 0.01 : 0.03;
  const rates: Partial<Record<FaultKind, number>> = Object.fromEntries(
    FAULT_KINDS.map((kind) => [kind, all]),
  );
  // A 401 ends a run: more of them, and nothing else would be met.
  rates.unauthorized = 0.003;
  rates.sessionError = draws.pick([0, 0.1, 0.4]);
  // Some seeds have a favourite.
  if (draws.chance(0.4)) rates[draws.pick(FAULT_KINDS)] = 0.2;
  return rates;
}
