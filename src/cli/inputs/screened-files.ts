import { placesOf, withPlaces } from '../../flow/chunk.js';
import type { Flow } from '../../flow/flow.js';
import { screenedOf, type RowScreen, type ScreenRequest } from '../../screening/screen.js';

/**
 * The rows of several files that are not settled, in the places that they have among all of them. What of a file cannot be
 * settled by its bytes is read as ever.
 */
export async function* screenedFiles<T>(
  files: Iterable<Flow<T>>,
  request: ScreenRequest,
): AsyncGenerator<readonly T[], void, undefined> {
  const open = oncePerShape(request.open.bind(request));
  let read = 0;
  const onSettled = [...request.onSettled, (rows: number) => void (read += rows)];
  for (const file of files) {
    const before = read;
    const chunks = screenedOf<T>(file)?.({ ...request, onSettled, open }) ?? file.chunks();
    for await (const chunk of chunks) {
      read += chunk.length;
      yield behind(chunk, before);
    }
  }
}

/**
 * Files of one input are read one after another, and nearly all have the same columns: one screen serves them. Not one with
 * threads, which may still be busy with a file that was left; a file that is worth them is worth a screen.
 */
function oncePerShape(open: ScreenRequest['open']): ScreenRequest['open'] {
  const screens = new Map<string, RowScreen | undefined>();
  return (shape, threads) => {
    if (threads > 0) return open(shape, threads);
    const { format, columns, delimiter, header } = shape;
    const key = JSON.stringify([format, columns, delimiter, header]);
    if (!screens.has(key)) screens.set(key, open(shape, threads));
    return screens.get(key);
  };
}

/** The same chunk with its places counted from the first row of all. */
function behind<T>(chunk: readonly T[], before: number): readonly T[] {
  const places = placesOf(chunk);
  if (before === 0 || places?.positions === undefined) return chunk;
  const { settleBefore } = places;
  return withPlaces([...chunk], {
    ...places,
    positions: Array.from(places.positions, (position) => position + before),
    settleBefore: settleBefore && ((position) => settleBefore(position - before)),
  });
}
