/**
 * The wall time of runs under the service's limits, in virtual time: `npm run bench:sessions`; with
 * `-- TEXT` only those whose name holds the text, and the others keep their results.
 *
 * Up to a million users the real upload runs against the simulated org; above that a model speaks, which the table
 * holds to the simulation wherever both can.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RESULTS } from '../runner/results.js';
import { resultOf, type SessionResult } from './result.js';
import { RULE_SCENARIOS } from './rules.js';
import type { Outcome } from './scenario.js';
import { scenariosFor } from './scenarios.js';
import { simulateMean } from './simulate.js';

const SIZES = [100_000, 1_000_000, 10_000_000];
const VARIED_SIZE = 100_000;
/** More changes than this would take more memory than a bench should. */
const MOST_SIMULATED = 1_100_000;

function hours(outcome: Outcome | null): string {
  if (outcome === null) return '-';
  return `${(outcome.wallMs / 3_600_000).toFixed(2)} h in ${Number(outcome.sessions.toFixed(1))}`;
}

const file = join(RESULTS, 'sessions.json');
const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SessionResult[]) : [];
const wanted = process.argv[2] ?? '';

const scenarios = [...RULE_SCENARIOS, ...scenariosFor(SIZES, VARIED_SIZE)];
const results: SessionResult[] = [];

/** After each scenario, so that a run that is ended keeps what it has. Results of earlier runs that come later stay. */
function keep(): void {
  const names = new Set(results.map(({ scenario: { name } }) => name));
  const later = kept.filter(
    ({ scenario: { name } }) => !names.has(name) && scenarios.some((known) => known.name === name),
  );
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(file, `${JSON.stringify([...results, ...later])}\n`);
}

for (const scenario of scenarios) {
  const before = kept.find(({ scenario: { name } }) => name === scenario.name);
  if (before !== undefined && !scenario.name.includes(wanted)) {
    results.push(before);
    continue;
  }
  const result = await resultOf(scenario, MOST_SIMULATED, simulateMean);
  results.push(result);
  keep();
  const bound = (result.boundMs / 3_600_000).toFixed(2);
  console.log(
    `${scenario.name}: simulated ${hours(result.simulated)}, model ${hours(result.predicted)}, bound ${bound} h`,
  );
}
