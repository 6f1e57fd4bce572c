import { pickPlaces, withPlaces, type Chunk } from '../flow/chunk.js';
import type { Chunks, Flow } from '../flow/flow.js';
import type { MappingOf } from '../core/declared-mapping.js';
import { stageOf } from '../screening/screening.js';
import { addMapping } from './map.js';

/**
 * Maps each row to a record, with its place; undefined leaves a row out.
 * @param mapping - the declared mapping of the function, if there is one
 */
export function mapRows<A, B>(
  rows: Flow<A>,
  toRecord: (row: A) => B | undefined,
  mapping?: MappingOf,
): Flow<B> {
  return stageOf(rows, (chunks) => mappedRows(chunks, toRecord), addMapping(mapping));
}

async function* mappedRows<A, B>(
  chunks: Chunks<A>,
  toRecord: (row: A) => B | undefined,
): AsyncGenerator<Chunk<B>, void, undefined> {
  for await (const chunk of chunks) {
    const records: B[] = [];
    const kept: number[] = [];
    for (let i = 0; i < chunk.length; i++) {
      const record = toRecord(chunk[i] as A);
      if (record === undefined) continue;
      records.push(record);
      kept.push(i);
    }
    const { places } = chunk;
    if (records.length > 0)
      yield withPlaces(records, records.length === chunk.length ? places : pickPlaces(places, kept));
  }
}
