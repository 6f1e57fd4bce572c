import type { Clock } from '../../src/core/clock.js';
import type { GroupRecord, MembershipRecord, UserRecord } from '../../src/core/model.js';
import { createRunReport, type ReportFiles, type RunReport } from '../../src/report/run-report.js';
import type { RunOrigin } from '../../src/report/origin.js';
import type { RunResult } from '../../src/report/summarize.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { StateStore } from '../../src/state/store.js';
import { plan, sync, type SyncOptions } from '../../src/sync/sync.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, makeOrg, type SourceDirectory } from '../support/world.js';

/** What a reported run is made of: the options that its `sync` or `plan` needs besides sources. */
export interface ReportedWorld {
  readonly clock: Clock;
  readonly report: RunReport;
}

/** Where the runs of these tests take place. */
const ORIGIN: RunOrigin = {
  orgUrl: 'https://hospital.okta.com',
  identitySourceId: '0oa1hospital',
  sources: ['exports/people.csv', 'exports/units.csv', 'exports/people-in-units.csv'],
  command:
    'rollcall sync --users exports/people.csv --groups exports/units.csv --memberships exports/people-in-units.csv',
  host: 'etl-1',
  timeZone: 'Europe/Berlin',
  lastRun: {
    endedAt: '2025-12-31T05:00:00.000Z',
    entities: { users: { read: 400, created: 3, updated: 12, deleted: 1 } },
  },
};

/**
 * A run in virtual time, and its report. The files are written when virtual time is over, for they are real; their clock
 * stands still at the end of the run.
 */
export async function reported(
  directory: string,
  run: (world: ReportedWorld) => Promise<RunResult>,
): Promise<ReportFiles> {
  let end: number | undefined;
  let made: RunReport | undefined;
  const result = await inVirtualTime(async (clock) => {
    const reportClock: Clock = { ...clock, now: () => end ?? clock.now() };
    // Earlier days of the same world are not part of the report: it is made when it is first asked for.
    const lazily = (): RunReport =>
      (made ??= createRunReport({ directory, clock: reportClock, origin: ORIGIN }));
    try {
      return await run({
        clock,
        get report() {
          return lazily();
        },
      });
    } finally {
      lazily();
      end = clock.now();
    }
  });
  return (made as RunReport).finish(result);
}

/** What a run came to, whatever it came to. */
export function outcomeOf(run: Promise<RunResult>): Promise<RunResult> {
  return run.catch((error: unknown) => error as Error);
}

/** The options that connect a run with its report. */
export function connected(report: RunReport): Pick<SyncOptions, 'onEvent' | 'onOutcome' | 'onPlanned'> {
  return { onEvent: report.observe, onOutcome: report.outcomes, onPlanned: report.planned };
}

/** Records that take their time, as a source does. */
async function* slowly<T>(records: readonly T[], clock: Clock, ms: number): AsyncGenerator<T> {
  const pause = Math.ceil(records.length / 20);
  for (const [i, record] of records.entries()) {
    if (i % pause === 0) await clock.sleep(ms / 20);
    yield record;
  }
}

const TITLES = ['Nurse', 'Engineer', 'Clerk', 'Analyst', 'Physician', 'Porter'];
const UNITS = ['Cardiology', 'Radiology', 'Finance', 'Pharmacy', 'Logistics'];

