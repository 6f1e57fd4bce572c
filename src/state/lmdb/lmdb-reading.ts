import { DigestTable } from '../../fingerprints/digest-table.js';
import { writeDigest } from '../../fingerprints/digests.js';
import type { Entity } from '../../core/model.js';
import { Reference, Seen, type Held, type Reading } from '../store.js';
import { createKeyHasher, type KeyHash } from '../../fingerprints/key-hash.js';
import { KeySet } from '../../fingerprints/key-set.js';
import type { DigestCaches, Snapshot } from './snapshot.js';

const MISSING_CHUNK = 4096;
const WORDS = 4;
/** The most rows in {@link Marks.changed}, which grows until {@link LmdbReading.held} is called. */
const MOST_CHANGED = 8192;

/** The keys and digests of one entity that a reading has seen. */
interface Marks {
  /** Rows of the baseline. */
  readonly rows: number;
  readonly unknownRows: number;
  /**
   * The digests of confirmed rows, and which of them were seen. The table is loaded with the first `compare` or `keep`: a run
   * that only looks up the users of memberships does not need it.
   */
  readonly table: DigestTable;
  /** The keys of unknown rows that are present in the source. */
  readonly unknownPresent: KeySet;
  /** The keys of compared records that are new or changed. */
  readonly differing: KeySet;
  /** The rows of changed keys, because `diff` calls `held` for them after each `compare`. */
  readonly changed: Map<string, Held>;
}

/**
 * A reading of a state in LMDB. An unchanged record is found by its digest alone, in a table in memory: the digest covers the key,
 * so an equal digest means an equal key. Only records that differ are looked up by key. The reading uses a snapshot, so rows that
 * are committed while it is open do not count (a pipe without a guard sends while it reads).
 */
export class LmdbReading implements Reading {
  readonly #snapshot: Snapshot;
  readonly #caches: DigestCaches;
  readonly #onClose: () => void;
  readonly #hash: (key: string, into: KeyHash) => void;
  readonly #keyHash: KeyHash = { high: 0, low: 0 };
  readonly #marks = new Map<Entity, Marks>();
  readonly #complete = new Set<Entity>();
  #isClosed = false;

  constructor(snapshot: Snapshot, caches: DigestCaches, onClose: () => void) {
    this.#snapshot = snapshot;
    this.#caches = caches;
    this.#onClose = onClose;
    this.#hash = createKeyHasher(snapshot.head.fingerprintKey);
  }

  // A hot loop: it runs for every record of the source, and allocates nothing for those that are unchanged.
  async compare(entity: Entity, digests: Uint32Array, keyAt: (place: number) => string): Promise<Uint8Array> {
    const codes = new Uint8Array(digests.length / WORDS);
    const marks = this.#of(entity);
    if (marks.changed.size >= MOST_CHANGED) marks.changed.clear();
    const slots = marks.table.findEach(digests, codes.length);
    for (let i = 0; i < codes.length; i++) {
      const slot = slots[i] as number;
      codes[i] =
        slot < 0
          ? this.#compareKey(entity, marks, keyAt(i))
          : marks.table.markCompared(slot)
            ? Seen.SAME
            : Seen.DUPLICATE;
    }
    return codes;
  }

