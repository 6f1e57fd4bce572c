import { AbortedError, GuardError, RollcallError } from '../core/errors.js';
import {
  type EntityReport,
  type GuardTrip,
  type KindCounts,
  type PlanSummary,
  type UploadReport,
  changesOf,
  type Plan,
  type SyncReport,
} from '../core/results.js';
import type { AttributeCount } from './changes-file.js';
import { ENTITIES, type Entity } from '../core/model.js';
import type { ChangesFile } from './changes-file.js';
import type { RunOrigin } from './origin.js';
import type { PlannedLists } from './planned-lists.js';
import type { RejectsFile } from './rejects-file.js';
import type { LoggedSession, SessionLog } from './session-log.js';
import type { RunStatus, RunSummary, SessionSummary, SourceSummary } from './summary.js';

/** The most attributes and reasons in the summary. */
const MOST_LISTED = 50;

/** The result of a run: a report, a plan, or the error that ended it. */
export type RunResult = SyncReport | Plan | Error;

/** The data that was collected during a run. Times are milliseconds since the Unix epoch. */
export interface RunRecord {
  readonly changes: ChangesFile;
  readonly rejects: RejectsFile;
  readonly log: SessionLog;
  readonly lists: PlannedLists;
  readonly origin: RunOrigin | undefined;
  readonly sources: ReadonlyMap<Entity, SourceSummary>;
  readonly plan: PlanSummary | undefined;
  readonly plannedAt: number | undefined;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Creates the summary from the data that was collected during a run, and its result. */
export function summarize(record: RunRecord, result: RunResult): RunSummary {
  const { changes, rejects, log } = record;
  const plan = planOf(record, result);
  const sources = sourcesOf(record, result);
  const rejected = ENTITIES.reduce((sum, entity) => sum + (sources[entity]?.rejected ?? 0), 0);
  return {
    format: 'rollcall-report',
    version: 1,
    status: statusOf(result),
    startedAt: iso('startedAt' in result ? result.startedAt : record.startedAt),
    endedAt: iso('endedAt' in result ? result.endedAt : record.endedAt),
    ...(record.origin && { origin: record.origin }),
    ...(result instanceof Error && { error: errorOf(result) }),
    ...(plan && { plan }),
    ...(record.plannedAt !== undefined && { plannedAt: iso(record.plannedAt) }),
    ...(plan && record.lists.isOf(plan.entities) && { planned: record.lists.lists() }),
    sources,
    sent: sentOf(record, plan, result),
    outcomes: changes.outcomes,
    attributes: {
      // If nothing was sent yet, the attributes of the plan.
      top:
        'confirmed' in result
          ? changes.topAttributes(MOST_LISTED)
          : topOf(changes.topAttributes(MOST_LISTED), plan),
      others: changes.otherAttributes(MOST_LISTED),
      unnamedUpdates: changes.unnamedUpdates,
    },
    rejected: {
      rollcall: Math.max(rejects.counts.rollcall, rejected),
      okta: rejects.counts.okta,
      entities: {
        users: rejectedOf(rejects, sources, 'users'),
        groups: rejectedOf(rejects, sources, 'groups'),
        memberships: rejectedOf(rejects, sources, 'memberships'),
      },
      listed: rejects.file.count,
      reasons: rejects.topReasons(MOST_LISTED),
      otherReasons: rejects.otherReasons(MOST_LISTED),
      first: rejects.first,
    },
    ...('owed' in result && result.owed.count > 0 && { owed: result.owed.count }),
    ...('sample' in result && result.sample && { sample: result.sample }),
    settled: log.settled,
    sessions: log.sessions.map(sessionOf),
    waits: {
      totals: Array.from(log.waited, ([reason, { count, ms }]) => ({ reason, count, ms })),
      each: log.waits.map(({ reason, from, to }) => ({ reason, from: iso(from), to: iso(to) })),
    },
  };
}

/** The records of an entity that were rejected or refused. Not every rejection may have reached the report. */
function rejectedOf(rejects: RejectsFile, sources: RunSummary['sources'], entity: Entity): number {
  const { rollcall, okta } = rejects.byEntity[entity];
  return Math.max(rollcall, sources[entity]?.rejected ?? 0) + okta;
}

/** The report of sending, of a run that succeeded or failed. */
export function uploadOf(result: RunResult): UploadReport | undefined {
  if (result instanceof Error) return result instanceof RollcallError ? result.report : undefined;
  return 'confirmed' in result ? result : undefined;
}

function statusOf(result: RunResult): RunStatus {
  if (result instanceof GuardError) return 'stopped';
  if (result instanceof AbortedError) return 'aborted';
  if (result instanceof Error) return 'failed';
  return 'confirmed' in result ? 'done' : 'planned';
}

function topOf(sent: readonly AttributeCount[], plan: RunSummary['plan']): readonly AttributeCount[] {
  return sent.length > 0 ? sent : (plan?.changedAttributes ?? []);
}

function errorOf(error: Error): NonNullable<RunSummary['error']> {
  if (error instanceof RollcallError) return { name: error.name, code: error.code, message: error.message };
  const { code } = error as { code?: unknown };
  return { name: error.name, ...(typeof code === 'string' && /^\w{1,60}$/.test(code) && { code }) };
}

function planOf(record: RunRecord, result: RunResult): RunSummary['plan'] {
  if (result instanceof Error) {
    const trips = result instanceof GuardError ? result.trips : [];
    return record.plan && planFields(record.plan, trips);
  }
  return 'confirmed' in result ? planFields(result.plan, []) : planFields(result, result.trips);
}

/** The fields of a plan that belong into a file: a {@link Plan} has others as well. */
function planFields(plan: PlanSummary, trips: readonly GuardTrip[]): NonNullable<RunSummary['plan']> {
  const {
    hash,
    entities,
    population,
    requests,
    sessions,
    leastMs,
    mostMs,
    changedAttributes,
    heldBackDeletes,
    idChanges,
    resends,
    uncleared,
    groupLosses,
  } = plan;
  return {
    hash,
    entities,
    population,
    requests,
    sessions,
    leastMs,
    mostMs,
    changedAttributes,
    heldBackDeletes,
    idChanges,
    resends,
    uncleared,
    groupLosses,
    trips,
  };
}

function sourcesOf(record: RunRecord, result: RunResult): Partial<Record<Entity, SourceSummary>> {
  const sources: Partial<Record<Entity, SourceSummary>> = {};
  for (const entity of ENTITIES) {
    if (result instanceof Error) {
      const source = record.sources.get(entity);
      if (source !== undefined) sources[entity] = source;
    } else {
      const source = result.sources[entity];
      if (source !== undefined) sources[entity] = sourceSummary(source);
    }
  }
  return sources;
}

/** The counts of a source that belong into a file. */
export function sourceSummary(source: EntityReport): SourceSummary {
  const { read, rejected, unchanged, leftOut, refusedBefore, unsent } = source;
  return { read, rejected, unchanged, leftOut, refusedBefore, ...(unsent > 0 && { unsent }) };
}

function sentOf(record: RunRecord, plan: RunSummary['plan'], result: RunResult): RunSummary['sent'] {
  const upload = uploadOf(result);
  const { sessions } = record.log;
  const sum = (field: 'requests' | 'bytes') => sessions.reduce((total, session) => total + session[field], 0);
  const confirmed: Readonly<Record<Entity, KindCounts>> = upload?.confirmed ?? record.changes.confirmed;
  // A run that ended before it sent anything reports no remaining changes: then all changes of the plan remain.
  const planned = plan === undefined ? 0 : changesOf(plan.entities);
  const remaining = Math.max(
    upload?.remaining ?? 0,
    planned - changesOf(confirmed) - record.rejects.counts.okta,
  );
  return {
    confirmed,
    remaining,
    requests: upload?.requests ?? sum('requests'),
    sessions: upload?.sessions ?? sessions.length,
    bytes: upload?.bytes ?? sum('bytes'),
  };
}

function sessionOf(session: LoggedSession): SessionSummary {
  const { createdAt, triggeredAt, endedAt, ...rest } = session;
  return {
    ...rest,
    createdAt: iso(createdAt),
    ...(triggeredAt !== undefined && { triggeredAt: iso(triggeredAt) }),
    ...(endedAt !== undefined && { endedAt: iso(endedAt) }),
  };
}

function iso(time: Date | number): string {
  return new Date(time).toISOString();
}
