import { withPlaces, type Chunk } from '../flow/chunk.js';
import { contextOf, flowOf, type Flow } from '../flow/flow.js';
import { RunContext } from '../flow/run-context.js';
import { screenedOf, type OpenScreened, type ScreenRequest } from '../screening/screening.js';

/**
 * Reads several sources one after another, as one source. Its context has their number (`sourceFiles`) when they are read, and all their
 * blank rows. Places count from the first row of the first source. The next source is taken from the iterable before the one before it
 * is read, so it must not be opened by that.
 */
export function inTurn<T>(sources: () => AsyncIterable<Flow<T>>): Flow<T> {
  const context = new RunContext();
  const openScreened: OpenScreened<T> = (request) => rowsOf(sources(), request, context);
  return flowOf(() => rowsOf(sources(), undefined, context), context, openScreened);
}

async function* rowsOf<T>(
  sources: AsyncIterable<Flow<T>>,
  request: ScreenRequest | undefined,
  context: RunContext,
): AsyncGenerator<Chunk<T>, void, undefined> {
  let read = 0;
  let files = 0;
  const onUnchanged = [...(request?.onUnchanged ?? []), (rows: number) => void (read += rows)];
  for await (const { source, isOneOfSeveral } of withOthers(sources)) {
    const before = read;
    files++;
    const screened = request && screenedOf(source)?.({ ...request, onUnchanged, isOneOfSeveral });
    for await (const chunk of screened ?? source.chunks()) {
      read += chunk.length;
      yield placed(chunk, before, isOneOfSeveral);
    }
    context.blankRows += contextOf(source).blankRows;
  }
  context.sourceFiles = files;
}

/** Each source, and whether there are others. */
async function* withOthers<T>(
  sources: AsyncIterable<Flow<T>>,
): AsyncGenerator<{ readonly source: Flow<T>; readonly isOneOfSeveral: boolean }, void, undefined> {
  let previous: Flow<T> | undefined;
  let isOneOfSeveral = false;
  for await (const source of sources) {
    if (previous !== undefined) yield { source: previous, isOneOfSeveral: (isOneOfSeveral = true) };
    previous = source;
  }
  if (previous !== undefined) yield { source: previous, isOneOfSeveral };
}

/** The same chunk, with places that count from the first row of the first source. */
function placed<T>(chunk: Chunk<T>, before: number, isOneOfSeveral: boolean): Chunk<T> {
  const { places } = chunk;
  if (!isOneOfSeveral || places === undefined) return chunk;
  const { markSeenBefore, positions } = places;
  return withPlaces([...chunk], {
    ...places,
    isOneOfSeveral,
    positions: positions && Array.from(positions, (position) => position + before),
    markSeenBefore: markSeenBefore && ((position) => markSeenBefore(position - before)),
  });
}
