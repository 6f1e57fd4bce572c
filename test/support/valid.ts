import type { Entity, RecordOf, Valid } from '../../src/core/model.js';

/** Records as if `validate` had accepted them, where a law is to hold for any record. */
export function valid<E extends Entity>(_entity: E, records: readonly RecordOf[E][]): readonly Valid<E>[] {
  return records as readonly Valid<E>[];
}
