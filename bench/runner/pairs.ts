import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Case, Outcome } from '../case.js';
import type { ChildResult, Job } from './job.js';
import { watchPrivateMemory } from './private-memory.js';

const DEFAULT_PAIRS = 5;
const MAX_OUTPUT = 1 << 26;

/** One timed run of one side. */
export interface Run {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMb: number;
  readonly measures: Readonly<Record<string, number>>;
}

/** All runs of a case. */
export interface CaseRuns {
  readonly size: number;
  readonly counts: Readonly<Record<'rollcall' | 'peer', Readonly<Record<string, number>>>>;
  /** True when both told a digest of all they found, and the digests were equal. */
  readonly sameFinds: boolean;
  readonly rollcall: readonly Run[];
  readonly peer: readonly Run[];
  readonly unavailable?: string | undefined;
}

/** How a case is run. */
export interface PairOptions {
  /** The folder of the compiled benches. */
  readonly compiled: string;
  readonly dist: string;
  readonly build: string;
  readonly size: number;
  readonly pairs?: number | undefined;
}

/** Checks that both sides find the same, then runs them in turn, each in a process of its own. */
export async function runPairs(bench: Case, options: PairOptions): Promise<CaseRuns> {
  const { size, dist, build, compiled } = options;
  const pairs = options.pairs ?? bench.pairs ?? DEFAULT_PAIRS;
  const start = (task: Job['task'], side: Job['side']) =>
    spawnChild(compiled, { task, side, case: bench.name, size, dist, build });

  const { unavailable } = await start('prepare', 'rollcall');
  const none = { size, counts: { rollcall: {}, peer: {} }, sameFinds: false, rollcall: [], peer: [] };
  if (unavailable !== undefined) return { ...none, unavailable };
  const found = { rollcall: await start('check', 'rollcall'), peer: await start('check', 'peer') };
  const outcomes = { rollcall: found.rollcall.outcome as Outcome, peer: found.peer.outcome as Outcome };
  requireSameFinds(bench, size, outcomes.rollcall, outcomes.peer);

  const runs = { rollcall: [] as Run[], peer: [] as Run[] };
  for (let pair = 0; pair < pairs; pair++) {
    for (const side of ['rollcall', 'peer'] as const) {
      const { outcome, wallMs = 0, cpuMs = 0, peakMb = 0 } = await start('time', side);
      requireEqual(bench.name, outcomes[side].counts, outcome?.counts ?? {}, 'its checking run');
      runs[side].push({ wallMs, cpuMs, peakMb, measures: outcome?.measures ?? {} });
    }
  }
  return {
    size,
    counts: { rollcall: outcomes.rollcall.counts, peer: outcomes.peer.counts },
    sameFinds: outcomes.rollcall.digest !== undefined && outcomes.peer.digest !== undefined,
    ...runs,
  };
}

/** Throws unless both sides found the same, and what the generator made. */
export function requireSameFinds(bench: Case, size: number, rollcall: Outcome, peer: Outcome): void {
  requireEqual(bench.name, rollcall.counts, peer.counts, 'the peer');
  const truth = bench.truth?.(size);
  if (truth !== undefined) requireEqual(bench.name, rollcall.counts, truth, 'the generator');
  if (rollcall.digest !== undefined && peer.digest !== undefined && rollcall.digest !== peer.digest)
    throw new Error(`${bench.name}: both sides found as many changes, but not the same`);
}

function requireEqual(
  name: string,
  ours: Readonly<Record<string, number>>,
  others: Readonly<Record<string, number>>,
  whose: string,
): void {
  for (const [count, value] of Object.entries(ours))
    if (others[count] !== undefined && others[count] !== value)
      throw new Error(`${name}: ${count} is ${value}, and ${others[count]} by ${whose}`);
}

/** Prepares a case and runs one side of it once, in a process with these options of Node's. */
export async function runOnce(
  bench: Case,
  side: Job['side'],
  options: PairOptions,
  nodeOptions: readonly string[],
): Promise<ChildResult> {
  const { size, dist, build, compiled } = options;
  const job = { side, case: bench.name, size, dist, build };
  await spawnChild(compiled, { ...job, task: 'prepare' });
  return spawnChild(compiled, { ...job, task: 'time' }, nodeOptions);
}

async function spawnChild(
  compiled: string,
  job: Job,
  nodeOptions: readonly string[] = [],
): Promise<ChildResult> {
  const args = [...nodeOptions, join(compiled, 'runner/child.js'), JSON.stringify(job)];
  const running = promisify(execFile)(process.execPath, args, { maxBuffer: MAX_OUTPUT });
  const peakOf = watchPrivateMemory(running.child.pid);
  const { stdout } = await running.finally(peakOf);
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as ChildResult;
  // Where the system does not tell private memory, it is all that was resident.
  return { ...result, peakMb: peakOf() ?? result.peakMb };
}
