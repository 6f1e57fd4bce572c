import type { Entity } from './model.js';

/** The reason why a record was not sent. It contains places and fields, never a value of a profile. */
export interface Rejection {
  readonly entity: Entity;
  /** The external id (for a membership `group/member`); undefined if the record cannot be identified. */
  readonly externalId: string | undefined;
  /** The file or other name of the source, if it is known. */
  readonly file: string | undefined;
  /** 1-based line in the file, if it is known. */
  readonly line: number | undefined;
  /** 1-based position of the record in its flow. */
  readonly position: number;
  /** The attribute with the error, if there is one. */
  readonly field: string | undefined;
  /** Stable code, e.g. `TOO_LONG`. */
  readonly code: string;
  /** The reason in words, to be read after the name of the field. */
  readonly reason: string;
}

/** The counts of one entity's records: `read = accepted + rejected + leftOut`. `unidentified` records are a part of the rejected ones. */
export interface ReadCounts {
  read: number;
  accepted: number;
  rejected: number;
  unidentified: number;
  /** Rows that a condition of the mapping leaves out, and memberships of users and groups that are not kept in sync. */
  leftOut: number;
}
