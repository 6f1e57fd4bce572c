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

const DIGEST_WORDS = 4;

/** The options of `diff` that matter here. */
export interface ComparerOptions {
  readonly onDuplicate?: 'reject' | 'fail';
  readonly mixed?: boolean;
}

/** Compares chunks of one entity; holds what stays the same from chunk to chunk. */
export class Comparer<E extends Entity> {
  /** Users and groups that this run removes; a membership that names one is refused. */
  removed: { readonly users: ReadonlySet<string>; readonly groups: ReadonlySet<string> } | undefined;

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
    const refused =
      entity === 'memberships'
        ? await this.#refuseRemoved(chunk as Chunk<RecordOf['memberships']>, first)
        : undefined;
    const codes = await this.#codes(chunk, digests, refused);
    const changes: Change[] = [];
    const before = await this.#heldOfChanged(chunk, codes);
    for (let i = 0; i < chunk.length; i++) {
      const code = codes[i];
      // The common case first: of a large directory, nearly everything is unchanged.
      if (code === Seen.SAME) {
        counts.unchanged++;
        continue;
      }
      if (refused?.has(i)) continue;
      const key = keyOf(entity, chunk[i] as RecordOf[E]);
      if (code === Seen.DUPLICATE) {
        this.#duplicate(chunk, i, first, key);
        continue;
      }
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

  /** The digests of a chunk, four words each. */
  #digestsOf(chunk: Chunk<RecordOf[E]>): Uint32Array {
    return this.digester.ofEach(this.entity, chunk).subarray(0, chunk.length * DIGEST_WORDS);
  }

  /** What is held of those records that differ, by key. */
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

  /** The names of the attributes that changed, where it is known what they were. */
  #changedAttributes(record: RecordOf[E], before: Held | undefined): readonly string[] | undefined {
    if (before?.kind !== 'confirmed' || before.fingerprint.attributes === '') return undefined;
    return this.attributes.changed(before.fingerprint.attributes, (record as UserRecord).profile);
  }

  /** Codes for the whole chunk; refused records are not compared, so that they do not count as seen. */
  async #codes(
    chunk: Chunk<RecordOf[E]>,
    digests: Uint32Array,
    refused: ReadonlySet<number> | undefined,
  ): Promise<Uint8Array> {
    const places = chunk.places;
    const markSeenBefore = places?.markSeenBefore;
    // Where unchanged rows were left out, each record is compared after those that stand before it.
    if (markSeenBefore === undefined && (refused === undefined || refused.size === 0))
      return this.reading.compare(this.entity, digests, (i) => keyOf(this.entity, chunk[i] as RecordOf[E]));
    const codes = new Uint8Array(chunk.length).fill(Seen.NEW);
    for (let i = 0; i < chunk.length; i++) {
      markSeenBefore?.(places?.positions?.[i] ?? 0);
      if (refused?.has(i)) continue;
      const digest = digests.subarray(i * DIGEST_WORDS, (i + 1) * DIGEST_WORDS);
      const [code] = await this.reading.compare(this.entity, digest, () =>
        keyOf(this.entity, chunk[i] as RecordOf[E]),
      );
      codes[i] = code ?? Seen.NEW;
    }
    return codes;
  }

  /**
   * Memberships of a user or group that this run removes. They are refused and not kept, so that Okta's membership
   * goes with what it belonged to, and is sent anew should both come back.
   */
  async #refuseRemoved(
    chunk: Chunk<RecordOf['memberships']>,
    first: number,
  ): Promise<ReadonlySet<number> | undefined> {
    const removed = this.removed;
    if (removed === undefined || (removed.users.size === 0 && removed.groups.size === 0)) return undefined;
    const refused = new Set<number>();
    for (const [i, { groupExternalId, memberExternalId }] of chunk.entries()) {
      const field = removed.users.has(memberExternalId)
        ? 'memberExternalId'
        : removed.groups.has(groupExternalId)
          ? 'groupExternalId'
          : undefined;
      if (field === undefined) continue;
      refused.add(i);
      this.#rejectReference(chunk as Chunk<RecordOf[E]>, i, first, field, false);
    }
    return refused;
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
    const [code, what] = field === 'memberExternalId' ? ['UNKNOWN_USER', 'user'] : ['UNKNOWN_GROUP', 'group'];
    const reason = keep
      ? `names a ${what} that has no valid record in the source and is not in Okta`
      : `names a ${what} that is no longer in the source`;
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
    // Without `validate` before it nothing was counted as accepted.
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
