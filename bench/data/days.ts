import { person, type PersonRow } from './people.js';
import { shuffled } from './random.js';

/** What the second day of a directory differs by from the first. */
export interface DayTruth {
  readonly creates: number;
  readonly updates: number;
  readonly deletes: number;
}

const SHUFFLE_SEED = 71;
const CHOICE_SEED = 72;

/** 1 % changed, 0.1 % removed and 0.1 % new, at least one each. */
export function truthOf(size: number): DayTruth {
  return {
    creates: Math.max(1, Math.round(size / 1000)),
    updates: Math.max(1, Math.round(size / 100)),
    deletes: Math.max(1, Math.round(size / 1000)),
  };
}

/** The first day, in the order of ids. */
export function* firstDay(size: number): Generator<PersonRow, void, undefined> {
  for (let i = 0; i < size; i++) yield person(i);
}

/** The first day in another order: nothing changed. */
export function* sameDay(size: number): Generator<PersonRow, void, undefined> {
  for (const i of shuffled(size, SHUFFLE_SEED)) yield person(i);
}

/** The second day, shuffled: changed, removed and new as {@link truthOf} says. */
export function* secondDay(size: number): Generator<PersonRow, void, undefined> {
  const changes = secondDayChanges(size);
  for (const i of shuffled(size + truthOf(size).creates, SHUFFLE_SEED)) {
    const version = changes[i];
    if (version !== REMOVED) yield person(i, version);
  }
}

const REMOVED = 255;

/** By person: the version of the second day, or 255 for one who is gone. Those beyond `size` are new. */
function secondDayChanges(size: number): Uint8Array {
  const { creates, updates, deletes } = truthOf(size);
  const versions = new Uint8Array(size + creates);
  const chosen = shuffled(size, CHOICE_SEED);
  for (let i = 0; i < deletes; i++) versions[chosen[i] as number] = REMOVED;
  for (let i = deletes; i < deletes + updates; i++) versions[chosen[i] as number] = 1;
  return versions;
}
