import { placeOf, type Chunk } from '../flow/chunk.js';
import { RecordError } from '../core/errors.js';
import {
  displayKey,
  encodeItem,
  keyOf,
  splitMembershipKey,
  type Change,
  type Entity,
  type RecordOf,
  type UserRecord,
} from '../core/model.js';
import type { RejectedKey, RunContext } from '../flow/run-context.js';
import type { AttributeFingerprints } from '../fingerprints/attribute-fingerprints.js';
import { digestText, type Digester } from '../fingerprints/digests.js';
import { Seen, type Held, type Reading } from '../state/store.js';
import type { DiffCounts } from './diff-counts.js';
import { checkReferences } from './membership-references.js';
import type { ReferenceIds } from './run-references.js';

const DIGEST_WORDS = 4;

/** The options of `diff` that a comparison needs. */
export interface ComparerOptions {
  readonly onDuplicate?: 'reject' | 'fail';
  readonly mixed?: boolean;
}

/**
 * Compares the chunks of one entity with the baseline. It rejects duplicates and memberships with unknown references, and
 * leaves out memberships of users and groups that are not kept in sync.
 */
export class Comparer<E extends Entity> {
  /** Users and groups that this run removes; memberships that name them are left out. */
  removed: { readonly users: ReadonlySet<string>; readonly groups: ReadonlySet<string> } | undefined;
  /**
   * Users and groups that this run creates. They are collected when users and groups are compared. All their memberships are sent,
   * also those that the baseline contains. Undefined if the baseline contains no membership.
   */
  created: ReferenceIds | undefined;

  /** The keys of rejected records, with the first position of each. */
  readonly #reserved = new Map<string, number>();

  constructor(
    private readonly entity: E,
    private readonly reading: Reading,
    private readonly digester: Digester,
    private readonly attributes: AttributeFingerprints,
    private readonly options: ComparerOptions,
    private readonly context: RunContext,
    private readonly counts: DiffCounts,
  ) {}

  /** Marks rejected records as present in the source, and their keys as used: a later record is a duplicate of them. */
  async reserve(rejected: readonly RejectedKey[]): Promise<void> {
    for (const { key, position } of rejected)
      this.#reserved.set(key, Math.min(position, this.#reserved.get(key) ?? Infinity));
    await this.reading.keep(
      this.entity,
      rejected.map(({ key }) => key),
    );
  }

  async compare(chunk: Chunk<RecordOf[E]>): Promise<Change[]> {
    const { entity, counts } = this;
    const first = counts.read;
    const digests = this.#digestsOf(chunk);
    counts.read += chunk.length;
    const dropped = await this.#rejectReserved(chunk, digests, first);
    if (entity === 'memberships') this.#leaveOutRemoved(chunk as Chunk<RecordOf['memberships']>, dropped);
    const codes = await this.#codes(chunk, digests, dropped);
    if (entity === 'memberships') this.#sendAgain(chunk as Chunk<RecordOf['memberships']>, codes);
    const changes: Change[] = [];
    const resent = new Set<string>();
    const before = await this.#heldOfChanged(chunk, codes);
    for (let i = 0; i < chunk.length; i++) {
      const code = codes[i];
      // The most common case comes first: nearly all records of a large directory are unchanged.
      if (code === Seen.SAME) {
        counts.unchanged++;
        continue;
      }
      if (dropped.has(i)) continue;
      const key = keyOf(entity, chunk[i] as RecordOf[E]);
      if (code === Seen.DUPLICATE) {
        this.#duplicate(chunk, i, first, key);
        continue;
      }
      const created = code === Seen.NEW || code === Seen.UNKNOWN;
      if (created) this.#createdOf(entity)?.add(key);
      if (code === Seen.UNKNOWN) resent.add(key);
      const { item, group } = encodeItem(entity, chunk[i] as RecordOf[E]);
      changes.push({
        entity,
        kind: 'upsert',
        key,
        item,
        group,
        fingerprint: {
          digest: digestText(digests, i),
          attributes: this.#attributesOf(chunk[i] as RecordOf[E]),
        },
        created,
        changed: this.#changedAttributes(chunk[i] as RecordOf[E], before?.get(key)),
        dependent: false,
      });
    }
    const kept =
      entity === 'memberships' ? await this.#checkMemberships(chunk, codes, changes, first) : changes;
    for (const change of kept) {
      if (resent.has(change.key)) {
        counts.creates++;
        counts.resends++;
      } else if (change.created) {
        counts.creates++;
        counts.idChanges?.addArrival(change.fingerprint?.attributes ?? '', change.key);
      } else counts.updates++;
    }
    return kept;
  }

