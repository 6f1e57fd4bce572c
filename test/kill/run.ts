/**
 * Kills the program at every boundary, twenty seeds each: `npm run test:kill`, or with fewer,
 * `npm run test:kill -- --seeds 2 --from 5`. The exit code is 1 when anything was not as it must be.
 */
import { parseArgs } from 'node:util';
import { killOnce } from './kill-once.js';
import { POINTS } from './points.js';
import { buildProgram } from './program.js';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '20' }, from: { type: 'string', default: '1' } },
});
const from = Number(values.from);
const seeds = Number(values.seeds);
const program = buildProgram();
let kills = 0;
let failed = 0;
try {
  for (const point of POINTS) {
    for (let seed = from; seed < from + seeds; seed++) {
      const outcome = await killOnce(program.file, seed, point);
      kills += outcome.kills;
      if (outcome.faults.length === 0) continue;
      failed++;
      console.log(`seed ${seed}, killed ${point.at}: ${outcome.faults.join('; ')}`);
    }
    console.log(
      `${point.by === 'org' ? 'applied, not answered: ' : ''}${point.at}: ${kills} kills, ${failed} failed`,
    );
  }
} finally {
  program.dispose();
}
console.log(`${kills} kills, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
