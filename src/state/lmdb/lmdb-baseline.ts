import type { Entity } from '../../core/model.js';
import { DigestTable } from '../../fingerprints/digest-table.js';
import { FoundRows } from './found-rows.js';
import { createKeyHasher, type KeyHash } from './key-hash.js';
import type { Head, Tables } from './lmdb-tables.js';
import type { RowFiles } from './row-files.js';
import { RowIndex, type RowFinder, type TakeHashes } from './row-index.js';
import type { OverlaidRow } from './row-overlay.js';
import {
  FINGERPRINT_BYTES,
  HASH_WORDS_AT,
  isFreeAt,
  isUnknownAt,
  PAGE_WORDS,
  ROWS_PER_PAGE,
  WORDS,
  writeFingerprint,
} from './row-page.js';
import { RowScan } from './row-scan.js';
import type { PendingRow } from '../store.js';
import { StoredRows } from './stored-rows.js';

/** Pages whose fingerprints are handed to the table at once. */
const BLOCK_PAGES = 256;

type EntityHead = Head['counts'][Entity];

/**
 * What is known of one entity: which row has which key, which rows are free, and what a commit makes of them. Fingerprints
 * and key hashes load as blocks into typed arrays, and keys stay on disk (see `StoredRows`). A row that was removed is used
 * again by a later run.
 */
export class LmdbBaseline {
  readonly #rows: StoredRows;
  readonly #hash: (key: string, into: KeyHash) => void;
  readonly #keyHash: KeyHash = { high: 0, low: 0 };
  #index: RowIndex | undefined;
  /** The number after the last row that it knows. */
  #indexedRows = 0;
  #hasScanned = false;
  readonly #foundRows = new FoundRows();
  /** Changes with every commit, so that a merge that was overtaken by one is known to be worthless. */
  #version = 0;
  #merging = false;
  /** Rows that may be given to new keys. */
  #free: number[] = [];
  /** Rows removed since the last reading began, which may still speak of them. */
  #freed: number[] = [];

  constructor(tables: Tables, entity: Entity, fingerprintKey: string, files: RowFiles) {
    this.#rows = new StoredRows(tables, entity, files);
    this.#hash = createKeyHasher(fingerprintKey);
  }

