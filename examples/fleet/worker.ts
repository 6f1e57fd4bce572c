/**
 * A worker of the fleet: takes jobs from the queue and runs them, several at a time. Start as many as you like.
 *
 * SIGTERM ends it within a few seconds: its runs cancel their open sessions or leave them in the journal of their states, and other
 * workers continue at once. After a kill, they do so as soon as the server has noticed it.
 */
import { EventEmitter } from 'node:events';
import { Logger, makeWorkerUtils, run, type WorkerEvents } from 'graphile-worker';
import { Alive } from './alive.js';
import { createTables, openPool } from './database.js';
import { serveHealth } from './health.js';
import { schedules, tasks } from './jobs.js';
import { log } from './log.js';
import { fullOrgs } from './runs.js';
import { readFleet } from './sources.js';

const {
  FLEET_SOURCES = 'sources.json',
  FLEET_TOKENS = '/run/secrets/okta',
  FLEET_RUNS_AT_ONCE = '4',
  FLEET_POLL_MS = '2000',
  FLEET_LOOK_FOR_DEAD_MS = '10000',
  FLEET_HEALTH_PORT,
} = process.env;

const fleet = readFleet(FLEET_SOURCES);
const concurrency = Number(FLEET_RUNS_AT_ONCE);
const stop = new AbortController();
const running = new Map<string, Date>();
let isLost = false;

const pool = openPool(concurrency);
await createTables(pool);
const alive = await Alive.open(pool, () => fail('the connection is lost'));

const events = new EventEmitter() as WorkerEvents;
const workers: string[] = [];
events.on('worker:create', ({ worker }) => workers.push(worker.workerId));

const runner = await run({
  pgPool: pool,
  events,
  concurrency,
  pollInterval: Number(FLEET_POLL_MS),
  noHandleSignals: true,
  taskList: tasks({ fleet, pool, tokens: FLEET_TOKENS, stopping: stop.signal, running }),
  parsedCronItems: schedules(fleet),
  // Asked before each job is taken.
  forbiddenFlags: async () => {
    for (const worker of workers) await alive.hold(worker);
    return fullOrgs(pool, fleet);
  },
  logger: new Logger(() => (level, message) => {
    if (['error', 'warning'].includes(level)) log('queue', { level, message: message.split('\n')[0] });
  }),
});
runner.promise.catch(() => fail('the queue ended'));
const utils = await makeWorkerUtils({ pgPool: pool });
const health = FLEET_HEALTH_PORT && serveHealth(Number(FLEET_HEALTH_PORT), running, () => isLost);
log('worker ready', { pid: process.pid, sources: fleet.sources.size, concurrency });

const looking = setInterval(() => void lookForDead(), Number(FLEET_LOOK_FOR_DEAD_MS));
await lookForDead();

/** Others may take over the jobs of this worker, so it ends its runs and itself; it is started again from outside. */
function fail(reason: string): void {
  isLost = true;
  log('worker failed', { reason });
  process.exitCode = 1;
  stop.abort();
}

async function lookForDead(): Promise<void> {
  try {
    const dead = await alive.releaseDead(utils);
    if (dead.length > 0) log('taken over', { dead });
  } catch (error) {
    log('queue', { level: 'error', message: String(error) });
  }
}

for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
if (!stop.signal.aborted)
  await new Promise((resolve) => stop.signal.addEventListener('abort', resolve, { once: true }));

log('worker stops', { running: [...running.keys()] });
// A database that does not answer must not keep it.
setTimeout(() => process.exit(1), 20_000).unref();
clearInterval(looking);
await runner.stop();
await utils.release();
alive.close();
await pool.end();
if (health) health.close();
log('worker stopped');
