import { placeOf, type Chunk } from '../flow/chunk.js';
import { RecordError } from '../core/errors.js';
import {
  displayKey,
  encodeItem,
  keyOf,
  type Change,
  type Entity,
  type RecordOf,
  type UserRecord,
} from '../core/model.js';
import type { RunContext } from '../flow/run-context.js';
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

/** Compares the chunks of one entity with the baseline, and rejects duplicates and memberships with unknown references. */
export class Comparer<E extends Entity> {
  /** Users and groups that this run removes; memberships that name them are rejected. */
  removed: { readonly users: ReadonlySet<string>; readonly groups: ReadonlySet<string> } | undefined;
  /**
   * Users and groups that this run creates: noted where it compares them, and where it compares memberships each of theirs is
   * sent. Undefined where the baseline holds no membership, so that none needs it.
   */
  created: ReferenceIds | undefined;

  constructor(
    private readonly entity: E,
    private readonly reading: Reading,
    private readonly digester: Digester,
    private readonly attributes: AttributeFingerprints,
    private readonly options: ComparerOptions,
    private readonly context: RunContext,
    private readonly counts: DiffCounts,
  ) {}

  async compare(chunk: Chunk<RecordOf[E]>): Promise<Change[]> {
    const { entity, counts } = this;
    const first = counts.read;
    const digests = this.#digestsOf(chunk);
    counts.read += chunk.length;
    const rejected =
      entity === 'memberships'
        ? this.#rejectRemoved(chunk as Chunk<RecordOf['memberships']>, first)
        : undefined;
    const codes = await this.#codes(chunk, digests, rejected);
    if (entity === 'memberships') this.#sendAgain(chunk as Chunk<RecordOf['memberships']>, codes);
    const changes: Change[] = [];
    const before = await this.#heldOfChanged(chunk, codes);
    for (let i = 0; i < chunk.length; i++) {
      const code = codes[i];
      // The most common case comes first: nearly all records of a large directory are unchanged.
      if (code === Seen.SAME) {
        counts.unchanged++;
        continue;
      }
      if (rejected?.has(i)) continue;
      const key = keyOf(entity, chunk[i] as RecordOf[E]);
      if (code === Seen.DUPLICATE) {
        this.#duplicate(chunk, i, first, key);
        continue;
      }
      if (code === Seen.NEW) this.#createdOf(entity)?.add(key);
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
        created: code === Seen.NEW,
        changed: this.#changedAttributes(chunk[i] as RecordOf[E], before?.get(key)),
        dependent: false,
      });
    }
    const kept =
      entity === 'memberships' ? await this.#checkMemberships(chunk, codes, changes, first) : changes;
    for (const change of kept) {
      if (change.created) counts.creates++;
      else counts.updates++;
    }
    return kept;
  }

  /** Users and groups of which a membership is not unchanged, whatever the baseline says. */
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

  /** A membership that Okta was confirmed to hold went with its user or group, where that is created: it is new. */
  #sendAgain(chunk: Chunk<RecordOf['memberships']>, codes: Uint8Array): void {
    const { created } = this;
    if (created === undefined || created.users.size + created.groups.size === 0) return;
    for (const [i, { groupExternalId, memberExternalId }] of chunk.entries()) {
      const isNew = created.users.has(memberExternalId) || created.groups.has(groupExternalId);
      if (codes[i] === Seen.SAME && isNew) codes[i] = Seen.NEW;
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
    return this.entity === 'memberships' ? '' : this.attributes.of((record as UserRecord).profile);
  }

  /** The names of the attributes that changed; undefined if their fingerprints are not known. */
  #changedAttributes(record: RecordOf[E], before: Held | undefined): readonly string[] | undefined {
    if (before?.kind !== 'confirmed' || before.fingerprint.attributes === '') return undefined;
    return this.attributes.changed(before.fingerprint.attributes, (record as UserRecord).profile);
  }

  /** The codes of a chunk. Rejected records are not compared, so that they do not count as seen. */
  async #codes(
    chunk: Chunk<RecordOf[E]>,
    digests: Uint32Array,
    rejected: ReadonlySet<number> | undefined,
  ): Promise<Uint8Array> {
    const places = chunk.places;
    const markSeenBefore = places?.markSeenBefore;
    // If unchanged rows were left out, those before a record are marked before it is compared: the first of two is the original.
    if (markSeenBefore === undefined && (rejected === undefined || rejected.size === 0))
      return this.reading.compare(this.entity, digests, (i) => keyOf(this.entity, chunk[i] as RecordOf[E]));
    const codes = new Uint8Array(chunk.length).fill(Seen.NEW);
    for (let i = 0; i < chunk.length; i++) {
      markSeenBefore?.(places?.positions?.[i] ?? 0);
      if (rejected?.has(i)) continue;
      const digest = digests.subarray(i * DIGEST_WORDS, (i + 1) * DIGEST_WORDS);
      const [code] = await this.reading.compare(this.entity, digest, () =>
        keyOf(this.entity, chunk[i] as RecordOf[E]),
      );
      codes[i] = code ?? Seen.NEW;
    }
    return codes;
  }

  /**
   * Rejects memberships of users and groups that this run removes, and returns their indexes. They are not marked as present,
   * so that their deletion is sent too. If the user or group comes back, the membership is sent again.
   */
  #rejectRemoved(chunk: Chunk<RecordOf['memberships']>, first: number): ReadonlySet<number> | undefined {
    const removed = this.removed;
    if (removed === undefined || (removed.users.size === 0 && removed.groups.size === 0)) return undefined;
    const rejected = new Set<number>();
    for (const [i, { groupExternalId, memberExternalId }] of chunk.entries()) {
      const field = removed.users.has(memberExternalId)
        ? 'memberExternalId'
        : removed.groups.has(groupExternalId)
          ? 'groupExternalId'
          : undefined;
      if (field === undefined) continue;
      rejected.add(i);
      this.#rejectReference(chunk as Chunk<RecordOf[E]>, i, first, field, false);
    }
    return rejected;
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
      if (codes[i] === Seen.NEW || codes[i] === Seen.CHANGED)
        byKey.set(keyOf(this.entity, chunk[i] as RecordOf[E]), i);
    }
    for (const change of changes) positions.push(byKey.get(change.key) ?? 0);
    const verdicts = await checkReferences(this.reading, changes);
    const kept: Change[] = [];
    for (const [at, change] of changes.entries()) {
      const verdict = verdicts[at];
      if (verdict === 'unknown-user')
        this.#rejectReference(chunk, positions[at] ?? 0, first, 'memberExternalId', true);
      else if (verdict === 'unknown-group')
        this.#rejectReference(chunk, positions[at] ?? 0, first, 'groupExternalId', true);
      else
        kept.push(verdict === 'new' && this.options.mixed !== true ? { ...change, dependent: true } : change);
    }
    return kept;
  }

  #rejectReference(
    chunk: Chunk<RecordOf[E]>,
    i: number,
    first: number,
    field: 'memberExternalId' | 'groupExternalId',
    keep: boolean,
  ): void {
    const [code, noun] = field === 'memberExternalId' ? ['UNKNOWN_USER', 'user'] : ['UNKNOWN_GROUP', 'group'];
    const reason = keep
      ? `names a ${noun} that has no valid record in the source and is not in Okta`
      : `names a ${noun} that is no longer in the source`;
    const key = keyOf(this.entity, chunk[i] as RecordOf[E]);
    this.#reject(chunk, i, first, key, code, reason, field, keep);
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
    this.#reject(chunk, i, first, key, 'DUPLICATE', reason, undefined, true);
  }

  #reject(
    chunk: Chunk<RecordOf[E]>,
    i: number,
    first: number,
    key: string,
    code: string,
    reason: string,
    field: string | undefined,
    keep: boolean,
  ): void {
    const counts = this.context.counts(this.entity);
    // Without `validate` before `diff`, no record was counted as accepted.
    if (counts.accepted > 0) counts.accepted--;
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
      keep,
    );
  }
}
