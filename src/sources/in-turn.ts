import { withPlaces, type Chunk } from '../flow/chunk.js';
import { flowOf, type Flow } from '../flow/flow.js';
import { RunContext } from '../flow/run-context.js';
import { screenedOf, type OpenScreened, type ScreenRequest } from '../screening/screening.js';

/** Reads several sources one after another, as one source: places count from the first row of the first source. */
export function inTurn<T>(sources: () => AsyncIterable<Flow<T>>): Flow<T> {
  const openScreened: OpenScreened<T> = (request) => rowsOf(sources(), request);
  return flowOf(() => rowsOf(sources(), undefined), new RunContext(), openScreened);
}

async function* rowsOf<T>(
  sources: AsyncIterable<Flow<T>>,
  request: ScreenRequest | undefined,
): AsyncGenerator<Chunk<T>, void, undefined> {
  let read = 0;
  const onUnchanged = [...(request?.onUnchanged ?? []), (rows: number) => void (read += rows)];
  for await (const source of sources) {
    const before = read;
    const screened = request && screenedOf(source)?.({ ...request, onUnchanged });
    for await (const chunk of screened ?? source.chunks()) {
      read += chunk.length;
      yield behind(chunk, before);
    }
  }
}

/** The same chunk, with places that count from the first row of the first source. */
function behind<T>(chunk: Chunk<T>, before: number): Chunk<T> {
  const { places } = chunk;
  if (before === 0 || places?.positions === undefined) return chunk;
  const { markSeenBefore } = places;
  return withPlaces([...chunk], {
    ...places,
    positions: Array.from(places.positions, (position) => position + before),
    markSeenBefore: markSeenBefore && ((position) => markSeenBefore(position - before)),
  });
}
