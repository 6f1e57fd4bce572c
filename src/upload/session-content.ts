import { makeBatch } from '../okta/bulk-body.js';
import { SessionError } from '../core/errors.js';
import type { PackedBatch } from './packed-batch.js';
import { splitMembershipKey, type Batch, type Change } from '../core/model.js';

/** The most times that the content of a lost session is sent again. After that the run fails. */
export const MAX_REPLAYS = 4;

/** The batches of one session. */
export interface Content {
  readonly batches: readonly PackedBatch[];
  /** The number of times that this content was sent before. */
  readonly attempt: number;
}

/** Divides a content into two of half the size. @throws {@link SessionError} after {@link MAX_REPLAYS} attempts */
export function halve(content: Content, reason: string, sessionId: string): readonly Content[] {
  const attempt = content.attempt + 1;
  if (attempt > MAX_REPLAYS) {
    throw new SessionError(
      `the same changes failed in ${attempt} sessions (last reason: ${reason}); the next run sends them again`,
      sessionId,
    );
  }
  if (content.batches.length < 2) return [{ batches: content.batches, attempt }];
  const middle = Math.ceil(content.batches.length / 2);
  return [
    { batches: content.batches.slice(0, middle), attempt },
    { batches: content.batches.slice(middle), attempt },
  ];
}

/** The two halves of a refused batch; undefined for a batch of one change. */
export function splitBatch(batch: Batch): readonly [Batch, Batch] | undefined {
  if (batch.changes.length < 2) return undefined;
  const middle = Math.ceil(batch.changes.length / 2);
  return [
    makeBatch(batch.entity, batch.kind, batch.changes.slice(0, middle)),
    makeBatch(batch.entity, batch.kind, batch.changes.slice(middle)),
  ];
}

/** Users and groups that Okta refused in this run. Memberships that name them are not sent, because Okta would ignore them. */
export class RefusedReferences {
  readonly #users = new Set<string>();
  readonly #groups = new Set<string>();

  add(change: Change): void {
    if (!change.created || change.kind !== 'upsert') return;
    if (change.entity === 'users') this.#users.add(change.key);
    if (change.entity === 'groups') this.#groups.add(change.key);
  }

  /** True for a membership that names one of them. */
  has(change: Change): boolean {
    if (
      change.entity !== 'memberships' ||
      change.kind === 'delete' ||
      this.#users.size + this.#groups.size === 0
    )
      return false;
    const { groupExternalId, memberExternalId } = splitMembershipKey(change.key);
    return this.#users.has(memberExternalId) || this.#groups.has(groupExternalId);
  }
}