/** A hospital on its first day (0), and a day later (1): people moved, some came, some left. */
export function hospital(size: number, day: 0 | 1): SourceDirectory {
  const gone = Math.floor(size / 40);
  const first = day === 0 ? 0 : gone;
  const last = size + (day === 0 ? 0 : Math.floor(size / 12));
  const moved = (i: number, share: number) => day === 1 && (i * 7919) % 100 < share;
  const users: UserRecord[] = [];
  const memberships: MembershipRecord[] = [];
  const groupCount = Math.max(4, Math.floor(size / 60));
  for (let i = first; i < last; i++) {
    const externalId = `emp-${String(100_000 + i)}`;
    const of = (names: readonly string[], share: number) =>
      names[(i + (moved(i, share) ? 1 : 0)) % names.length] as string;
    users.push({
      externalId,
      profile: {
        userName: `p${i}@hospital.example`,
        email: `p${i}@hospital.example`,
        firstName: `Given${i % 97}`,
        lastName: moved(i, 2) ? `Married${i}` : `Family${i}`,
        title: of(TITLES, 9),
        department: of(UNITS, 24),
        costCenter: `CC-${(i % 40) + (moved(i, 31) ? 100 : 0)}`,
        manager: `emp-${100_000 + (i % 50) + (moved(i, 14) ? 50 : 0)}`,
        mobilePhone: `+1 555 ${String(i + (moved(i, 5) ? 1 : 0)).padStart(7, '0')}`,
      },
    });
    memberships.push({
      groupExternalId: `unit-${(i + (moved(i, 6) ? 1 : 0)) % groupCount}`,
      memberExternalId: externalId,
    });
  }
  const groups: GroupRecord[] = Array.from({ length: groupCount }, (_, i) => ({
    externalId: `unit-${i}`,
    profile: { displayName: `Unit ${i}${day === 1 && i % 9 === 0 ? ' (new wing)' : ''}`, description: null },
  }));
  return { users, groups, memberships };
}

/**
 * A day with something of everything: creations, updates and deletions, several sessions and the waits between, a load
 * whose answer was lost, a used-up rate limit, records that are rejected and some that Okta refuses.
 */
export async function busyDay(directory: string, size = 2400, requestsPerSession = 10): Promise<ReportFiles> {
  return reported(directory, async (world) => {
    const { clock } = world;
    // One of those whose last name changes.
    const refused = `emp-${100_000 + (Math.floor(size / 4000) + 1) * 100}`;
    let loads = 0;
    let today = false;
    const org = makeOrg({
      clock,
      latencyMs: 90_000 / requestsPerSession,
      importMs: 140_000,
      refuseItem: ({ externalId }) => today && externalId === refused && 'lastName: not an allowed value',
      fault: ({ path }) => {
        if (!today || !path.includes('/bulk-upsert')) return undefined;
        loads++;
        if (loads === Math.ceil(size / 700)) return { kind: 'resetAfter' };
        return loads === 1 ? { kind: 'rateLimit' } : undefined;
      },
    });
    const okta = clientOf(org);
    const state = await keyedState();
    await sync({ okta, state, ...hospital(size, 0), clock });
    today = true;
    const { users, groups, memberships } = hospital(size, 1);
    const bad: UserRecord[] = [
      ...Array.from({ length: 4 }, (_, i) => ({
        externalId: `tmp-${i}`,
        profile: {
          userName: `tmp${i}@hospital.example`,
          email: 'none yet',
          firstName: 'T',
          lastName: `N${i}`,
        },
      })),
      { externalId: 'tmp-9', profile: { userName: 'x', email: 'x@hospital.example', lastName: 'Y' } },
      ...users.slice(0, 2),
    ];
    return sync({
      // A ward closes on this day.
      guard: { memberships: { maxGroupLossPercent: 100 } },
      okta,
      state,
      users: slowly([...users, ...bad], clock, 60_000),
      groups,
      memberships: slowly(memberships, clock, 20_000),
      clock,
      requestsPerSession,
      ...connected(world.report),
    });
  });
}

/** A plan that the guard would stop: half of the users and a group are gone. */
export async function trippedPlan(directory: string, size = 400): Promise<ReportFiles> {
  return reported(directory, async (world) => {
    const { clock } = world;
    const org = makeOrg({ clock });
    const state = memoryState();
    const before = hospital(size, 0);
    await sync({ okta: clientOf(org), state, ...before, clock });
    return plan({
      state,
      users: before.users.slice(size / 2),
      groups: before.groups.slice(1),
      onPlanned: world.report.planned,
    });
  });
}

/** A state with a fixed key: with a random one, two values of an attribute have the same short fingerprint once in 65,536 times. */
async function keyedState(): Promise<StateStore> {
  const state = memoryState();
  const fingerprintKey = '000102030405060708090a0b0c0d0e0f';
  await state.restore({ fingerprintKey, target: undefined, lastTriggeredAt: undefined });
  await state.setMeta('import', '');
  return state;
}
