import { StateError } from '../errors.js';
import type { Entity } from '../model.js';
import { createKeyHasher, type KeyHash } from './key-hash.js';
import type { Head, Tables } from './lmdb-tables.js';
import { PrintPage } from './print-page.js';
import { RowIndex } from './row-index.js';
import {
  FINGERPRINT_BYTES,
  HASH_WORDS_AT,
  isFreeAt,
  isUnknownAt,
  PAGE_WORDS,
  readWords,
  RowPage,
  ROWS_PER_PAGE,
} from './row-page.js';
import { FingerprintTable } from './fingerprint-table.js';
import type { PendingRow } from './store.js';

type EntityHead = Head['counts'][Entity];

/**
 * The rows of one entity over pages in LMDB. Rows have numbers; their fingerprints and key hashes load as blocks into
 * typed arrays, and keys stay on disk. A row that was removed is used again by a later run.
 */
export class LmdbBaseline {
  readonly #tables: Tables;
  readonly #entity: Entity;
  readonly #hash: (key: string, into: KeyHash) => void;
  readonly #keyHash: KeyHash = { high: 0, low: 0 };
  #index: RowIndex | undefined;
  /** Rows that may be given to new keys. */
  #free: number[] = [];
  /** Rows removed since the index was loaded: a reading that is open may still speak of them. */
  #freed: number[] = [];

  constructor(tables: Tables, entity: Entity, fingerprintKey: string) {
    this.#tables = tables;
    this.#entity = entity;
    this.#hash = createKeyHasher(fingerprintKey);
  }

  /**
   * Loads every fingerprint that is known. Rows that were removed may be given to new keys from now on.
   * @throws {@link StateError} when a page is damaged
   */
  load(rows: number): FingerprintTable {
    const table = new FingerprintTable(rows);
    for (const row of this.#freed.splice(0)) this.#free.push(row);
    this.#eachPage(rows, (words, _first, count) => {
      for (let at = 0; at < count * 4; at += 4) {
        if (isFreeAt(words, at) || isUnknownAt(words, at)) continue;
        table.add(
          words[at] as number,
          words[at + 1] as number,
          words[at + 2] as number,
          words[at + 3] as number,
        );
      }
    });
    return table;
  }

  /**
   * The row of a key, or -1, and the words of its fingerprint as it is now.
   * @param high - the key's hash, see `createKeyHasher`
   */
  find(rows: number, key: string, high: number, words: Uint32Array): number {
    const index = this.#index ?? this.#loadIndex(rows);
    for (let row = index.first(high); row >= 0; row = index.next()) {
      // A view that holds until the next read: enough to look at one row.
      const bytes = this.#tables.rows[this.#entity].getBinaryFast(Math.floor(row / ROWS_PER_PAGE));
      if (bytes === undefined) continue;
      const page = RowPage.over(bytes);
      if (page.key(row % ROWS_PER_PAGE) !== key) continue;
      page.words(row % ROWS_PER_PAGE, words);
      return row;
    }
    return -1;
  }

  /** The keys of those rows that are asked for, by their number and the words of their fingerprint. */
  *keysWhere(
    rows: number,
    wanted: (row: number, words: Uint32Array, at: number) => boolean,
  ): Generator<string, void, undefined> {
    const words = new Uint32Array(PAGE_WORDS);
    for (let first = 0; first < rows; first += ROWS_PER_PAGE) {
      this.#readPage(first, words);
      let page: RowPage | undefined;
      for (let slot = 0; slot < ROWS_PER_PAGE && first + slot < rows; slot++) {
        if (isFreeAt(words, slot * 4) || !wanted(first + slot, words, slot * 4)) continue;
        // A copy: between two keys the database may be read for something else.
        page ??= RowPage.over(this.#tables.rows[this.#entity].get(first / ROWS_PER_PAGE) as Buffer);
        yield page.key(slot);
      }
    }
  }

  /** The attribute prints of a row; `''` where there are none. */
  prints(row: number): string {
    if (this.#entity === 'memberships') return '';
    const bytes = this.#tables.prints[this.#entity].get(Math.floor(row / ROWS_PER_PAGE));
    return new PrintPage(bytes).get(row % ROWS_PER_PAGE);
  }

  /** Every page, in order. */
  *pages(): Generator<{ readonly first: number; readonly page: RowPage }, void, undefined> {
    for (const { key, value } of this.#tables.rows[this.#entity].getRange())
      yield { first: key * ROWS_PER_PAGE, page: RowPage.from(value) };
  }

  /** Forgets what is in memory: a transaction that changed it was not committed. */
  forget(): void {
    this.#index = undefined;
  }

  /** Makes rows the baseline, or unknown. Runs inside a transaction; answers the counts after it. */
  apply(before: EntityHead, rows: readonly PendingRow[], unknown: boolean): EntityHead {
    const counts = { ...before };
    const edit = new PageEdit(this.#tables, this.#entity);
    const index = this.#index ?? this.#loadIndex(before.nextRow);
    for (const { kind, key, fingerprint } of rows) {
      this.#hash(key, this.#keyHash);
      const { high } = this.#keyHash;
      let row = index.first(high);
      while (row >= 0 && !edit.holds(row, key)) row = index.next();
      if (row >= 0) counts[edit.fingerprint(row) === '' ? 'unknown' : 'known']--;
      if (kind === 'delete' && !unknown) {
        if (row < 0) continue;
        edit.free(row);
        this.#freed.push(row);
        continue;
      }
      if (row < 0) {
        row = this.#free.pop() ?? counts.nextRow++;
        edit.setKey(row, key, high);
        index.put(row, high);
      }
      const held = unknown ? '' : fingerprint;
      edit.setFingerprint(row, held);
      counts[held === '' ? 'unknown' : 'known']++;
    }
    edit.write();
    return counts;
  }

  #loadIndex(rows: number): RowIndex {
    this.#free = [];
    this.#freed = [];
    const index = new RowIndex(rows);
    this.#eachPage(rows, (words, first, count) => {
      for (let slot = 0; slot < count; slot++) {
        if (isFreeAt(words, slot * 4)) this.#free.push(first + slot);
        else index.put(first + slot, words[HASH_WORDS_AT + slot] as number);
      }
    });
    this.#index = index;
    return index;
  }

  /** The fixed part of every page, in order; the words are used again for the next. */
  #eachPage(rows: number, visit: (words: Uint32Array, first: number, count: number) => void): void {
    const words = new Uint32Array(PAGE_WORDS);
    for (let first = 0; first < rows; first += ROWS_PER_PAGE) {
      this.#readPage(first, words);
      visit(words, first, Math.min(ROWS_PER_PAGE, rows - first));
    }
  }

  #readPage(first: number, words: Uint32Array): void {
    const bytes = this.#tables.rows[this.#entity].getBinaryFast(first / ROWS_PER_PAGE);
    if (bytes === undefined) {
      throw new StateError('the state is damaged: a page of rows is missing', {
        code: 'ERR_ROLLCALL_STATE_CORRUPT',
      });
    }
    readWords(bytes, bytes.length, words);
  }
}