  /** The code of a record whose digest is not in the table: new, changed, or a duplicate. */
  #compareKey(entity: Entity, marks: Marks, key: string): number {
    this.#hash(key, this.#keyHash);
    if (!marks.differing.add(this.#keyHash)) return Seen.DUPLICATE;
    const held = this.#find(entity, marks, key);
    if (held === undefined) return Seen.NEW;
    if (held.kind === 'unknown') {
      marks.unknownPresent.add(this.#keyHash);
      return Seen.UNKNOWN;
    }
    const slot = slotOf(marks, held.fingerprint.digest);
    if (slot >= 0 && !marks.table.markCompared(slot)) return Seen.DUPLICATE;
    marks.changed.set(key, held);
    return Seen.CHANGED;
  }

  async held(entity: Entity, keys: readonly string[]): Promise<readonly (Held | undefined)[]> {
    const marks = this.#of(entity);
    const found = keys.map((key) => marks.changed.get(key) ?? this.#find(entity, marks, key));
    marks.changed.clear();
    return found;
  }

  digests(entity: Entity): (() => DigestTable) | undefined {
    const marks = this.#of(entity);
    return marks.rows > marks.unknownRows ? () => marks.table : undefined;
  }

  async keep(entity: Entity, keys: readonly string[]): Promise<void> {
    const marks = this.#of(entity);
    for (const key of keys) {
      const held = this.#find(entity, marks, key);
      if (held?.kind === 'confirmed') {
        const slot = slotOf(marks, held.fingerprint.digest);
        if (slot >= 0) marks.table.markPresent(slot);
      } else if (held?.kind === 'unknown') {
        this.#hash(key, this.#keyHash);
        marks.unknownPresent.add(this.#keyHash);
      }
    }
  }

  complete(entity: Entity): void {
    this.#complete.add(entity);
  }

  isComplete(entity: Entity): boolean {
    return this.#complete.has(entity);
  }

  async refer(entity: Entity, keys: readonly string[]): Promise<Uint8Array> {
    const marks = this.#of(entity);
    return Uint8Array.from(keys, (key) => this.#referOne(entity, marks, key));
  }

  #referOne(entity: Entity, marks: Marks, key: string): number {
    const held = this.#find(entity, marks, key);
    this.#hash(key, this.#keyHash);
    const isNew = marks.differing.has(this.#keyHash);
    if (held?.kind === 'confirmed') {
      const isHeld = !this.#complete.has(entity) || isPresent(marks, slotOf(marks, held.fingerprint.digest));
      return isHeld ? Reference.HELD : Reference.ABSENT;
    }
    // An unknown row that was not compared may have a rejected record, so it is not sent.
    return isNew ? Reference.NEW : Reference.ABSENT;
  }

  async holders(logins: readonly string[]): Promise<readonly (readonly string[])[]> {
    return logins.map((login) => this.#snapshot.holders(login, this.#caches.users));
  }

  async *missing(entity: Entity): AsyncGenerator<readonly string[], void, undefined> {
    const marks = this.#of(entity);
    if (marks.table.allPresent && marks.unknownPresent.size === marks.unknownRows) return;
    let chunk: string[] = [];
    const mayBeAbsent = marks.table.absenceFilter();
    for (const block of this.#snapshot.blocks(entity, this.#caches[entity])) {
      for (let row = 0; row < block.count; row++) {
        const isMissing = block.isUnknown(row)
          ? !this.#isUnknownPresent(marks, block.key(row))
          : mayBeAbsent(block.digests[row * WORDS] as number) &&
            !isPresent(marks, slotAt(marks, block.digests, row * WORDS));
        if (isMissing) chunk.push(block.key(row));
      }
      if (chunk.length < MISSING_CHUNK) continue;
      yield chunk;
      chunk = [];
    }
    if (chunk.length > 0) yield chunk;
  }

  #isUnknownPresent(marks: Marks, key: string): boolean {
    this.#hash(key, this.#keyHash);
    return marks.unknownPresent.has(this.#keyHash);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#marks.clear();
    this.#snapshot.close();
    this.#onClose();
  }

  #of(entity: Entity): Marks {
    let marks = this.#marks.get(entity);
    if (marks === undefined) {
      const { known, unknown } = this.#snapshot.head.entities[entity];
      const load = () => this.#load(entity, known);
      let table: DigestTable | undefined;
      marks = {
        rows: known + unknown,
        unknownRows: unknown,
        get table() {
          return (table ??= load());
        },
        unknownPresent: new KeySet(),
        differing: new KeySet(),
        changed: new Map(),
      };
      this.#marks.set(entity, marks);
    }
    return marks;
  }

  #load(entity: Entity, known: number): DigestTable {
    const table = new DigestTable(known);
    if (known === 0) return table;
    for (const block of this.#snapshot.blocks(entity, this.#caches[entity]))
      table.addBlock(block.digests, block.count);
    return table;
  }

  /** The row of a key. For an empty baseline LMDB is not read, which makes a first load faster. */
  #find(entity: Entity, { rows }: Marks, key: string): Held | undefined {
    return rows === 0 ? undefined : this.#snapshot.get(entity, key);
  }
}

const words = new Uint32Array(WORDS);

/** The slot of a digest; -1 if the table does not contain it. */
function slotOf(marks: Marks, digest: string): number {
  writeDigest(digest, words, 0);
  return slotAt(marks, words, 0);
}

function slotAt({ table }: Marks, digests: Uint32Array, at: number): number {
  return table.find(
    digests[at] as number,
    digests[at + 1] as number,
    digests[at + 2] as number,
    digests[at + 3] as number,
  );
}

/** A row whose digest the table cannot contain counts as present, so that it is not removed. */
function isPresent({ table }: Marks, slot: number): boolean {
  return slot < 0 || table.isPresent(slot);
}
