/** What a page holds: rows, or their attribute prints. */
export type Part = 'rows' | 'prints';

/** Pages that were written together, as the database knows them. What a later extent says of a page counts. */
export interface Extent {
  readonly part: Part;
  readonly file: string;
  readonly offset: number;
  /** The number of each page and its bytes, in the order in which they stand in the file: 32-bit words. */
  readonly pages: Uint8Array;
}

/** A page to be written. */
export interface NumberedPage {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** The pages of an extent, as it keeps them. */
export function numbersAndSizes(pages: readonly NumberedPage[]): Uint8Array {
  return asBytes(pages.flatMap(({ number, bytes }) => [number, bytes.length]));
}

/** Words as they are kept. */
export function asBytes(words: readonly number[]): Uint8Array {
  return Buffer.from(Uint32Array.from(words).buffer);
}

/** A copy: the bytes need not stand where words may. */
export function asWords(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}
