/** The last run of each source as text. */
import type { Outcome } from './ending.js';
import type { LastRun } from './runs.js';
import type { Fleet } from './sources.js';

/** Endings after which somebody has to do something. */
const NEED_SOMEBODY: ReadonlySet<string | null> = new Set<Outcome>([
  'partly',
  'stopped by the guard',
  'failed',
  'over its time limit',
  // Until another worker continues; for good, if it was the last attempt.
  'lost',
]);

export function statusText(fleet: Fleet, runs: readonly LastRun[], all: boolean): string {
  const known = runs.filter(({ source }) => fleet.sources.has(source));
  const shown = all ? known : known.filter(({ outcome }) => NEED_SOMEBODY.has(outcome));
  const never = [...fleet.sources.keys()].filter((name) => !runs.some(({ source }) => source === name));
  const needing = known.filter(({ outcome }) => NEED_SOMEBODY.has(outcome)).length;
  const counts = [
    [`${fleet.sources.size} sources`, true],
    [needing === 1 ? '1 needs somebody' : `${needing} need somebody`, true],
    [`${known.filter(({ ended_at }) => ended_at === null).length} running`, true],
    [`never run: ${never.join(', ')}`, never.length > 0],
  ];
  return [
    ...shown.flatMap(linesOf),
    counts
      .filter(([, isShown]) => isShown)
      .map(([text]) => text)
      .join(', '),
  ].join('\n');
}

function linesOf(run: LastRun): string[] {
  const { source, started_at, outcome, message, plan_hash, counts } = run;
  const undone = Object.entries(counts).filter(
    ([name, count]) => ['rejected', 'refused', 'heldBack'].includes(name) && count > 0,
  );
  const details = undone.map(
    ([name, count]) => `${count} ${name === 'heldBack' ? 'deletions held back' : name}`,
  );
  return [
    `${source}: ${outcome ?? 'running'}, ${started_at.toISOString()}${details.map((text) => `, ${text}`).join('')}`,
    ...(message === null ? [] : [`  ${message}`]),
    ...(plan_hash === null ? [] : [`  node dist/fleet.js approve ${source} ${plan_hash}`]),
  ];
}
