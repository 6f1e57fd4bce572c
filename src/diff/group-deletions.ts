import type { Change } from '../core/model.js';
import { withoutPlaces, type Chunk } from '../flow/chunk.js';
import type { RunContext } from '../flow/run-context.js';
import type { Reading } from '../state/store.js';
import { openDiffCounts } from './diff-counts.js';
import { deletion } from './removals.js';
import { runReferences } from './run-references.js';

const CHUNK = 4096;

/**
 * The deletions of groups, which wait until the memberships were read. Deleting a group also ends its memberships, so a group is
 * not deleted if one of its memberships must not be deleted.
 */
export class GroupDeletions {
  readonly #keys: string[] = [];

  /** Stores the deletions of a chunk. Returns the other changes. */
  keepBack(chunk: Chunk<Change>): Chunk<Change> {
    for (const { kind, key } of chunk) if (kind === 'delete') this.#keys.push(key);
    return withoutPlaces(chunk.filter(({ kind }) => kind !== 'delete'));
  }

  /** The deletions that may be sent, after the diff of memberships. The others are counted as held back. */
  *release(reading: Reading, context: RunContext): Generator<Chunk<Change>, void, undefined> {
    if (this.#keys.length === 0) return;
    const counts = openDiffCounts(context, 'groups');
    const { keptGroups, leftByMovers } = runReferences(reading);
    const keys = this.#keys.filter((key) => !keptGroups.has(key));
    for (const key of this.#keys) if (keptGroups.has(key)) context.feeds?.fail('groups', key, 'HELD_BACK');
    counts.deletes -= this.#keys.length - keys.length;
    counts.heldBack += this.#keys.length - keys.length;
    for (let start = 0; start < keys.length; start += CHUNK)
      yield withoutPlaces(
        keys
          .slice(start, start + CHUNK)
          .map((key) => ({ ...deletion('groups', key), dependent: leftByMovers.has(key) })),
      );
  }
}
