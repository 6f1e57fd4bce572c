import { placeOf, type Chunk } from '../flow/chunk.js';
import { keyOf, type Change, type Entity, type RecordOf, type UserRecord } from '../core/model.js';
import type { KnownAttributes } from '../core/known-attributes.js';
import { LIMITS } from '../core/limits.js';
import type { RejectedKey, RunContext } from '../flow/run-context.js';
import type { AttributeFingerprints } from '../fingerprints/attribute-fingerprints.js';
import { digestText, type Digester } from '../fingerprints/digests.js';
import { Seen, type Held, type Reading } from '../state/store.js';
import { ChangeMaker } from './change-maker.js';
import type { DiffCounts } from './diff-counts.js';
import { countDifference, countUncleared, type Difference } from './difference.js';
import type { EarlierRefusals } from './earlier-refusals.js';
import type { FileOverlaps } from './file-overlaps.js';
import type { LoginClaims } from './login-claims.js';
import { MembershipChecks } from './membership-checks.js';
import { withoutOnCreate } from './on-create.js';
import type { Place } from './place-table.js';
import { Rejections } from './rejections.js';
import type { ReferenceIds } from './run-references.js';

const DIGEST_WORDS = 4;
/** The rest of a request is for its frame, as in `validate`. */
const MOST_ITEM_BYTES = LIMITS.bytesPerRequest - 200;

const NONE: ReadonlySet<number> = new Set();

/** Records that are about to be compared. */
export interface Prepared<E extends Entity> {
  /** Without the attributes that are not compared. */
  readonly chunk: Chunk<RecordOf[E]>;
  /** Four words each, in memory that the next call writes again. */
  readonly digests: Uint32Array;
  /** The indexes of records that are not compared. */
  readonly dropped: ReadonlySet<number>;
  /** Records of the source before the chunk, as far as they were counted. */
  readonly first: number;
}

/** The result of comparing a chunk. */
type Compared = Omit<Prepared<Entity>, 'chunk'> & { readonly codes: Uint8Array };

/** The options of `diff` that a comparison needs. */
export interface ComparerOptions {
  readonly onDuplicate?: 'reject' | 'fail';
  readonly mixed?: boolean;
  readonly onCreate?: readonly string[];
}

/**
 * Compares the chunks of one entity with the baseline. It rejects duplicates and memberships with unknown references, and
 * leaves out memberships of users and groups that are not kept in sync.
 */
export class Comparer<E extends Entity> {
  /** For memberships: the users and groups that they name. */
  readonly memberships: MembershipChecks;
  readonly rejections: Rejections;
  /**
   * Users and groups that this run creates. They are collected when users and groups are compared. All their memberships are sent,
   * also those that the baseline contains. Undefined if the baseline contains no membership.
   */
  created: ReferenceIds | undefined;
  /** For users: the logins that they claim. */
  logins: LoginClaims | undefined;
  /** Finds records that files of the source have in common. */
  overlaps: FileOverlaps | undefined;

  readonly #onCreate: ReadonlySet<string>;
  readonly #maker: ChangeMaker<E>;
  /** The keys of rejected records, with the first position of each. */
  readonly #reserved = new Map<string, number>();
  /** For users and groups: the attributes that the source sets. */
  known: KnownAttributes | undefined;

  constructor(
    private readonly entity: E,
    private readonly reading: Reading,
    private readonly digester: Digester,
    attributes: AttributeFingerprints,
    options: ComparerOptions,
    context: RunContext,
    private readonly counts: DiffCounts,
    private readonly refusals: EarlierRefusals,
  ) {
    this.#onCreate = new Set(options.onCreate);
    this.#maker = new ChangeMaker(entity, attributes);
    this.rejections = new Rejections(entity, context, options.onDuplicate);
    this.memberships = new MembershipChecks(reading, context, this.rejections, options.mixed ?? false);
  }

  /** Marks rejected records as present in the source, and their keys as used: a later record is a duplicate of them. */
  async reserve(rejected: readonly RejectedKey[]): Promise<void> {
    for (const { key, position } of rejected)
      this.#reserved.set(key, Math.min(position, this.#reserved.get(key) ?? Infinity));
    await this.reading.keep(
      this.entity,
      rejected.map(({ key }) => key),
    );
  }

  async compare(records: Chunk<RecordOf[E]>): Promise<Change[]> {
    const { chunk, digests, dropped, first } = await this.prepare(records);
    const codes = await this.#codes(chunk, digests, dropped);
    return this.#changes(records, chunk, { codes, digests, dropped, first });
  }

