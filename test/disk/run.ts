/**
 * Lets every one of the first writes and syncs of a run fail, and files stop growing at many sizes:
 *
 *     npm run test:disk
 *     npm run test:disk -- --first 40 --parallel 4
 *
 * The exit code is 1 when anything was not as it must be.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { compiled } from '../support/compiled.js';
import { faultOnce, hasStrace, nameOf, type Fault } from './fault-once.js';

const { values } = parseArgs({
  options: {
    first: { type: 'string', default: '25' },
    parallel: { type: 'string', default: String(availableParallelism()) },
  },
});
if (!hasStrace()) throw new Error('strace is not installed');

const numbers = Array.from({ length: Number(values.first) }, (_, i) => i + 1);
const faults: Fault[] = [
  ...[0, 4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128].map((fileBlocks) => ({ fileBlocks })),
  ...['pwrite64', 'writev', 'fdatasync', 'fsync', 'ftruncate'].flatMap((call) =>
    ['EIO', 'ENOSPC', 'EDQUOT'].flatMap((error) =>
      [false, true].flatMap((forever) => numbers.map((when) => ({ call, error, when, forever }))),
    ),
  ),
];
const program = compiled('test/disk/sync-once.ts');
let next = 0;
let noticed = 0;
let failed = 0;
let slowest = 0;
await Promise.all(
  Array.from({ length: Number(values.parallel) }, async () => {
    for (let fault = faults[next++]; fault !== undefined; fault = faults[next++]) {
      const outcome = await faultOnce(program, fault).catch((error: unknown) => ({
        faults: [String(error)],
        noticed: false,
        seconds: 0,
      }));
      if (outcome.noticed) noticed++;
      slowest = Math.max(slowest, outcome.seconds);
      if (outcome.faults.length === 0) continue;
      failed++;
      console.log(`FAILED ${nameOf(fault)}\n  ${outcome.faults.join('\n  ')}`);
    }
  }),
);
console.log(
  `${faults.length} faults, ${noticed} noticed, ${failed} failed, the slowest run ${slowest.toFixed(1)} s`,
);
process.exitCode = failed === 0 ? 0 : 1;