  /** Users and groups that this run creates or removes. A screen never reports their memberships as unchanged. */
  get changedReferences(): { readonly users: ReadonlySet<string>; readonly groups: ReadonlySet<string> } {
    const { created, removed } = this;
    return {
      users: new Set([...(created?.users ?? []), ...(removed?.users ?? [])]),
      groups: new Set([...(created?.groups ?? []), ...(removed?.groups ?? [])]),
    };
  }

  #createdOf(entity: Entity): Set<string> | undefined {
    return entity === 'memberships' ? undefined : this.created?.[entity];
  }

  /** Makes confirmed memberships unknown whose user or group this run creates: Okta removed them with it. */
  #sendAgain(chunk: Chunk<RecordOf['memberships']>, codes: Uint8Array): void {
    const { created } = this;
    if (created === undefined || created.users.size + created.groups.size === 0) return;
    for (const [i, { groupExternalId, memberExternalId }] of chunk.entries()) {
      const isNew = created.users.has(memberExternalId) || created.groups.has(groupExternalId);
      if (codes[i] === Seen.SAME && isNew) codes[i] = Seen.UNKNOWN;
    }
  }

  /** The digests of a chunk, four words each. */
  #digestsOf(chunk: Chunk<RecordOf[E]>): Uint32Array {
    return this.digester.ofEach(this.entity, chunk).subarray(0, chunk.length * DIGEST_WORDS);
  }

  /** The rows of the baseline for the records that differ, by key. */
  async #heldOfChanged(
    chunk: Chunk<RecordOf[E]>,
    codes: Uint8Array,
  ): Promise<ReadonlyMap<string, Held | undefined> | undefined> {
    if (this.entity === 'memberships' || !codes.includes(Seen.CHANGED)) return undefined;
    const changed = chunk
      .filter((_, i) => codes[i] === Seen.CHANGED)
      .map((record) => keyOf(this.entity, record));
    const held = await this.reading.held(this.entity, changed);
    return new Map(changed.map((key, i) => [key, held[i]]));
  }

  #attributesOf(record: RecordOf[E]): string {
    if (this.entity === 'memberships') return '';
    const { profile } = record as UserRecord;
    return this.entity === 'users' ? this.attributes.ofUser(profile) : this.attributes.of(profile);
  }

  /** The names of the attributes that changed; undefined if their fingerprints are not known. */
  #changedAttributes(record: RecordOf[E], before: Held | undefined): readonly string[] | undefined {
    if (before?.kind !== 'confirmed' || before.fingerprint.attributes === '') return undefined;
    return this.attributes.changed(before.fingerprint.attributes, (record as UserRecord).profile);
  }

  /** The codes of a chunk. Dropped records are not compared, so that they do not count as seen. */
  async #codes(
    chunk: Chunk<RecordOf[E]>,
    digests: Uint32Array,
    dropped: ReadonlySet<number>,
  ): Promise<Uint8Array> {
    const places = chunk.places;
    const markSeenBefore = places?.markSeenBefore;
    // If unchanged rows were left out, those before a record are marked before it is compared: the first of two is the original.
    if (markSeenBefore === undefined && dropped.size === 0)
      return this.reading.compare(this.entity, digests, (i) => keyOf(this.entity, chunk[i] as RecordOf[E]));
    const codes = new Uint8Array(chunk.length).fill(Seen.NEW);
    for (let i = 0; i < chunk.length; i++) {
      markSeenBefore?.(places?.positions?.[i] ?? 0);
      if (dropped.has(i)) continue;
      const digest = digests.subarray(i * DIGEST_WORDS, (i + 1) * DIGEST_WORDS);
      const [code] = await this.reading.compare(this.entity, digest, () =>
        keyOf(this.entity, chunk[i] as RecordOf[E]),
      );
      codes[i] = code ?? Seen.NEW;
    }
    return codes;
  }

  /**
   * Rejects records with the key of an earlier rejected record, because either of the two may be wrong, and returns their indexes.
   * An unchanged record is compared as usual.
   */
  async #rejectReserved(
    chunk: Chunk<RecordOf[E]>,
    digests: Uint32Array,
    first: number,
  ): Promise<Set<number>> {
    const rejected = new Set<number>();
    if (this.#reserved.size === 0) return rejected;
    const positions = chunk.places?.positions;
    for (const [i, record] of chunk.entries()) {
      const key = keyOf(this.entity, record);
      const reserved = this.#reserved.get(key);
      // A record without a position counts as a later one.
      if (reserved === undefined || reserved > (positions?.[i] ?? Infinity)) continue;
      const [held] = await this.reading.held(this.entity, [key]);
      if (held?.kind === 'confirmed' && held.fingerprint.digest === digestText(digests, i)) continue;
      rejected.add(i);
      this.#duplicate(chunk, i, first, key);
    }
    return rejected;
  }

  /**
   * Leaves out memberships of users and groups that this run removes, and adds their indexes to `dropped`. They are not
   * marked as present, so that their deletion is sent too. If the user or group comes back, the membership is sent again.
   */
  #leaveOutRemoved(chunk: Chunk<RecordOf['memberships']>, dropped: Set<number>): void {
    const removed = this.removed;
    if (removed === undefined || (removed.users.size === 0 && removed.groups.size === 0)) return;
    for (const [i, { groupExternalId, memberExternalId }] of chunk.entries()) {
      if (dropped.has(i)) continue;
      if (!removed.users.has(memberExternalId) && !removed.groups.has(groupExternalId)) continue;
      dropped.add(i);
      this.#leaveOut();
    }
  }

  #leaveOut(): void {
    this.#uncount();
    this.context.leaveOut(this.entity, undefined);
  }

  /** Without `validate` before `diff`, no record was counted as accepted. */
  #uncount(): void {
    const counts = this.context.counts(this.entity);
    if (counts.accepted > 0) counts.accepted--;
  }

  async #checkMemberships(
    chunk: Chunk<RecordOf[E]>,
    codes: Uint8Array,
    changes: Change[],
    first: number,
  ): Promise<Change[]> {
    if (changes.length === 0) return changes;
    const positions: number[] = [];
    const byKey = new Map<string, number>();
    for (let i = 0; i < chunk.length; i++) {
      if (codes[i] !== Seen.SAME && codes[i] !== Seen.DUPLICATE)
        byKey.set(keyOf(this.entity, chunk[i] as RecordOf[E]), i);
    }
    for (const change of changes) positions.push(byKey.get(change.key) ?? 0);
    const verdicts = await checkReferences(this.reading, changes);
    const kept: Change[] = [];
    for (const [at, change] of changes.entries()) {
      const verdict = verdicts[at];
      if (verdict === 'unknown-user' || verdict === 'unknown-group') {
        if (this.#isLeftOut(change.key)) this.#leaveOut();
        else this.#rejectReference(chunk, positions[at] ?? 0, first, verdict);
      } else
        kept.push(verdict === 'new' && this.options.mixed !== true ? { ...change, dependent: true } : change);
    }
    return kept;
  }

  /** True if the user or the group of a membership is left out or excluded. */
  #isLeftOut(key: string): boolean {
    const { groupExternalId, memberExternalId } = splitMembershipKey(key);
    return (
      this.context.isLeftOut('users', memberExternalId) || this.context.isLeftOut('groups', groupExternalId)
    );
  }

  #rejectReference(
    chunk: Chunk<RecordOf[E]>,
    i: number,
    first: number,
    verdict: 'unknown-user' | 'unknown-group',
  ): void {
    const [code, noun, field] =
      verdict === 'unknown-user'
        ? ['UNKNOWN_USER', 'user', 'memberExternalId']
        : ['UNKNOWN_GROUP', 'group', 'groupExternalId'];
    const reason = `names a ${noun} that has no valid record in the source and is not in Okta`;
    this.#reject(chunk, i, first, keyOf(this.entity, chunk[i] as RecordOf[E]), code, reason, field);
  }

  #duplicate(chunk: Chunk<RecordOf[E]>, i: number, first: number, key: string): void {
    const id = this.entity === 'memberships' ? 'membership' : 'externalId';
    const reason = `the same ${id} appears earlier in this source`;
    if (this.options.onDuplicate === 'fail') {
      throw new RecordError(
        this.entity,
        `${this.entity} ${displayKey(this.entity, key)}: ${reason} (record ${placeOf(chunk, i, first).position})`,
      );
    }
    this.#reject(chunk, i, first, key, 'DUPLICATE', reason, undefined);
  }

  #reject(
    chunk: Chunk<RecordOf[E]>,
    i: number,
    first: number,
    key: string,
    code: string,
    reason: string,
    field: string | undefined,
  ): void {
    this.#uncount();
    this.context.reject(
      {
        entity: this.entity,
        externalId: displayKey(this.entity, key),
        ...placeOf(chunk, i, first),
        field,
        code,
        reason,
      },
      key,
    );
  }
}
