import type { Entity, RecordOf } from '../core/model.js';

/** Why a source could not make a record of what it read. Names places and fields, never a value. */
export interface Refusal {
  /** The record's key (`keyOf`), where it is known: what Okta holds under it is then kept. */
  readonly key: string | undefined;
  readonly field: string | undefined;
  /** Stable code, e.g. `NOT_MAPPED`. */
  readonly code: string;
  /** One sentence for a person. */
  readonly reason: string;
}

class RefusedRecord {
  constructor(readonly refusal: Refusal) {}
}

/**
 * What a source hands on in the place of a record that it cannot make. `validate` rejects it for the reason given,
 * so that it is counted, reported with its place, and never taken for a removed one. It passes no check as a record.
 */
export function refusedRecord<E extends Entity>(refusal: Refusal): RecordOf[E] {
  return new RefusedRecord(refusal) as unknown as RecordOf[E];
}

/** The refusal of what {@link refusedRecord} made. */
export function refusalOf(record: unknown): Refusal | undefined {
  return record instanceof RefusedRecord ? record.refusal : undefined;
}
