/** The jobs of the queue: when they are added, and what they do. */
import {
  parseCronItems,
  type AddJobFunction,
  type ParsedCronItem,
  type Task,
  type TaskSpec,
} from 'graphile-worker';
import type { Pool } from 'pg';
import { endingOf, endingWith, type Ending } from './ending.js';
import { log } from './log.js';
import { beginRun, endRun, forgetOldRuns } from './runs.js';
import { syncSource } from './run-source.js';
import type { Fleet, Source } from './sources.js';

/** Attempts of one job: the queue waits 3, 7, 20 and 55 seconds between them. The next job by schedule begins anew. */
const ATTEMPTS = 5;
/** A job that was due while no worker ran is run when one starts, if that is not longer ago. */
const CATCH_UP_MS = 24 * 60 * 60_000;
/** Two workers took the last place of an org at the same time: one tries again so much later. */
const PLACE_TAKEN_MS = 2_000;

export interface SyncJob {
  readonly source: string;
  /** The hash of a plan that somebody approved. */
  readonly approve?: string | undefined;
}

/** What the workers share. */
export interface Context {
  readonly fleet: Fleet;
  readonly pool: Pool;
  /** The directory of the API tokens. */
  readonly tokens: string;
  /** Aborted when this worker must stop. */
  readonly stopping: AbortSignal;
  readonly running: Map<string, Date>;
}

/** Adds a job for a source. */
export async function addSync(
  add: AddJobFunction,
  source: Source,
  job: SyncJob,
  runAt?: Date,
): Promise<void> {
  const spec: TaskSpec = {
    // Jobs of one named queue run one after the other.
    queueName: source.name,
    // At most one job waits: the next one by schedule takes its place. That of an approval is another.
    jobKey: job.approve === undefined ? source.name : `${source.name} approved`,
    // Jobs with a flag are left alone while the org has as many runs as it may.
    flags: [source.org.name],
    maxAttempts: ATTEMPTS,
    ...(runAt && { runAt }),
  };
  await add('sync', job, spec);
}

/** The schedules of the sources. The queue sees to it that only one of the workers adds a job. */
export function schedules(fleet: Fleet): ParsedCronItem[] {
  const items = [...fleet.sources.values()].map(({ name, schedule }) => ({
    task: 'due',
    match: schedule,
    identifier: name,
    payload: { source: name },
    options: { backfillPeriod: CATCH_UP_MS, jobKey: `${name} due` },
  }));
  const cleaning = {
    task: 'forget',
    match: '0 4 * * *',
    identifier: 'forget',
    options: { backfillPeriod: 0 },
  };
  return parseCronItems([...items, cleaning]);
}

export function tasks(context: Context): Record<'due' | 'sync' | 'forget', Task> {
  return {
    due: async (payload, { addJob }) => {
      const { source: name } = payload as SyncJob;
      const source = context.fleet.sources.get(name);
      if (source !== undefined) await addSync(addJob, source, { source: name });
    },
    sync: (payload, { addJob, job }) => runJob(context, payload as SyncJob, addJob, job),
    forget: () => forgetOldRuns(context.pool),
  };
}

async function runJob(
  context: Context,
  job: SyncJob,
  add: AddJobFunction,
  { locked_by: worker, attempts, max_attempts }: Parameters<Task>[1]['job'],
): Promise<void> {
  const { fleet, pool, running } = context;
  const source = fleet.sources.get(job.source);
  // It was taken out of the file after the job had been added.
  if (source === undefined) return;
  const run = await beginRun(pool, source, String(worker));
  if (run === undefined) return addSync(add, source, job, new Date(Date.now() + PLACE_TAKEN_MS));
  running.set(source.name, new Date());
  log('run begins', { source: source.name, run, attempt: attempts });
  const started = performance.now();
  const ending = await endingOfRun(context, source, job, attempts >= max_attempts);
  running.delete(source.name);
  await endRun(pool, run, ending);
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  log('run ended', { source: source.name, org: source.org.name, run, seconds, ...ending });
  if (ending.outcome === 'handed over') await addSync(add, source, job);
  // The queue tries a job again that throws.
  if (ending.outcome === 'tried again') throw new Error(ending.code);
}

async function endingOfRun(
  { pool, tokens, stopping }: Context,
  source: Source,
  { approve }: SyncJob,
  isLastAttempt: boolean,
): Promise<Ending> {
  const limit = AbortSignal.timeout(source.timeLimitMs);
  try {
    const signal = AbortSignal.any([stopping, limit]);
    return endingOf(await syncSource(pool, source, tokens, { signal, approve }));
  } catch (error) {
    log('run failed', { source: source.name, error: error instanceof Error ? error.stack : String(error) });
    return endingWith(error, {
      isWorkerStopped: stopping.aborted,
      isOverTime: limit.aborted,
      isLastAttempt,
    });
  }
}
