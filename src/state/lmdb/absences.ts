import { ENTITIES, type Entity } from '../../core/model.js';
import type { Tables } from './lmdb-tables.js';
import { decodeKey, encodeKey } from './row-codec.js';

/** The number of complete reads in a row from which an entity was missing, by key. */
export function absencesOf({ absences }: Tables, entity: Entity): Map<string, number> {
  const number = ENTITIES.indexOf(entity);
  const range = absences.getRange({ start: Buffer.of(number), end: Buffer.of(number + 1) });
  return new Map(range.map(({ key, value }) => [decodeKey(key.subarray(1)), value]));
}

/** Replaces the counts that {@link absencesOf} returns. Runs inside a write. */
export function replaceAbsences(tables: Tables, entity: Entity, counts: ReadonlyMap<string, number>): void {
  const { absences } = tables;
  const prefix = Buffer.of(ENTITIES.indexOf(entity));
  const keyOf = (key: string) => Buffer.concat([prefix, encodeKey(key)]);
  for (const key of absencesOf(tables, entity).keys()) if (!counts.has(key)) absences.removeSync(keyOf(key));
  for (const [key, count] of counts) absences.putSync(keyOf(key), count);
}
