import type { Batch } from '../core/model.js';
import { createsIn, usersIn, type PackedBatch } from './packed-batch.js';

/** Counts the changes that were read from the queue and are not confirmed yet, as far as dependent changes wait for them. */
export class Unconfirmed {
  /** Users and groups that are created. */
  #creates = 0;
  /** Users who are removed, created or changed, without those who wait themselves. */
  #users = 0;

  get creates(): boolean {
    return this.#creates > 0;
  }

  add(batch: Batch): void {
    this.#creates += createsIn(batch);
    this.#users += usersIn(batch);
  }

  /** A batch was confirmed, or is given up. */
  remove({ creates, users }: Pick<PackedBatch, 'creates' | 'users'>): void {
    this.#creates -= creates;
    this.#users -= users;
  }

  /**
   * True if a batch must be sent in a session after those that are not confirmed yet. A user may get the login of a user who is
   * removed or changed there, and a membership may name a user or group that is created there. Deletions need no such session:
   * they only have to come after other changes.
   */
  delays({ entity, kind, dependent }: Batch): boolean {
    if (!dependent || kind === 'delete') return false;
    return entity === 'users' ? this.#users > 0 : this.#creates > 0;
  }
}
