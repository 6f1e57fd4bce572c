/**
 * A first load of five million users, end to end in virtual time: `npm run bench:large`. The program that does it is killed
 * half-way and run again; what must hold is checked, and its memory is told session by session.
 *
 * `--size N --seed N --kills N --requests-per-session N`; `--collect` collects garbage before each look at memory, so that
 * what is seen is used; `--dry` keeps no result.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { count } from '../runner/arguments.js';
import { buildId, COMPILED, compileFolder, ROOT } from '../runner/compile.js';
import { builtPackage } from '../runner/package.js';
import { circumstances, RESULTS } from '../runner/results.js';
import { firstLoad } from './first-load.js';
import { largeLines, type KeptLargeResult } from './table.js';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '5000000' },
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '1' },
    'requests-per-session': { type: 'string', default: '50' },
    collect: { type: 'boolean', default: false },
    dry: { type: 'boolean', default: false },
  },
});

const dist = builtPackage();
compileFolder(join(ROOT, 'bench'), COMPILED);
const work = mkdtempSync(join(tmpdir(), 'rollcall-bench-large-'));
try {
  const command = ['npm run bench:large', ...process.argv.slice(2)].join(' ');
  const now = circumstances(command, buildId(dist), new Date());
  const result = await firstLoad({
    size: count('size', values.size),
    seed: count('seed', values.seed),
    kills: count('kills', values.kills),
    requestsPerSession: count('requests-per-session', values['requests-per-session']),
    collect: values.collect,
    program: join(COMPILED, 'large/program.js'),
    product: pathToFileURL(join(dist, 'index.js')).href,
    work,
  });
  const kept: KeptLargeResult = { circumstances: now, result };
  console.log(largeLines(kept));
  if (result.faults.length > 0) process.exitCode = 1;
  else if (!values.dry) {
    mkdirSync(RESULTS, { recursive: true });
    writeFileSync(join(RESULTS, 'large.json'), `${JSON.stringify(kept, undefined, 1)}\n`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
  rmSync(COMPILED, { recursive: true, force: true });
}
