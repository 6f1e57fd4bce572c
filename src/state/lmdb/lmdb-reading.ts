import type { Entity } from '../../core/model.js';
import type { DigestTable } from '../../fingerprints/digest-table.js';

const MOST_FOUND = 4096;
import { DigestSet } from './key-set.js';
import { createKeyHasher, type KeyHash } from './key-hash.js';
import type { LmdbBaseline } from './lmdb-baseline.js';
import type { Head } from './lmdb-tables.js';
import { isUnknownAt, wordOf } from './row-page.js';
import { Reference, Seen, type Reading } from '../store.js';

const MISSING_CHUNK = 4096;
/** Changed rows that are remembered, should nobody ask what is held of them. */
const MOST_REMEMBERED = 8192;

/** What one entity's part of a reading remembers. */
interface Marks {
  /**
   * What was known, and what of it was seen. Loaded when something is compared or kept: whether memberships name somebody
   * who is held is told without it.
   */
  readonly table: DigestTable;
  readonly rows: number;
  /** Rows whose outcome is unknown and that are present. */
  readonly unknownPresent: Set<number>;
  readonly unknownRows: number;
  /** Rows of keys that were found changed: what is held of them is asked for next. */
  readonly changed: Map<string, number>;
  /** Keys that were compared and are not as they were known. */
  readonly differing: DigestSet;
}

/**
 * A reading over LMDB. What is unchanged is settled by its fingerprint alone, in memory: an equal fingerprint is an equal
 * key, for the key is part of it. Only what differs is looked up by its key on disk. Rows that are committed while the
 * reading is open (a pipe without a guard sends as it reads) do not count.
 */
export class LmdbReading implements Reading {
  readonly #baselines: Readonly<Record<Entity, LmdbBaseline>>;
  readonly #head: Head;
  readonly #onClose: () => void;
  readonly #hash: (key: string, into: KeyHash) => void;
  readonly #keyHash: KeyHash = { high: 0, low: 0 };
  /** The fingerprint of the row that was looked up last. */
  readonly #words = new Uint32Array(4);
  readonly #marks = new Map<Entity, Marks>();
  readonly #complete = new Set<Entity>();

  constructor(baselines: Readonly<Record<Entity, LmdbBaseline>>, head: Head, onClose: () => void) {
    this.#baselines = baselines;
    this.#head = head;
    this.#onClose = onClose;
    this.#hash = createKeyHasher(head.fingerprintKey);
  }

  async compare(
    entity: Entity,
    keys: readonly string[],
    fingerprints: readonly string[],
  ): Promise<Uint8Array> {
    const words = new Uint32Array(keys.length * 4);
    for (let i = 0; i < keys.length; i++) {
      const fingerprint = fingerprints[i] as string;
      for (let word = 0; word < 4; word++) words[i * 4 + word] = wordOf(fingerprint, word * 4);
    }
    return this.compareWords(entity, (i) => keys[i] as string, words, 0, keys.length);
  }

  // A hot loop: it runs for every record of the source, and allocates nothing for those that are unchanged.
  compareWords(
    entity: Entity,
    keyAt: (i: number) => string,
    words: Uint32Array,
    start: number,
    end: number,
  ): Uint8Array {
    const codes = new Uint8Array(end - start);
    const marks = this.#of(entity);
    const { table } = marks;
    if (marks.changed.size >= MOST_REMEMBERED) marks.changed.clear();
    for (let at = start; at < end; at += MOST_FOUND) {
      const count = Math.min(MOST_FOUND, end - at);
      const slots = table.findEach(words.subarray(at * 4, (at + count) * 4), count);
      for (let i = 0; i < count; i++) {
        const slot = slots[i] as number;
        codes[at - start + i] =
          slot < 0
            ? this.#compareKey(entity, marks, keyAt(at + i))
            : table.compare(slot)
              ? Seen.SAME
              : Seen.DUPLICATE;
      }
    }
    return codes;
  }

  digests(entity: Entity): (() => DigestTable) | undefined {
    const { known } = this.#head.counts[entity];
    return known === 0 ? undefined : () => this.#of(entity).table;
  }