  /** What precedes the comparison of records: they are counted, and some of them are rejected or left out, and not compared. */
  async prepare(records: Chunk<RecordOf[E]>): Promise<Prepared<E>> {
    const chunk = withoutOnCreate(records, this.#onCreate);
    const first = this.counts.read;
    const digests = this.#digestsOf(chunk);
    this.counts.read += chunk.length;
    const dropped = await this.#rejectReserved(chunk, digests, first);
    if (this.entity === 'memberships')
      await this.memberships.leaveOutRemoved(chunk as Chunk<RecordOf['memberships']>, dropped);
    return { chunk, digests, dropped, first };
  }

  /** The changes of records that were compared elsewhere. They must have positions. */
  async changes(records: Chunk<RecordOf[E]>, codes: Uint8Array): Promise<Change[]> {
    const chunk = withoutOnCreate(records, this.#onCreate);
    const digests = this.#digestsOf(chunk);
    return this.#changes(records, chunk, { codes, digests, dropped: NONE, first: 0 });
  }

  /** @param records - with the attributes that are sent at their creation only */
  async #changes(
    records: Chunk<RecordOf[E]>,
    chunk: Chunk<RecordOf[E]>,
    { codes, digests, dropped, first }: Compared,
  ): Promise<Change[]> {
    const { entity, counts, memberships } = this;
    if (entity === 'memberships') memberships.sendAgain(chunk as Chunk<RecordOf['memberships']>, codes);
    const differences: Difference[] = [];
    const before = await this.#heldOfChanged(chunk, codes);
    const overlaps = chunk.places?.isOneOfSeveral === true ? this.overlaps : undefined;
    for (let i = 0; i < chunk.length; i++) {
      const code = codes[i];
      // The most common case comes first: nearly all records of a large directory are unchanged.
      if (code === Seen.SAME) {
        counts.unchanged++;
        if (this.known?.isComplete === false) this.known.add((chunk[i] as UserRecord).profile);
        overlaps?.add(keyOf(entity, chunk[i] as RecordOf[E]), placeOf(chunk, i, first));
        continue;
      }
      if (dropped.has(i)) continue;
      const record = chunk[i] as RecordOf[E];
      const key = keyOf(entity, record);
      const place = placeOf(chunk, i, first);
      if (code === Seen.DUPLICATE) {
        await this.#duplicate(key, place, overlaps);
        continue;
      }
      overlaps?.add(key, place);
      const held = before?.get(key);
      const created = code === Seen.NEW || code === Seen.UNKNOWN;
      const sent = created ? (records[i] as RecordOf[E]) : record;
      const change = this.#maker.change({ key, record, sent, digest: digestText(digests, i), created }, held);
      this.known?.add((record as UserRecord).profile);
      if (this.#isTooLarge(change, place)) continue;
      differences.push({
        change: code === Seen.UNKNOWN ? { ...change, isResend: true } : change,
        place,
        before: held,
        emptied: this.#maker.emptied(change, record, held),
      });
    }
    const sendable = await this.#sendable(differences);
    return sendable
      .filter(({ change }) => !this.refusals.keepsOut(change))
      .map((difference) => {
        countDifference(difference, counts);
        if (this.known !== undefined) countUncleared(difference.change, this.known, counts);
        if (difference.change.created) this.#createdOf(entity)?.add(difference.change.key);
        return difference.change;
      });
  }

  /** Rejects a record that fits into a request, but not with the attributes that it must clear. */
  #isTooLarge(change: Change, place: Place): boolean {
    if (this.known?.exceeds(change, MOST_ITEM_BYTES) !== true) return false;
    this.rejections.reject(change.key, place, {
      code: 'TOO_LARGE',
      reason:
        'the record does not fit into one request of 200,000 bytes together with the attributes that it must clear',
    });
    return true;
  }

  async #duplicate(key: string, place: Place, overlaps: FileOverlaps | undefined): Promise<void> {
    const [held] = overlaps === undefined ? [] : await this.reading.held(this.entity, [key]);
    const digest = held?.kind === 'confirmed' ? held.fingerprint.digest : undefined;
    this.rejections.duplicate(key, place, overlaps?.addDuplicate(key, digest, place));
  }

  async #sendable(differences: readonly Difference[]): Promise<readonly Difference[]> {
    if (this.entity === 'memberships') return this.memberships.sendable(differences);
    return this.logins === undefined ? differences : this.logins.sendable(differences);
  }

  #createdOf(entity: Entity): Set<string> | undefined {
    return entity === 'memberships' ? undefined : this.created?.[entity];
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
      this.rejections.duplicate(key, placeOf(chunk, i, first));
    }
    return rejected;
  }
}
