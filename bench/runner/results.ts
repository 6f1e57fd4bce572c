import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Case } from '../case.js';
import { ROOT } from './compile.js';
import type { MachineLoad } from './machine.js';
import type { CaseRuns, Run } from './pairs.js';
import { spreadOf, type Spread } from './stats.js';

export const RESULTS = join(ROOT, 'bench/results');

/** The machine and the state of the project that a run was measured with. */
export interface Circumstances {
  readonly date: string;
  readonly command: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  /** Load average of the minute before: above zero means that others used the machine. */
  readonly load: number;
  /** Abbreviated, with `+` where the working tree differed from it. */
  readonly commit: string;
  readonly build: string;
}

/** One side of a case, in numbers. */
export interface SideNumbers {
  readonly name: string;
  readonly wallMs: Spread;
  readonly cpuMs: Spread;
  readonly peakMb: Spread;
  readonly measures: Readonly<Record<string, number>>;
}

/** One case of a run. */
export interface CaseResult {
  readonly name: string;
  readonly size: number;
  readonly pairs: number;
  /** Rollcall over the peer, of each pair; for a case with a measure of its own, of that measure. */
  readonly ratio: Spread;
  readonly cpuRatio: Spread;
  readonly peakRatio: Spread;
  readonly counts: Readonly<Record<string, number>>;
  readonly sameFinds: boolean;
  /** Of the machine right before the case; results of earlier days do not have it. */
  readonly load?: MachineLoad;
  readonly rollcall: SideNumbers;
  readonly peer: SideNumbers;
}

/** One run of the bench. */
export interface ResultFile {
  readonly circumstances: Circumstances;
  readonly cases: readonly CaseResult[];
}

/** The numbers of a case from its runs. */
export function resultOf(bench: Case, runs: CaseRuns, load?: MachineLoad): CaseResult {
  const pairs = runs.rollcall.length;
  const ratioOf = (value: (run: Run) => number) =>
    spreadOf(runs.rollcall.map((run, i) => value(run) / value(runs.peer[i] as Run)));
  const { measure } = bench;
  return {
    name: bench.name,
    size: runs.size,
    pairs,
    ratio: round(
      ratioOf((run) => (measure === undefined ? run.wallMs : (run.measures[measure] ?? Number.NaN))),
      3,
    ),
    cpuRatio: round(
      ratioOf((run) => run.cpuMs),
      3,
    ),
    peakRatio: round(
      ratioOf((run) => run.peakMb),
      3,
    ),
    counts: runs.counts.rollcall,
    sameFinds: runs.sameFinds,
    ...(load && { load }),
    rollcall: numbersOf(bench.rollcall.name, runs.rollcall),
    peer: numbersOf(bench.peer.name, runs.peer),
  };
}

function numbersOf(name: string, runs: readonly Run[]): SideNumbers {
  const of = (value: (run: Run) => number) => round(spreadOf(runs.map(value)), 0);
  const names = Object.keys(runs[0]?.measures ?? {});
  const measures = names.map((measure) => {
    const { median } = spreadOf(runs.map((run) => run.measures[measure] ?? Number.NaN));
    return [measure, Number(median.toPrecision(6))] as const;
  });
  return {
    name,
    wallMs: of((run) => run.wallMs),
    cpuMs: of((run) => run.cpuMs),
    peakMb: of((run) => run.peakMb),
    measures: Object.fromEntries(measures),
  };
}

function round({ median, min, max }: Spread, digits: number): Spread {
  const cut = (value: number) => Number(value.toFixed(digits));
  return { median: cut(median), min: cut(min), max: cut(max) };
}

/** What the run is measured with. */
export function circumstances(command: string, build: string, now: Date): Circumstances {
  return {
    date: now.toISOString(),
    command,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${platform()} ${release()}`,
    node: process.version,
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
    commit: commitOf(),
    build,
  };
}

function commitOf(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
  try {
    const dirty = git('status', '--porcelain', '--', 'src') === '' ? '' : '+';
    return git('rev-parse', '--short', 'HEAD') + dirty;
  } catch {
    // A package without its repository can be measured too.
    return 'unknown';
  }
}

/** Adds a run to those that are kept. */
export function saveResult(result: ResultFile): string {
  mkdirSync(RESULTS, { recursive: true });
  const stamp = result.circumstances.date.replaceAll(/[-:]|\.\d+/g, '');
  const path = join(RESULTS, `${stamp}.json`);
  writeFileSync(path, `${JSON.stringify(result, undefined, 2)}\n`);
  return path;
}

/** Every run that is kept, oldest first. */
export function keptResults(): readonly ResultFile[] {
  return readdirSync(RESULTS)
    .filter((name) => /^\d{8}T\d{6}Z\.json$/.test(name))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(RESULTS, name), 'utf8')) as ResultFile);
}
