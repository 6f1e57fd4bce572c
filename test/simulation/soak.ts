/**
 * Runs any number of seeds, in processes of their own:
 *
 *     npm run test:soak -- --seeds 50000 --from 1 --workers 2
 *     npm run test:soak -- --seeds 500 --store postgres     with their states in PostgreSQL
 *     npx tsx test/simulation/soak.ts --trace --from 17     one seed, with everything that happens in it
 *
 * An interrupt ends it with what was run so far. The exit code is 1 when a seed failed.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { addCounts, type RangeOutcome, type SeedRange } from './soak-worker.js';
import { SimulationServer } from './postgres-disk.js';
import { simulate } from './simulate.js';

const WORKER = fileURLToPath(new URL('soak-worker.ts', import.meta.url));
/** Seeds that a worker is given at a time. */
const RANGE = 20;
/** Seeds between two lines of progress. */
const PROGRESS = 1000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(availableParallelism()) },
    trace: { type: 'boolean', default: false },
    store: { type: 'string' },
  },
});

const whole = (name: 'seeds' | 'from' | 'workers'): number => {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name}: expected a whole number from 1`);
  return value;
};

const from = whole('from');
if (![undefined, 'postgres'].includes(values.store)) throw new Error('--store: expected postgres');
const store = values.store as SeedRange['store'];

if (values.trace) await traceOne(from);
else await soak(from, whole('seeds'), whole('workers'));

async function traceOne(seed: number): Promise<void> {
  const server = store === undefined ? undefined : await SimulationServer.start();
  try {
    const { trace, counts, runs } = await simulate(seed, { server, onLine: (line) => console.log(line) });
    console.log({ seed, runs, trace, counts });
  } catch (error) {
    console.log((error as Error).message);
    process.exitCode = 1;
  } finally {
    await server?.stop();
  }
}

async function soak(first: number, seeds: number, workers: number): Promise<void> {
  const end = first + seeds;
  const counts: Record<string, number> = {};
  const failed: number[] = [];
  let next = first;
  let done = 0;
  let runs = 0;
  const started = Date.now();
  const interrupt = () => (next = end);
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const take = (outcome: RangeOutcome) => {
    const before = Math.floor(done / PROGRESS);
    done += outcome.seeds;
    runs += outcome.runs;
    addCounts(counts, outcome.counts);
    for (const { seed, message } of outcome.failures) {
      failed.push(seed);
      console.log(`\n${message}`);
    }
    if (Math.floor(done / PROGRESS) === before) return;
    console.log(`${done} seeds, ${runs} runs, ${failed.length} failed, ${seconds(started)} s`);
  };
  await Promise.all(
    Array.from({ length: workers }, async () => {
      let child = startWorker();
      while (next < end) {
        const range = { first: next, last: Math.min(next + RANGE, end) - 1, store };
        next = range.last + 1;
        try {
          take(await ask(child, range));
        } catch (error) {
          // What was run so far still counts; the seeds that ended a process are to be looked at.
          for (let seed = range.first; seed <= range.last; seed++) failed.push(seed);
          console.log(`\n${(error as Error).message}`);
          child = startWorker();
        }
      }
      child.disconnect();
    }),
  );
  const injected = Object.values(counts).reduce((sum, count) => sum + count, 0);
  console.log(
    `\n${done} seeds, ${runs} runs, ${failed.length} failed in ${seconds(started)} s; ${injected} injected:`,
  );
  for (const [name, count] of Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`  ${name.padEnd(36)} ${count}`);
  if (failed.length === 0) return;
  console.log(`failed: ${failed.join(', ')}; add them to test/simulation/regressions.ts`);
  process.exitCode = 1;
}

function startWorker(): ChildProcess {
  // Simulated runs make much that is soon garbage: with a larger young generation a worker takes a third less time.
  const execArgv = [...process.execArgv, '--max-semi-space-size=64'];
  return fork(WORKER, ['--ranges'], { detached: true, execArgv });
}

function ask(child: ChildProcess, range: SeedRange): Promise<RangeOutcome> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null, signal: string | null) =>
      reject(
        new Error(`a worker ended (${signal ?? code}) while it ran seeds ${range.first} to ${range.last}`),
      );
    child.once('exit', onExit);
    child.once('message', (outcome) => {
      child.off('exit', onExit);
      resolve(outcome as RangeOutcome);
    });
    child.send(range);
  });
}

function seconds(started: number): number {
  return Math.round((Date.now() - started) / 1000);
}
