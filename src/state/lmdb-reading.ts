import type { Entity } from '../model.js';
import { DigestSet } from './key-set.js';
import { createKeyHasher, type KeyHash } from './key-hash.js';
import type { LmdbBaseline, Snapshot } from './lmdb-baseline.js';
import type { Head } from './lmdb-tables.js';
import { ROWS_PER_PAGE } from './row-page.js';
import { Reference, Seen, type Reading } from './store.js';

const MISSING_CHUNK = 4096;
const ONES = 0xffffffff;

/** What one entity's part of a reading remembers: its rows as they were, a bit for each, and the keys that are new. */
interface Marks extends Snapshot {
  readonly compared: Uint8Array;
  readonly present: Uint8Array;
  readonly fresh: DigestSet;
}

/**
 * A reading over LMDB. Fingerprints are in memory, 16 bytes a row, and most records are settled by them alone: an equal
 * fingerprint is an equal key, for the key is part of it. Only for what differs a key is looked up on disk. Rows that
 * are committed while it is open (a pipe without a guard sends as it reads) do not count.
 */
export class LmdbReading implements Reading {
  readonly #baselines: Readonly<Record<Entity, LmdbBaseline>>;
  readonly #head: Head;
  readonly #onClose: () => void;
  readonly #hash: (key: string, into: KeyHash) => void;
  readonly #keyHash: KeyHash = { high: 0, low: 0 };
  readonly #marks = new Map<Entity, Marks>();
  readonly #complete = new Set<Entity>();

  constructor(baselines: Readonly<Record<Entity, LmdbBaseline>>, head: Head, onClose: () => void) {
    this.#baselines = baselines;
    this.#head = head;
    this.#onClose = onClose;
    this.#hash = createKeyHasher(head.fingerprintKey);
  }

  // A hot loop: it runs for every record of the source, and allocates nothing for those that are unchanged.
  async compare(
    entity: Entity,
    keys: readonly string[],
    fingerprints: readonly string[],
  ): Promise<Uint8Array> {
    const codes = new Uint8Array(keys.length);
    const marks = this.#of(entity);
    const hash = this.#keyHash;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      this.#hash(key, hash);
      codes[i] = this.#compareOne(entity, marks, key, fingerprints[i] as string);
    }
    return codes;
  }

  #compareOne(entity: Entity, marks: Marks, key: string, fingerprint: string): number {
    const { index, fingerprints, rows } = marks;
    const { high, low } = this.#keyHash;
    const first = wordOf(fingerprint, 0);
    for (let row = index.first(high); row >= 0; row = index.next()) {
      if (row >= rows) continue;
      const at = row * 4;
      const same =
        fingerprints[at] === first &&
        fingerprints[at + 1] === wordOf(fingerprint, 4) &&
        fingerprints[at + 2] === wordOf(fingerprint, 8) &&
        fingerprints[at + 3] === wordOf(fingerprint, 12);
      if (!same && (isFree(fingerprints, at) || !this.#baselines[entity].keyIs(row, key))) continue;
      if (isSet(marks.compared, row)) return Seen.DUPLICATE;
      set(marks.compared, row);
      set(marks.present, row);
      return same ? Seen.SAME : isUnknown(fingerprints, at) ? Seen.NEW : Seen.CHANGED;
    }
    return marks.fresh.add(high, low) ? Seen.NEW : Seen.DUPLICATE;
  }

  async held(entity: Entity, keys: readonly string[]): Promise<readonly string[]> {
    return keys.map((key) => {
      const row = this.#find(entity, key);
      return row < 0 ? '' : this.#baselines[entity].prints(row);
    });
  }

  async keep(entity: Entity, keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const marks = this.#of(entity);
    for (const key of keys) {
      const row = this.#find(entity, key);
      if (row >= 0) set(marks.present, row);
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
    return Uint8Array.from(keys, (key) => {
      const row = this.#find(entity, key);
      if (row < 0) {
        this.#hash(key, this.#keyHash);
        return marks.fresh.has(this.#keyHash.high, this.#keyHash.low) ? Reference.NEW : Reference.ABSENT;
      }
      if (this.#complete.has(entity) && !isSet(marks.present, row)) return Reference.ABSENT;
      return isUnknown(marks.fingerprints, row * 4) ? Reference.NEW : Reference.HELD;
    });
  }

  async *missing(entity: Entity): AsyncGenerator<readonly string[], void, undefined> {
    const marks = this.#of(entity);
    if (!someMissing(marks)) return;
    let chunk: string[] = [];
    for (const { first, page } of this.#baselines[entity].pages()) {
      for (let slot = 0; slot < ROWS_PER_PAGE; slot++) {
        const row = first + slot;
        if (row >= marks.rows || isSet(marks.present, row) || isFree(marks.fingerprints, row * 4)) continue;
        chunk.push(page.key(slot));
        if (chunk.length < MISSING_CHUNK) continue;
        yield chunk;
        chunk = [];
      }
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
      const { nextRow } = this.#head.counts[entity];
      const bytes = (nextRow + 7) >>> 3;
      marks = {
        ...this.#baselines[entity].load(nextRow),
        compared: new Uint8Array(bytes),
        present: new Uint8Array(bytes),
        fresh: new DigestSet(),
      };
      this.#marks.set(entity, marks);
    }
    return marks;
  }

  /** The row that had this key when the reading was opened, or -1. */
  #find(entity: Entity, key: string): number {
    const { index, rows, fingerprints } = this.#of(entity);
    return this.#baselines[entity].find(index, key, (row) => row < rows && !isFree(fingerprints, row * 4));
  }
}

/** Four characters of eight bits, as the word they are on disk. */
function wordOf(text: string, at: number): number {
  return (
    (text.charCodeAt(at) |
      (text.charCodeAt(at + 1) << 8) |
      (text.charCodeAt(at + 2) << 16) |
      (text.charCodeAt(at + 3) << 24)) >>>
    0
  );
}

function someMissing({ rows, present, fingerprints }: Marks): boolean {
  for (let row = 0; row < rows; row++) {
    if ((row & 7) === 0 && present[row >>> 3] === 0xff) row += 7;
    else if (!isSet(present, row) && !isFree(fingerprints, row * 4)) return true;
  }
  return false;
}

function isFree(words: Uint32Array, at: number): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0;
}

function isUnknown(words: Uint32Array, at: number): boolean {
  return words[at] === ONES && words[at + 1] === ONES && words[at + 2] === ONES && words[at + 3] === ONES;
}

function isSet(bits: Uint8Array, row: number): boolean {
  return ((bits[row >>> 3] ?? 0) & (1 << (row & 7))) !== 0;
}

function set(bits: Uint8Array, row: number): void {
  bits[row >>> 3] = (bits[row >>> 3] ?? 0) | (1 << (row & 7));
}
