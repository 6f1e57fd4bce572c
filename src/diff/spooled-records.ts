import type { Chunk } from '../flow/chunk.js';
import type { RecordPlace, RecordSource } from './records-of-file.js';

/** What precedes the records of a chunk in a spool. */
export interface SpooledHead extends Partial<RecordSource> {
  readonly count: number;
  /** The indexes of records that are needed even if they are unchanged. */
  readonly needed?: 'all' | readonly number[] | undefined;
  /** Records of the source before the chunk; undefined if each record has its position. */
  readonly first?: number | undefined;
  readonly positions?: readonly number[] | undefined;
  readonly lines?: readonly number[] | undefined;
  readonly names?: readonly string[] | undefined;
}

/**
 * Some records of a chunk as a text: a line with the head, and one for each record, so that one record can be read without the others.
 *
 * @param indexes - of the records in the chunk, in order
 * @param first - records of the source before the chunk
 */
export function encodeRecords(
  chunk: Chunk<unknown>,
  indexes: readonly number[],
  first: number,
  needed: 'all' | readonly number[],
): string {
  const { file, isOneOfSeveral, lines, names, positions } = chunk.places ?? {};
  const isWhole = indexes.length === chunk.length;
  const head: SpooledHead = {
    count: indexes.length,
    ...(needed.length > 0 && { needed }),
    ...(file !== undefined && { file }),
    ...(isOneOfSeveral !== undefined && { isOneOfSeveral }),
    ...(lines && { lines: pickOf(lines, indexes) }),
    ...(names && { names: pickOf(names, indexes) }),
    ...(positions === undefined && isWhole
      ? { first }
      : { positions: indexes.map((i) => positions?.[i] ?? first + i + 1) }),
  };
  let text = JSON.stringify(head);
  for (const i of indexes) text += '\n' + JSON.stringify(chunk[i]);
  return text;
}

/** The head of a text of {@link encodeRecords}. */
export function decodeHead(text: string): SpooledHead {
  const end = text.indexOf('\n');
  return JSON.parse(text.slice(0, end)) as SpooledHead;
}

/** The records of a text of {@link encodeRecords}, each as JSON. */
export function linesOf(text: string): readonly string[] {
  return text.split('\n').slice(1);
}

/** The place of the record with an index. */
export function placeAt({ first, positions, lines, names }: SpooledHead, i: number): RecordPlace {
  return { line: lines?.[i], name: names?.[i], position: positions?.[i] ?? (first ?? 0) + i + 1 };
}

function pickOf<T>(values: ArrayLike<T>, indexes: readonly number[]): T[] {
  return indexes.map((i) => values[i] as T);
}
