/**
 * Commands for people, over the same database and file as the workers:
 *
 *     fleet status            the sources that need somebody, and how many do not
 *     fleet status --all      the last run of every source
 *     fleet run SOURCE...     runs sources now (--all: every source)
 *     fleet plan SOURCE       what a run would send, and whom it would delete
 *     fleet approve SOURCE HASH   runs the source, and lets exactly this plan pass its guard
 */
import { makeWorkerUtils } from 'graphile-worker';
import { createTables, openPool } from './database.js';
import { addSync, type SyncJob } from './jobs.js';
import { planSource } from './run-source.js';
import { readFleet, type Source } from './sources.js';
import { statusText } from './status.js';
import { lastRuns } from './runs.js';

const fleet = readFleet(process.env['FLEET_SOURCES'] ?? 'sources.json');
const [command = '', ...words] = process.argv.slice(2);

function sourceNamed(name = ''): Source {
  const source = fleet.sources.get(name);
  if (source === undefined) throw new Error(`there is no source named "${name}"`);
  return source;
}

const pool = openPool(1);
try {
  await createTables(pool);
  const [name, hash] = words;
  if (command === 'status') console.log(statusText(fleet, await lastRuns(pool), name === '--all'));
  else if (command === 'run')
    await add((name === '--all' ? [...fleet.sources.keys()] : words).map((source) => ({ source })));
  else if (command === 'approve' && hash !== undefined) await add([{ source: String(name), approve: hash }]);
  else if (command === 'plan') await showPlan(sourceNamed(name));
  else throw new Error('expected status, run, plan or approve; the first lines of fleet.ts explain them');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await pool.end();
}

async function add(jobs: readonly SyncJob[]): Promise<void> {
  const sources = jobs.map(({ source }) => sourceNamed(source));
  const utils = await makeWorkerUtils({ pgPool: pool });
  for (const [i, job] of jobs.entries()) await addSync(utils.addJob, sources[i] as Source, job);
  await utils.release();
  console.log(`${jobs.length === 1 ? '1 job' : `${jobs.length} jobs`} added`);
}

async function showPlan(source: Source): Promise<void> {
  const { entities, trips, hash, deleted } = await planSource(
    pool,
    source,
    AbortSignal.timeout(source.timeLimitMs),
  );
  for (const [entity, { creates, updates, deletes }] of Object.entries(entities))
    console.log(`${entity}: ${creates} to create, ${updates} to update, ${deletes} to delete`);
  for (const one of deleted) console.log(`  delete ${one}`);
  for (const { entity, rule, actual, limit } of trips)
    console.log(`the guard would stop it: ${entity} ${rule} ${actual} is over ${limit}`);
  console.log(`hash: ${hash}`);
}
