import { decodeChanges, encodeChanges } from '../core/change-codec.js';
import type { Batch, ChangeKind, Entity } from '../core/model.js';
import { makeBatch } from '../okta/bulk-body.js';

/**
 * A batch that waits to be sent, or for the end of its session. It is stored as bytes, because a session of memberships may have
 * 700,000 changes, and two sessions are in memory at a time.
 */
export class PackedBatch {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  /** The number of changes. */
  readonly size: number;
  /** Users or groups that the batch creates. */
  readonly creates: number;
  /** Users for whose confirmation dependent users wait. */
  readonly users: number;
  /** True if any change inside is dependent. */
  readonly dependent: boolean;
  readonly #changes: Buffer;

  constructor(batch: Batch) {
    this.entity = batch.entity;
    this.kind = batch.kind;
    this.size = batch.changes.length;
    this.creates = createsIn(batch);
    this.users = usersIn(batch);
    this.dependent = batch.dependent;
    this.#changes = encodeChanges(batch.changes, batch);
  }

  unpack(): Batch {
    return makeBatch(this.entity, this.kind, decodeChanges(this.#changes, this));
  }
}

/** Users or groups that a batch creates. */
export function createsIn({ entity, kind, changes }: Batch): number {
  if (entity === 'memberships' || kind === 'delete') return 0;
  return changes.filter(({ created }) => created).length;
}

/** Users of a batch for whose confirmation dependent users wait. */
export function usersIn({ entity, dependent, changes }: Batch): number {
  return entity === 'users' && !dependent ? changes.length : 0;
}
