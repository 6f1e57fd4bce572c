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

/** More growth over a send than this is not flat, in MB: of all memory, and of what is left after collecting garbage. */
const MOST_GROWTH = { own: 40, heap: 5 } as const;
/** Fewer sessions tell nothing. */
const FEWEST_SESSIONS = 12;

/** What is wrong with its memory while it sent. */
export function memoryFaults(life: Life, measure: keyof typeof MOST_GROWTH): string[] {
  const growth = growthMb(life, measure);
  if (growth === undefined || growth <= MOST_GROWTH[measure]) return [];
  return [`its memory (${measure}) grew by ${growth.toFixed(0)} MB while it sent`];
}

/**
 * By how much more memory it had in the last quarter of the send than in the first: the least of each, because what is above
 * that is garbage that was not collected yet.
 */
export function growthMb({ commits }: Life, measure: keyof typeof MOST_GROWTH): number | undefined {
  if (commits.length < FEWEST_SESSIONS) return undefined;
  const quarter = Math.floor(commits.length / 4);
  const least = (part: typeof commits) => Math.min(...part.map(({ memory }) => memory[measure]));
  return least(commits.slice(-quarter)) - least(commits.slice(0, quarter));
}
