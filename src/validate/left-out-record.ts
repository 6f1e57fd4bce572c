import type { Entity, RecordOf } from '../core/model.js';

class LeftOutRecord {
  constructor(readonly key: string | undefined) {}
}

/**
 * A placeholder for a row that a condition of the mapping leaves out. `validate` counts it and passes it on to nobody, so
 * that its entity counts as missing from the source.
 *
 * @param key - the key of the record (`keyOf`), if it is known: memberships that name it are left out too
 */
export function leftOutRecord<E extends Entity>(key: string | undefined): RecordOf[E] {
  return new LeftOutRecord(key) as unknown as RecordOf[E];
}

/** True for a placeholder of {@link leftOutRecord}. */
export function isLeftOut(record: unknown): record is { readonly key: string | undefined } {
  return record instanceof LeftOutRecord;
}
