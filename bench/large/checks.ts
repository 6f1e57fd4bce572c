import type { OrgSession } from 'rollcall/simulator';
import type { KillPoint, Life } from './life.js';

export const isCompleted = ({ status }: OrgSession) => status === 'COMPLETED';
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Sessions of which a life said that they are in the state. */
function toldIds({ commits, settled }: Life): ReadonlySet<string> {
  const done = settled.filter(({ outcome }) => outcome === 'completed');
  return new Set([...commits, ...done].flatMap(({ sessionId }) => sessionId ?? []));
}

/** What is wrong with the checkpoints of one life: the state must have gained what it told, session by session. */
export function lifeFaults(
  life: Life,
  kill: KillPoint | undefined,
  sessions: readonly OrgSession[],
  gained: number,
): string[] {
  const faults: string[] = [];
  if (life.killed !== (kill !== undefined))
    faults.push(kill === undefined ? 'it was killed' : 'it never came where it was to be killed');
  const told = toldIds(life);
  const items = sum(sessions.filter(({ id }) => told.has(id)).map((session) => session.items));
  const untold = gained - items;
  // One session can have been committed without a word of it, right before the kill; no part of one.
  const isOne = sessions.some((session) => isCompleted(session) && session.items === untold);
  if (untold !== 0 && !(life.killed && isOne))
    faults.push(`the state gained ${gained} people, and ${items} were told`);
  const committed = sum(life.commits.map(({ changes }) => changes));
  if (life.confirmed !== undefined && life.confirmed !== committed)
    faults.push(`${life.confirmed} people confirmed, ${committed} committed`);
  return faults;
}

/** What is wrong with the checkpoints of all lives together: each session that Okta completed is one, with all it held. */
export function checkpointFaults(
  lives: readonly Life[],
  kills: readonly KillPoint[],
  sessions: readonly OrgSession[],
  size: number,
): string[] {
  const faults: string[] = [];
  const completed = sessions.filter(isCompleted);
  const told = new Set(lives.flatMap((life) => [...toldIds(life)]));
  // A kill can fall between the commit of a session and the word of it.
  const untold = completed.filter(({ id }) => !told.has(id)).length;
  if (untold > kills.length || told.size + untold !== completed.length)
    faults.push(`${told.size} checkpoints for ${completed.length} sessions`);
  const confirmed = sum(completed.map(({ items }) => items));
  if (confirmed !== size) faults.push(`${confirmed} people in sessions that were COMPLETED, of ${size}`);
  return faults;
}

/** What is left of JavaScript's heap after collecting garbage may differ by this much over a send. */
const MOST_HEAP_MB = 5;
/** All memory of its own may grow by the index of the rows that were committed, and by the garbage of a moment. */
const INDEX_BYTES = 32;
const MOST_OWN_MB = 10;
/** With fewer sessions in a life memory tells nothing: garbage hides it, unless it was collected before each look. */
const FEWEST_SESSIONS = 100;
const FEWEST_COLLECTED = 12;

/** What is wrong with the memory of a life while it sent. */
export function memoryFaults(life: Life, collect: boolean): string[] {
  const { commits } = life;
  if (commits.length < (collect ? FEWEST_COLLECTED : FEWEST_SESSIONS)) return [];
  // The growth is told from the second quarter on.
  const people = sum(commits.slice(Math.floor(commits.length / 4)).map(({ changes }) => changes));
  const most = { heap: MOST_HEAP_MB, own: MOST_OWN_MB + (people * INDEX_BYTES) / 1e6 };
  return (['heap', 'own'] as const)
    .map((measure) => ({ measure, growth: growthMb(life, measure) }))
    .filter(({ measure, growth }) => !(growth <= most[measure]))
    .map(
      ({ measure, growth }) =>
        `its memory (${measure}) grew by ${growth.toFixed(0)} MB over ${people} people`,
    );
}

/**
 * By how much more memory it had in the last quarter of the send than in the second: the least of each, because what is above
 * that is garbage that was not collected yet. In the first there is little of it still: the heap is as small as reading left it,
 * and what the first sessions add is no growth over the send. NaN where there are not enough sessions for quarters.
 */
export function growthMb({ commits }: Life, measure: 'heap' | 'own'): number {
  const quarter = Math.floor(commits.length / 4);
  if (quarter === 0) return Number.NaN;
  const least = (part: typeof commits) => Math.min(...part.map(({ memory }) => memory[measure]));
  return least(commits.slice(-quarter)) - least(commits.slice(quarter, 2 * quarter));
}
