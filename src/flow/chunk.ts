/** The most records in a chunk. Sizes from 256 to 1,024 have the least cost per record; see docs/performance.md. */
export const CHUNK_SIZE = 512;

/**
 * Records with their places in the source. A stage that creates new records must also set their places: a plain array is not
 * a chunk, so a stage that forgets the places does not compile.
 */
export type Chunk<T> = readonly T[] & {
  /** The places of the records in their source; undefined if they are unknown. */
  readonly places: Places | undefined;
};

/** The places of the records of a chunk in their source, so that a rejection can name file and line. */
export interface Places {
  readonly file: string | undefined;
  /** 1-based line of each record, parallel to the chunk. */
  readonly lines: ArrayLike<number> | undefined;
  /** The name of each record in its source, such as its DN, parallel to the chunk; for sources without lines. */
  readonly names?: ArrayLike<string> | undefined;
  /**
   * 1-based position of each record in its whole source; set if unchanged rows were left out.
   * @internal
   */
  readonly positions?: ArrayLike<number> | undefined;
  /**
   * True if the source has several files. Then `diff` finds records that two of them have in common.
   * @internal
   */
  readonly isOneOfSeveral?: boolean | undefined;
  /**
   * Marks the unchanged rows before a position as seen, because the order of rows decides which of two is the duplicate.
   * @internal
   */
  readonly markSeenBefore?: ((position: number) => void) | undefined;
}

/** Creates a chunk from records and their places. The array is not copied, so the caller must not use it any more. */
export function withPlaces<T>(records: T[], places: Places | undefined): Chunk<T> {
  if (places !== undefined) (records as { places?: Places }).places = places;
  return records as readonly T[] as Chunk<T>;
}

/** Creates a chunk without places, for records of an iterable, changes and batches. */
export function withoutPlaces<T>(records: readonly T[]): Chunk<T> {
  return records as Chunk<T>;
}

/** Creates a chunk from some records of another one, by their indexes. */
export function pick<T>(chunk: Chunk<T>, kept: readonly number[]): Chunk<T> {
  return withPlaces(
    kept.map((i) => chunk[i] as T),
    pickPlaces(chunk.places, kept),
  );
}

/** Cuts records, of one file, into chunks of the usual size. */
export function* inChunks<T>(
  records: readonly T[],
  places: Places & {
    readonly lines: readonly number[] | undefined;
    readonly positions?: readonly number[] | undefined;
  },
): Generator<Chunk<T>, void, undefined> {
  for (let start = 0; start < records.length; start += CHUNK_SIZE) {
    const end = start + CHUNK_SIZE;
    const { lines, positions } = places;
    yield withPlaces(records.slice(start, end), {
      ...places,
      lines: lines && Uint32Array.from(lines.slice(start, end)),
      positions: positions && Uint32Array.from(positions.slice(start, end)),
    });
  }
}

/**
 * The place of one record, as a rejection names it.
 * @param before - records of the source before the chunk, as far as they were counted
 */
export function placeOf(
  { places }: Chunk<unknown>,
  i: number,
  before: number,
): { readonly file: string | undefined; readonly line: number | undefined; readonly position: number } {
  const name = places?.names?.[i];
  return {
    file: name === undefined ? places?.file : [places?.file, name].filter(Boolean).join(' '),
    line: places?.lines?.[i],
    position: places?.positions?.[i] ?? before + i + 1,
  };
}

/** The places of some records of a chunk, by their indexes in it. */
export function pickPlaces(places: Places | undefined, kept: ArrayLike<number>): Places | undefined {
  if (places === undefined || (places.lines ?? places.positions ?? places.names) === undefined) return places;
  const { names } = places;
  return {
    ...places,
    names: names && Array.from(kept, (i) => names[i] ?? ''),
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
