/** Records that built-in stages hand to each other at once; 256 to 1,024 cost least per record, see docs/performance.md. */
export const CHUNK_SIZE = 512;

/** Where the records of a chunk stand in their source, so that a bad one can be named by file and line. */
export interface Places {
  readonly file: string | undefined;
  /** 1-based line of each record, parallel to the chunk. */
  readonly lines: ArrayLike<number> | undefined;
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

/** The places of those records of a chunk that are kept, by their positions in it. */
export function pickPlaces(places: Places | undefined, positions: ArrayLike<number>): Places | undefined {
  const lines = places?.lines;
  if (places === undefined || lines === undefined) return places;
  const picked = new Uint32Array(positions.length);
  for (let i = 0; i < positions.length; i++) picked[i] = lines[positions[i] ?? 0] ?? 0;
  return { file: places.file, lines: picked };
}