  /**
   * Loads every fingerprint that is known. Rows that were removed may be given to new keys from now on.
   * @throws {@link StateError} when a page is damaged
   */
  load(rows: number): DigestTable {
    const table = new DigestTable(rows);
    for (const row of this.#freed.splice(0)) this.#free.push(row);
    const block = new Uint32Array(BLOCK_PAGES * ROWS_PER_PAGE * WORDS);
    let filled = 0;
    for (const page of this.#rows.pages(rows)) {
      this.#rows.fingerprints(page, block, filled * WORDS);
      const end = filled + Math.min(ROWS_PER_PAGE, rows - page.number * ROWS_PER_PAGE);
      for (; filled < end; filled++)
        if (isUnknownAt(block, filled * WORDS)) block.fill(0, filled * WORDS, filled * WORDS + 4);
      if (filled < BLOCK_PAGES * ROWS_PER_PAGE) continue;
      table.addBlock(block, filled);
      filled = 0;
    }
    table.addBlock(block, filled);
    return table;
  }

  /**
   * The row of a key, or -1, and the words of its fingerprint as it is now.
   * @param high - the key's hash, see `createKeyHasher`
   */
  find(rows: number, key: string, high: number, words: Uint32Array): number {
    const index = this.#index ?? this.#loadIndex(rows);
    for (let row = index.first(high); row >= 0; row = index.next())
      if (this.#holds(row, key, words)) return row;
    return -1;
  }

  /** Whether a row has this key; then its fingerprint is put into the words. */
  #holds(row: number, key: string, words: Uint32Array): boolean {
    const found = this.#foundRows.get(row, words);
    if (found !== undefined) return found === key;
    if (!this.#rows.holds(row, key, words)) return false;
    this.#foundRows.set(row, key, words);
    return true;
  }

  /** The keys of those rows that are asked for, by their number and the words of their fingerprint. */
  keysWhere(
    rows: number,
    wanted: (row: number, words: Uint32Array, at: number) => boolean,
  ): Generator<string, void, undefined> {
    return this.#rows.keysWhere(rows, wanted);
  }

  /** The attribute prints of a row; `''` where there are none. */
  prints(row: number): string {
    return this.#rows.prints(row);
  }

  /** Every row, some at a time, in order. */
  rows(count: number): Generator<readonly PendingRow[], void, undefined> {
    return this.#rows.rows(count);
  }

  /** Forgets what is in memory: a transaction that changed it was not committed. */
  forget(): void {
    this.#version++;
    this.#index = undefined;
    this.#foundRows.clear();
    this.#freed = [];
    this.#rows.forget();
  }

  close(): void {
    this.#rows.close();
  }

  /** Makes rows the baseline, or unknown. Runs inside a transaction; answers the counts after it. */
  apply(before: EntityHead, rows: readonly PendingRow[], unknown: boolean): EntityHead {
    this.#version++;
    const counts = { ...before };
    const index = this.#finderFor(before.nextRow, rows);
    const changed = new Map<number, OverlaidRow>();
    const words = new Uint32Array(4);
    const holds = (row: number, key: string) => {
      const now = changed.get(row);
      if (now === undefined) return this.#holds(row, key, words);
      if (now.fingerprint === undefined || (now.key !== undefined && now.key !== key)) return false;
      if (now.key === undefined && !this.#holds(row, key, words)) return false;
      writeFingerprint(words, 0, now.fingerprint);
      return true;
    };
    for (const { kind, key, fingerprint } of rows) {
      this.#hash(key, this.#keyHash);
      const { high } = this.#keyHash;
      let row = index.first(high);
      while (row >= 0 && !holds(row, key)) row = index.next();
      const isNew = row < 0;
      if (!isNew) counts[isUnknownAt(words, 0) ? 'unknown' : 'known']--;
      if (kind === 'delete' && !unknown) {
        if (isNew) continue;
        changed.set(row, { fingerprint: undefined, prints: '', key: '', hash: 0 });
        this.#freed.push(row);
        continue;
      }
      if (isNew) {
        row = this.#free.pop() ?? counts.nextRow++;
        index.put(row, high);
      }
      const held = unknown ? '' : fingerprint;
      const named = isNew ? { key, hash: high } : changed.get(row);
      changed.set(row, {
        fingerprint: held.slice(0, FINGERPRINT_BYTES),
        prints: held.slice(FINGERPRINT_BYTES),
        key: named?.key,
        hash: named?.hash ?? 0,
      });
      counts[held === '' ? 'unknown' : 'known']++;
    }
    for (const row of changed.keys()) this.#foundRows.forget(row);
    this.#rows.store(changed);
    if (index === this.#index) this.#indexedRows = counts.nextRow;
    return counts;
  }

  /** Rows that the overlay holds. */
  get overlaidRows(): number {
    return this.#rows.overlaidRows;
  }

  /**
   * Writes everything into one new file, what is overlaid in its page, once that is due. It is only tidying: where another
   * commit overtakes it or the disk has no room, all stays as it was, and a later commit tries again.
   */
  async mergeWhereDue(rows: number, write: (change: () => void) => Promise<void>): Promise<void> {
    if (this.#merging || !this.#rows.isMergeDue(rows)) return;
    this.#merging = true;
    try {
      await this.merge(rows, write);
    } finally {
      this.#merging = false;
    }
  }

  /** The same, due or not. */
  async merge(rows: number, write: (change: () => void) => Promise<void>): Promise<void> {
    const version = this.#version;
    const rewritten = await this.#rows.rewrite(rows);
    if (rewritten === undefined) return;
    let overtaken = false;
    await write(() => {
      overtaken = version !== this.#version;
      if (!overtaken) this.#rows.replace(rewritten);
    });
    if (overtaken) await this.#rows.drop(rewritten);
    else await this.#rows.dropReplaced();
  }

  /**
   * Finds the rows of a commit's keys. The first commit of a process is mostly that of a session which an earlier run left
   * in flight: it looks through all hashes once. Whoever commits again gets an index.
   */
  #finderFor(count: number, rows: readonly PendingRow[]): RowFinder {
    // An index that a reading loaded may be of those rows that there were when it began.
    if (this.#index !== undefined && !this.#index.isTopHeavy && this.#indexedRows >= count)
      return this.#index;
    if (this.#index !== undefined || this.#hasScanned) return this.#loadIndex(count);
    this.#hasScanned = true;
    const wanted = rows.map(({ key }) => {
      this.#hash(key, this.#keyHash);
      return this.#keyHash.high;
    });
    return new RowScan(wanted, (tell, isRepeated) => this.#eachHash(count, tell, isRepeated));
  }

  #loadIndex(rows: number): RowIndex {
    this.#indexedRows = rows;
    return (this.#index = new RowIndex(rows, (tell, isRepeated) => this.#eachHash(rows, tell, isRepeated)));
  }

  /** Tells every row that is in use and the hash of its key, page by page. On the way it learns which rows are free. */
  #eachHash(rows: number, tell: TakeHashes, isRepeated: boolean): void {
    const free: number[] = [];
    const freed = new Set(this.#freed);
    const words = new Uint32Array(PAGE_WORDS);
    const used = new Uint32Array(ROWS_PER_PAGE);
    const hashes = new Uint32Array(ROWS_PER_PAGE);
    for (const { number, bytes } of this.#rows.pages(rows)) {
      const first = number * ROWS_PER_PAGE;
      const count = Math.min(ROWS_PER_PAGE, rows - first);
      this.#rows.words(number, bytes, words, isRepeated);
      let told = 0;
      for (let slot = 0; slot < count; slot++) {
        if (!isFreeAt(words, slot * WORDS)) {
          used[told] = first + slot;
          hashes[told++] = words[HASH_WORDS_AT + slot] as number;
        } else if (!freed.has(first + slot)) free.push(first + slot);
      }
      tell(used, hashes, told);
    }
    this.#free = free;
  }
}