/** Pages being changed in one transaction: each is read once and written once. */
class PageEdit {
  readonly #tables: Tables;
  readonly #entity: Entity;
  readonly #pages = new Map<number, RowPage>();
  readonly #prints = new Map<number, PrintPage>();

  constructor(tables: Tables, entity: Entity) {
    this.#tables = tables;
    this.#entity = entity;
  }

  holds(row: number, key: string): boolean {
    return this.#page(row).key(row % ROWS_PER_PAGE) === key;
  }

  fingerprint(row: number): string {
    return this.#page(row).fingerprint(row % ROWS_PER_PAGE);
  }

  setKey(row: number, key: string, hash: number): void {
    this.#page(row).setKey(row % ROWS_PER_PAGE, key, hash);
  }

  /** What is beyond the first 16 characters of a fingerprint are the prints of its attributes. */
  setFingerprint(row: number, fingerprint: string): void {
    this.#page(row).setFingerprint(row % ROWS_PER_PAGE, fingerprint.slice(0, FINGERPRINT_BYTES));
    this.#printsOf(row)?.set(row % ROWS_PER_PAGE, fingerprint.slice(FINGERPRINT_BYTES));
  }

  free(row: number): void {
    this.#page(row).free(row % ROWS_PER_PAGE);
    this.#printsOf(row)?.set(row % ROWS_PER_PAGE, '');
  }

  write(): void {
    const { rows, prints } = this.#tables;
    for (const [number, page] of this.#pages) void rows[this.#entity].put(number, page.toBytes());
    for (const [number, page] of this.#prints)
      void prints[this.#entity as 'users' | 'groups'].put(number, page.toBytes());
  }

  #page(row: number): RowPage {
    const number = Math.floor(row / ROWS_PER_PAGE);
    let page = this.#pages.get(number);
    if (page === undefined) {
      const bytes = this.#tables.rows[this.#entity].get(number);
      page = bytes === undefined ? RowPage.empty() : RowPage.over(bytes);
      this.#pages.set(number, page);
    }
    return page;
  }

  #printsOf(row: number): PrintPage | undefined {
    if (this.#entity === 'memberships') return undefined;
    const number = Math.floor(row / ROWS_PER_PAGE);
    let page = this.#prints.get(number);
    if (page === undefined)
      this.#prints.set(number, (page = new PrintPage(this.#tables.prints[this.#entity].get(number))));
    return page;
  }
}