  /** A record that is not as it was known: new, changed, or the second of its key. */
  #compareKey(entity: Entity, marks: Marks, key: string): number {
    const row = this.#find(entity, marks, key);
    if (!marks.differing.add(this.#keyHash.high, this.#keyHash.low)) return Seen.DUPLICATE;
    if (row < 0) return Seen.NEW;
    if (isUnknownAt(this.#words, 0)) {
      marks.unknownPresent.add(row);
      return Seen.NEW;
    }
    const slot = this.#slotOf(marks);
    if (slot < 0) return Seen.NEW;
    if (!marks.table.compare(slot)) return Seen.DUPLICATE;
    marks.changed.set(key, row);
    return Seen.CHANGED;
  }

  async held(entity: Entity, keys: readonly string[]): Promise<readonly string[]> {
    const marks = this.#of(entity);
    const prints = keys.map((key) => {
      const row = marks.changed.get(key) ?? this.#find(entity, marks, key);
      return row < 0 ? '' : this.#baselines[entity].prints(row);
    });
    marks.changed.clear();
    return prints;
  }

  async knows(entity: Entity, keys: readonly string[]): Promise<Uint8Array> {
    const marks = this.#of(entity);
    return Uint8Array.from(keys, (key) => (this.#find(entity, marks, key) < 0 ? 0 : 1));
  }

  async keep(entity: Entity, keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const marks = this.#of(entity);
    for (const key of keys) {
      const row = this.#find(entity, marks, key);
      if (row < 0) continue;
      const slot = this.#slotOf(marks);
      if (isUnknownAt(this.#words, 0)) marks.unknownPresent.add(row);
      else if (slot >= 0) marks.table.keep(slot);
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
    const row = this.#find(entity, marks, key);
    const isNew = marks.differing.has(this.#keyHash.high, this.#keyHash.low);
    if (row < 0) return isNew ? Reference.NEW : Reference.ABSENT;
    if (this.#complete.has(entity) && !isPresent(marks, row, this.#words, 0)) return Reference.ABSENT;
    if (!isUnknownAt(this.#words, 0)) return Reference.HELD;
    // Sent anew by this reading, or nothing is known of it: its record may be a rejected one.
    return isNew ? Reference.NEW : Reference.ABSENT;
  }

  async *missing(entity: Entity): AsyncGenerator<readonly string[], void, undefined> {
    const marks = this.#of(entity);
    if (marks.table.allPresent && marks.unknownPresent.size === marks.unknownRows) return;
    let chunk: string[] = [];
    const mayBeAbsent = marks.table.absences();
    const absent = (row: number, words: Uint32Array, at: number) =>
      (mayBeAbsent(words[at] as number) || isUnknownAt(words, at)) && !isPresent(marks, row, words, at);
    for (const key of this.#baselines[entity].keysWhere(marks.rows, absent)) {
      chunk.push(key);
      if (chunk.length < MISSING_CHUNK) continue;
      yield chunk;
      chunk = [];
    }
    if (chunk.length > 0) yield chunk;
  }

  async close(): Promise<void> {
    this.#marks.clear();
    this.#onClose();
  }

  #of(entity: Entity): Marks {
    let marks = this.#marks.get(entity);
    if (marks === undefined) {
      const { nextRow, unknown } = this.#head.counts[entity];
      const baseline = this.#baselines[entity];
      let table: DigestTable | undefined;
      marks = {
        get table() {
          return (table ??= baseline.load(nextRow));
        },
        rows: nextRow,
        unknownPresent: new Set(),
        unknownRows: unknown,
        changed: new Map(),
        differing: new DigestSet(),
      };
      this.#marks.set(entity, marks);
    }
    return marks;
  }

  /** The row of a key, or -1; leaves the key's hash and the row's fingerprint where the others look for them. */
  #find(entity: Entity, marks: Marks, key: string): number {
    this.#hash(key, this.#keyHash);
    return this.#baselines[entity].find(marks.rows, key, this.#keyHash.high, this.#words);
  }

  /** The slot of the fingerprint that was looked up last; -1 for one that was committed since. */
  #slotOf(marks: Marks): number {
    return slotAt(marks, this.#words, 0);
  }
}

function slotAt({ table }: Marks, words: Uint32Array, at: number): number {
  return table.find(
    words[at] as number,
    words[at + 1] as number,
    words[at + 2] as number,
    words[at + 3] as number,
  );
}

function isPresent(marks: Marks, row: number, words: Uint32Array, at: number): boolean {
  if (isUnknownAt(words, at)) return marks.unknownPresent.has(row);
  const slot = slotAt(marks, words, at);
  return slot < 0 || marks.table.isPresent(slot);
}
