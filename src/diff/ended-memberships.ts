import { splitMembershipKey, type Change, type Entity } from '../core/model.js';
import { withoutPlaces, type Chunk } from '../flow/chunk.js';
import { HashedKeys } from '../fingerprints/hashed-keys.js';
import type { CompleteParents } from './complete-for.js';
import type { ReadonlyReferenceIds } from './membership-checks.js';
import { removedReferences } from './membership-references.js';
import type { Read } from './read.js';
import { deletion } from './removals.js';
import { runReferences } from './run-references.js';

/**
 * The memberships that a feed ends without marking them: those of users that this run removes, and those of a member or group for
 * which the feed is complete. A complete read finds both among those that are missing.
 *
 * The memberships of a removed user end with the user: Okta does not document whether a person who comes back has them again.
 */
export class EndedMemberships {
  readonly #read: Read<Entity>;
  readonly #removed: ReadonlyReferenceIds;
  readonly #complete: CompleteParents | undefined;
  /** Those that the feed marks as removed. */
  readonly #marked: HashedKeys;

  private constructor(
    read: Read<Entity>,
    removed: ReadonlyReferenceIds,
    complete: CompleteParents | undefined,
  ) {
    this.#read = read;
    this.#removed = removed;
    this.#complete = complete;
    this.#marked = new HashedKeys(read.state.fingerprintKey);
  }

  /** Before the feed is read, after those of users and groups. A removed group stays if one of its memberships is protected. */
  static async open(read: Read<Entity>, complete: CompleteParents | undefined): Promise<EndedMemberships> {
    const { state, reading, comparer, rules } = read;
    const removed = (comparer.memberships.removed = await removedReferences(reading));
    const { keptGroups } = runReferences(reading);
    if (removed.groups.size > 0)
      for await (const rows of state.rows('memberships'))
        for (const { key } of rows) {
          const { groupExternalId } = splitMembershipKey(key);
          if (removed.groups.has(groupExternalId) && rules.isUndeletable(key))
            keptGroups.add(groupExternalId);
        }
    return new EndedMemberships(read, removed, complete);
  }

  /** Notes memberships whose deletion is sent already. */
  mark(changes: readonly Change[]): void {
    for (const { key } of changes) this.#marked.add(key);
  }

  /** The deletions, after the end of the feed. If a record of it could not be identified, those that it is complete for are held back. */
  async *deletions(): AsyncGenerator<Chunk<Change>, void, undefined> {
    const { state, rules, counts, context } = this.#read;
    this.#settleOwed();
    if (this.#removed.users.size === 0 && this.#complete === undefined) return;
    for await (const rows of state.rows('memberships')) {
      const ended: string[] = [];
      for (const { key } of rows) {
        if (this.#marked.has(key) || rules.isUndeletable(key)) continue;
        const isOfRemoved = this.#removed.users.has(splitMembershipKey(key).memberExternalId);
        if (!isOfRemoved && this.#complete?.ends(key) !== true) continue;
        if (isOfRemoved || !this.#isUncertain) {
          ended.push(key);
          continue;
        }
        counts.heldBack++;
        context.feeds?.fail('memberships', key, 'HELD_BACK');
      }
      counts.deletes += ended.length;
      if (ended.length > 0) yield withoutPlaces(ended.map((key) => deletion('memberships', key)));
    }
  }

  get #isUncertain(): boolean {
    return this.#read.context.counts('memberships').unidentified > 0;
  }

  /** What this run knows all about is not owed any more, also if the feed does not name it. */
  #settleOwed(): void {
    const { feeds } = this.#read.context;
    for (const key of feeds?.owedOf('memberships') ?? []) {
      const { groupExternalId, memberExternalId } = splitMembershipKey(key);
      const { users, groups } = this.#removed;
      const isOver = users.has(memberExternalId) || groups.has(groupExternalId);
      if (isOver || (this.#complete?.namesParentOf(key) === true && !this.#isUncertain))
        feeds?.accept('memberships', key, -1);
    }
  }
}
