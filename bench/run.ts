/**
 * The bench. `npm run bench` runs every case at its full size, `npm run bench -- targets` those that have a target, and
 * `npm run bench -- csv-1pct --size 100000 --pairs 3` one.
 *
 * `--dist DIR` takes another build of the package, `--list` names the cases, `--dry` keeps no results, `--refuse-busy` leaves
 * cases out while others use the machine, `--clean` removes what was generated, and `--profile` shows where rollcall's
 * side spends its time instead of comparing.
 */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Case } from './case.js';
import { CASES, casesNamed, GROUPS } from './cases.js';
import { cleanCache } from './data/files.js';
import { count } from './runner/arguments.js';
import { buildId, COMPILED, compileFolder, ROOT } from './runner/compile.js';
import { isBusy, loadText, machineLoad } from './runner/machine.js';
import { builtPackage } from './runner/package.js';
import { runOnce, runPairs, type PairOptions } from './runner/pairs.js';
import { profiled, profileLines } from './runner/profile.js';
import { circumstances, resultOf, saveResult, type CaseResult } from './runner/results.js';
import { resultLines, targetLines } from './runner/table.js';

const DEFAULT_SIZE = 1_000_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string' },
    pairs: { type: 'string' },
    dist: { type: 'string' },
    list: { type: 'boolean', default: false },
    dry: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    'refuse-busy': { type: 'boolean', default: false },
    clean: { type: 'boolean', default: false },
  },
});

/** What a process wrote to its error output, or the error's own text. */
function messageOf(error: unknown): string {
  const { stderr, message } = error as Error & { readonly stderr?: string };
  return stderr?.trim() || message;
}

/** Runs one case on a machine that is watched first; undefined where it cannot run. */
async function runCase(bench: Case, options: PairOptions): Promise<CaseResult | undefined> {
  const load = await machineLoad();
  if (isBusy(load)) {
    console.log(`${bench.name}: the machine is busy (${loadText(load)})`);
    if (values['refuse-busy']) return undefined;
  }
  const runs = await runPairs(bench, options);
  if (runs.unavailable !== undefined) {
    console.log(`${bench.name}: not run, ${runs.unavailable}`);
    return undefined;
  }
  return resultOf(bench, runs, load);
}

async function main(): Promise<void> {
  if (values.list) {
    for (const { name, title } of CASES) console.log(`${name}: ${title}`);
    for (const [name, cases] of Object.entries(GROUPS)) console.log(`${name}: ${cases.length} cases`);
    return;
  }
  if (values.clean) {
    cleanCache();
    return;
  }
  const cases = positionals.length === 0 ? CASES : positionals.flatMap(casesNamed);
  const size = values.size === undefined ? undefined : count('size', values.size);
  const pairs = values.pairs === undefined ? undefined : count('pairs', values.pairs);
  const dist = values.dist === undefined ? builtPackage() : resolve(values.dist);
  const build = buildId(dist);
  compileFolder(join(ROOT, 'bench'), COMPILED);
  const command = [
    'npm run bench',
    ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : []),
  ].join(' ');
  const now = circumstances(command, build, new Date());
  const results: CaseResult[] = [];
  for (const bench of cases) {
    const options = { compiled: COMPILED, dist, build, pairs, size: size ?? bench.size ?? DEFAULT_SIZE };
    try {
      if (values.profile) {
        const times = await profiled(dist, (node) => runOnce(bench, 'rollcall', options, node));
        console.log(`${bench.name} (${options.size})\n${profileLines(times)}`);
        continue;
      }
      const result = await runCase(bench, options);
      if (result === undefined) continue;
      results.push(result);
      console.log(resultLines(bench, result));
      // After each case, so that a run that is ended keeps what it has.
      if (!values.dry) saveResult({ circumstances: now, cases: results });
    } catch (error) {
      // One case that cannot run does not cost the results of the others.
      console.error(`${bench.name}: failed, ${messageOf(error)}`);
      process.exitCode = 1;
    }
  }
  if (!values.profile) console.log(targetLines(cases, results));
}

try {
  await main();
} finally {
  rmSync(COMPILED, { recursive: true, force: true });
}
