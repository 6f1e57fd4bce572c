import type { Entity } from '../core/model.js';
import type { HeldRow, StateStore } from '../state/store.js';

/** All rows of an entity in chunks; with `sample`, one chunk of that many rows, each with the same probability. */
export async function* rowsToRead(
  state: StateStore,
  entity: Entity,
  sample: number | undefined,
  random: () => number,
): AsyncGenerator<readonly HeldRow[], void, undefined> {
  if (sample === undefined) yield* state.rows(entity);
  else yield await sampled(state.rows(entity), sample, random);
}

/** Reservoir sampling: the n-th row replaces one of the sample with probability size / n. */
async function sampled(
  rows: AsyncIterable<readonly HeldRow[]>,
  size: number,
  random: () => number,
): Promise<readonly HeldRow[]> {
  const chosen: HeldRow[] = [];
  let seen = 0;
  for await (const chunk of rows) {
    for (const row of chunk) {
      seen++;
      if (chosen.length < size) chosen.push(row);
      else {
        const place = Math.floor(random() * seen);
        if (place < size) chosen[place] = row;
      }
    }
  }
  return chosen;
}
