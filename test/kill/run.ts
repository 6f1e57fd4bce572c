/**
 * Kills the program at every boundary, twenty seeds each, some at a time, and tells how often at each:
 *
 *     npm run test:kill
 *     npm run test:kill -- --seeds 2 --from 5 --parallel 4
 *
 * The exit code is 1 when anything was not as it must be.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { compiled } from '../support/compiled.js';
import { killOnce } from './kill-once.js';
import { POINTS, type Point } from './points.js';

/** Scenarios between two lines of progress. */
const PROGRESS = 50;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    from: { type: 'string', default: '1' },
    // Most of a scenario is a process that starts: a few at a time keep each core busy.
    parallel: { type: 'string', default: String(2 * availableParallelism()) },
  },
});

const whole = (name: 'seeds' | 'from' | 'parallel'): number => {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name}: expected a whole number from 1`);
  return value;
};

const [from, seeds] = [whole('from'), whole('seeds')];
const scenarios = POINTS.flatMap((point) =>
  Array.from({ length: seeds }, (_, i) => ({ point, seed: from + i })),
);
const kills = new Map<string, number>();
const started = Date.now();
let next = 0;
let done = 0;
let killed = 0;
let failed = 0;
const interrupt = () => (next = scenarios.length);
process.once('SIGINT', interrupt);
process.once('SIGTERM', interrupt);

const child = compiled('test/kill/child.ts');
await Promise.all(
  Array.from({ length: whole('parallel') }, async () => {
    for (let one = scenarios[next++]; one !== undefined; one = scenarios[next++]) await run(one);
  }),
);

console.log(`\n${done} scenarios, ${killed} kills, ${failed} failed in ${seconds()} s; killed:`);
for (const [name, count] of [...kills].sort(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`  ${name.padEnd(64)} ${count}`);
process.exitCode = failed > 0 ? 1 : 0;

async function run({ point, seed }: { readonly point: Point; readonly seed: number }): Promise<void> {
  const { killedAt, faults } = await killOnce(child, seed, point);
  done++;
  for (const at of killedAt) {
    killed++;
    kills.set(nameOf(at), (kills.get(nameOf(at)) ?? 0) + 1);
  }
  if (faults.length > 0) {
    failed++;
    console.log(`seed ${seed}, killed ${nameOf(point)}: ${faults.join('; ')}`);
  }
  if (done % PROGRESS === 0)
    console.log(`${done} of ${scenarios.length}: ${killed} kills, ${failed} failed, ${seconds()} s`);
}

function nameOf({ by, at }: Point): string {
  return by === 'org' ? `applied, not answered: ${at}` : at;
}

function seconds(): number {
  return Math.round((Date.now() - started) / 1000);
}
