import type { Entity, RecordOf } from '../core/model.js';

/** The reason why a source could not create a record. It contains places and fields, never a value. */
export interface Refusal {
  /** The key of the record (`keyOf`), if it is known: the entity then stays in Okta as it is. */
  readonly key: string | undefined;
  readonly field: string | undefined;
  /** Stable code, e.g. `NOT_MAPPED`. */
  readonly code: string;
  /** The reason in words, to be read after the name of the field. */
  readonly reason: string;
}

class RefusedRecord {
  constructor(readonly refusal: Refusal) {}
}

/**
 * A placeholder for a record that a source cannot create. `validate` rejects it with the given reason. It is therefore
 * counted and reported with its place, and does not count as removed.
 * @example
 * const users = pipe(
 *   fromCsv('people.csv'),
 *   map((row) =>
 *     row.mail
 *       ? { externalId: row.id!, profile: { userName: row.mail, email: row.mail } }
 *       : refusedRecord<'users'>({ key: row.id, field: 'mail', code: 'NO_MAIL', reason: 'is empty' }),
 *   ),
 * );
 */
export function refusedRecord<E extends Entity>(refusal: Refusal): RecordOf[E] {
  return new RefusedRecord(refusal) as unknown as RecordOf[E];
}

/** The reason inside a placeholder of {@link refusedRecord}; undefined for any other record. */
export function refusalOf(record: unknown): Refusal | undefined {
  return record instanceof RefusedRecord ? record.refusal : undefined;
}
