import { placesOf, withPlaces } from '../../flow/chunk.js';
import type { Flow } from '../../flow/flow.js';
import { screenedOf, type ScreenRequest } from '../../screening/screening.js';

/** The rows of several files, unchanged ones left out where they can be, in the places that they have among all of them. */
export async function* screenedFiles<T>(
  files: Iterable<Flow<T>>,
  request: ScreenRequest,
): AsyncGenerator<readonly T[], void, undefined> {
  let read = 0;
  const onUnchanged = [...request.onUnchanged, (rows: number) => void (read += rows)];
  for (const file of files) {
    const before = read;
    const chunks = screenedOf<T>(file)?.({ ...request, onUnchanged }) ?? file.chunks();
    for await (const chunk of chunks) {
      read += chunk.length;
      yield behind(chunk, before);
    }
  }
}

/** The same chunk with its places counted from the first row of all. */
function behind<T>(chunk: readonly T[], before: number): readonly T[] {
  const places = placesOf(chunk);
  if (before === 0 || places?.positions === undefined) return chunk;
  const { markSeenBefore } = places;
  return withPlaces([...chunk], {
    ...places,
    positions: Array.from(places.positions, (position) => position + before),
    markSeenBefore: markSeenBefore && ((position) => markSeenBefore(position - before)),
  });
}
