/** Records that built-in stages hand to each other at once; 256 to 1,024 cost least per record, see docs/performance.md. */
export const CHUNK_SIZE = 512;

/** Where the records of a chunk stand in their source, so that a bad one can be named by file and line. */
export interface Places {
  readonly file: string | undefined;
  /** 1-based line of each record, parallel to the chunk. */
  readonly lines: ArrayLike<number> | undefined;
  /** 1-based position of each record among all of its source, where unchanged rows were left out. */
  readonly positions?: ArrayLike<number> | undefined;
  /** Marks the unchanged rows before a position as seen: the order of rows decides which of two is a duplicate. */
  readonly markSeenBefore?: ((position: number) => void) | undefined;
}

const PLACES = Symbol('places');

/** Attaches places to a chunk and returns it. */
export function withPlaces<T>(chunk: T[], places: Places | undefined): T[] {
  if (places !== undefined) (chunk as { [PLACES]?: Places })[PLACES] = places;
  return chunk;
}

/** The places of a chunk, where its stages kept them. */
export function placesOf(chunk: readonly unknown[]): Places | undefined {
  return (chunk as { [PLACES]?: Places })[PLACES];
}

/** The places of those records of a chunk that are kept, by their indexes in it. */
export function pickPlaces(places: Places | undefined, kept: ArrayLike<number>): Places | undefined {
  if (places === undefined || (places.lines ?? places.positions) === undefined) return places;
  return {
    ...places,
    lines: picked(places.lines, kept),
    positions: picked(places.positions, kept),
  };
}

function picked(from: ArrayLike<number> | undefined, kept: ArrayLike<number>): Uint32Array | undefined {
  if (from === undefined) return undefined;
  const numbers = new Uint32Array(kept.length);
  for (let i = 0; i < kept.length; i++) numbers[i] = from[kept[i] ?? 0] ?? 0;
  return numbers;
}
