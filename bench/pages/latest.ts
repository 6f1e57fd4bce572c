import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case } from '../case.js';
import { CASES } from '../cases.js';
import type { KeptLargeResult } from '../large/table.js';
import { keptResults, RESULTS, type CaseResult, type Circumstances } from '../runner/results.js';
import type { SessionResult } from '../sessions/result.js';

/** The size of cases that name none. */
export const USUAL_SIZE = 1_000_000;

/** The newest result of a case at one size. */
export interface LatestResult {
  readonly bench: Case;
  readonly result: CaseResult;
  readonly circumstances: Circumstances;
}

/** True for a result at the size at which the case has its target. */
export function isFullSize({ bench, result }: LatestResult): boolean {
  return result.size === (bench.size ?? USUAL_SIZE);
}

/** The newest result of each case and size, in the order of the cases; the largest size first. */
export function latestResults(): readonly LatestResult[] {
  const latest = new Map<string, LatestResult>();
  for (const { circumstances, cases } of keptResults())
    for (const result of cases) {
      const bench = CASES.find(({ name }) => name === result.name);
      if (bench !== undefined) latest.set(`${result.name} ${result.size}`, { bench, result, circumstances });
    }
  return CASES.flatMap((bench) =>
    [...latest.values()]
      .filter((candidate) => candidate.bench === bench)
      .sort((a, b) => b.result.size - a.result.size),
  );
}

/** The simulated sessions, where they were run. */
export function sessionResults(): readonly SessionResult[] {
  const path = join(RESULTS, 'sessions.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as SessionResult[]) : [];
}

/** The large first load, where it was run. */
export function largeResult(): KeptLargeResult | undefined {
  const path = join(RESULTS, 'large.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as KeptLargeResult) : undefined;
}
