/** Records that built-in stages pass to each other at once; 256 to 1,024 cost least per record, see docs/performance.md. */
export const CHUNK_SIZE = 512;

/**
 * Records with their places. A stage that makes new records of a chunk says what their places are: an array alone is no chunk,
 * so a stage that forgets them does not compile.
 */
export type Chunk<T> = readonly T[] & {
  /** Where the records stand in their source; undefined where nobody knows. */
  readonly places: Places | undefined;
};

/** Where the records of a chunk stand in their source, so that a bad one can be named by file and line. */
export interface Places {
  readonly file: string | undefined;
  /** 1-based line of each record, parallel to the chunk. */
  readonly lines: ArrayLike<number> | undefined;
  /**
   * 1-based position of each record among all of its source, where unchanged rows were left out.
   * @internal
   */
  readonly positions?: ArrayLike<number> | undefined;
  /**
   * Marks the unchanged rows before a position as seen: the order of rows decides which of two is a duplicate.
   * @internal
   */
  readonly markSeenBefore?: ((position: number) => void) | undefined;
}

/** Records with their places. The array becomes the chunk: it is not copied, and belongs to nobody else. */
export function withPlaces<T>(records: T[], places: Places | undefined): Chunk<T> {
  if (places !== undefined) (records as { places?: Places }).places = places;
  return records as readonly T[] as Chunk<T>;
}

/** Records whose places nobody knows, or needs: those of an iterable, changes, batches. */
export function withoutPlaces<T>(records: readonly T[]): Chunk<T> {
  return records as Chunk<T>;
}

/** Some records of a chunk, by their indexes in it. */
export function pick<T>(chunk: Chunk<T>, kept: readonly number[]): Chunk<T> {
  return withPlaces(
    kept.map((i) => chunk[i] as T),
    pickPlaces(chunk.places, kept),
  );
}

/** The places of some records of a chunk, by their indexes in it. */
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
