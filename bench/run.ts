/**
 * The bench. `npm run bench` runs every case at its full size; `npm run bench -- csv-1pct --size 100000 --pairs 3` one.
 *
 * `--dist DIR` takes another build of the package, `--list` names the cases, `--dry` keeps no results, and `--profile` shows
 * where rollcall's side spends its time instead of comparing.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CASES, caseNamed } from './cases.js';
import { buildId, COMPILED, compileFolder, ROOT } from './runner/compile.js';
import { runOnce, runPairs } from './runner/pairs.js';
import { profiled, profileLines } from './runner/profile.js';
import { circumstances, resultOf, saveResult, type CaseResult } from './runner/results.js';
import { resultLines } from './runner/table.js';

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
  },
});

function count(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${option}: expected a whole number, got ${text}`);
  return Number(text);
}

/** The newest change below a folder. */
function newest(folder: string): number {
  return Math.max(
    ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
      (name) => statSync(join(folder, name)).mtimeMs,
    ),
  );
}

/** Builds the package when its sources are newer than what was built. */
function builtPackage(): string {
  const dist = join(ROOT, 'dist');
  const stale =
    statSync(join(dist, 'index.js'), { throwIfNoEntry: false }) === undefined ||
    newest(dist) < newest(join(ROOT, 'src'));
  if (stale) execFileSync('npm', ['run', 'build'], { cwd: ROOT, stdio: 'inherit' });
  return dist;
}

/** What a process wrote to its error output, or the error's own text. */
function messageOf(error: unknown): string {
  const { stderr, message } = error as Error & { readonly stderr?: string };
  return stderr?.trim() || message;
}

async function main(): Promise<void> {
  if (values.list) {
    for (const { name, title } of CASES) console.log(`${name}: ${title}`);
    return;
  }
  const cases = positionals.length === 0 ? CASES : positionals.map(caseNamed);
  const size = count('size', values.size);
  const pairs = count('pairs', values.pairs);
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
    if (values.profile) {
      const times = await profiled(dist, (node) => runOnce(bench, 'rollcall', options, node));
      console.log(`${bench.name} (${options.size})\n${profileLines(times)}`);
      continue;
    }
    try {
      const runs = await runPairs(bench, options);
      if (runs.unavailable !== undefined) {
        console.log(`${bench.name}: not run, ${runs.unavailable}`);
        continue;
      }
      const result = resultOf(bench, runs);
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
}

try {
  await main();
} finally {
  rmSync(COMPILED, { recursive: true, force: true });
}
