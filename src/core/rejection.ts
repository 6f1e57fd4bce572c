import type { Entity } from './model.js';

/** Why a record was refused. Names places and fields, never a value of a profile. */
export interface Rejection {
  readonly entity: Entity;
  /** The record's external id (a membership: `group/member`); undefined when the record cannot be identified. */
  readonly externalId: string | undefined;
  /** The file or other name of the source, where it is known. */
  readonly file: string | undefined;
  /** 1-based line in the file, where it is known. */
  readonly line: number | undefined;
  /** 1-based position of the record in its flow. */
  readonly position: number;
  /** The attribute at fault, where there is one. */
  readonly field: string | undefined;
  /** Stable code, e.g. `TOO_LONG`. */
  readonly code: string;
  /** One sentence for a person. */
  readonly reason: string;
}

/** What one entity's records came to: `read = accepted + rejected`. */
export interface ReadCounts {
  read: number;
  accepted: number;
  rejected: number;
  unidentified: number;
}
