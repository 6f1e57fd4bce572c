import type { Entity } from '../model.js';
import { createKeyHasher, type KeyHash } from './key-hash.js';
import type { Head, Tables } from './lmdb-tables.js';
import { PrintPage } from './print-page.js';
import { RowIndex } from './row-index.js';
import { FINGERPRINT_BYTES, RowPage, ROWS_PER_PAGE } from './row-page.js';
import type { PendingRow } from './store.js';

/** What a reading needs of the baseline: as it was when it was loaded. */
export interface Snapshot {
  readonly index: RowIndex;
  /** Four words a row. */
  readonly fingerprints: Uint32Array;
  /** The number after the last row. */
  readonly rows: number;
}

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

  /** Loads what a reading needs. @throws {@link StateError} when a page is damaged */
  load(rows: number): Snapshot {
    const bytes = new Uint8Array(Math.ceil(rows / ROWS_PER_PAGE) * ROWS_PER_PAGE * FINGERPRINT_BYTES);
    const known = this.#index;
    this.#free.push(...this.#freed.splice(0));
    const index = known ?? this.#emptyIndex(rows);
    for (const { key: number, value } of this.#tables.rows[this.#entity].getRange()) {
      const page = RowPage.from(value);
      bytes.set(page.fingerprints(), number * ROWS_PER_PAGE * FINGERPRINT_BYTES);
      if (known === undefined) this.#enter(index, number, page, rows);
    }
    this.#index = index;
    return { index, fingerprints: new Uint32Array(bytes.buffer), rows };
  }

  /** Whether a row has this key. */
  keyIs(row: number, key: string): boolean {
    // A view that holds until the next read: enough to look at one key.
    const bytes = this.#tables.rows[this.#entity].getBinaryFast(Math.floor(row / ROWS_PER_PAGE));
    return bytes !== undefined && RowPage.over(bytes).key(row % ROWS_PER_PAGE) === key;
  }

  /** The row of a key, or -1; `visible` says which rows count. */
  find(index: RowIndex, key: string, visible: (row: number) => boolean): number {
    this.#hash(key, this.#keyHash);
    for (let row = index.first(this.#keyHash.high); row >= 0; row = index.next())
      if (visible(row) && this.keyIs(row, key)) return row;
    return -1;
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

  #emptyIndex(rows: number): RowIndex {
    this.#free = [];
    this.#freed = [];
    return new RowIndex(rows);
  }

  #loadIndex(rows: number): RowIndex {
    const index = this.#emptyIndex(rows);
    for (const { first, page } of this.pages()) this.#enter(index, first / ROWS_PER_PAGE, page, rows);
    this.#index = index;
    return index;
  }

  #enter(index: RowIndex, number: number, page: RowPage, rows: number): void {
    const first = number * ROWS_PER_PAGE;
    const count = Math.min(ROWS_PER_PAGE, rows - first);
    for (let slot = 0; slot < count; slot++) {
      if (page.isFree(slot)) this.#free.push(first + slot);
      else index.put(first + slot, page.hash(slot));
    }
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
