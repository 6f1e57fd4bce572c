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
  writeFingerprint,
} from './row-page.js';
import { RowOverlay, type OverlaidRow } from './row-overlay.js';
import { FingerprintTable } from './fingerprint-table.js';
import type { PendingRow } from './store.js';

/** A page in which so many rows change at once is written anew. */
const DENSE_ROWS = 24;

type EntityHead = Head['counts'][Entity];

/**
 * The rows of one entity over pages in LMDB. Rows have numbers; their fingerprints and key hashes load as blocks into
 * typed arrays, and keys stay on disk. A row that was removed is used again by a later run.
 */
export class LmdbBaseline {
  readonly #tables: Tables;
  readonly #entity: Entity;
  readonly #key: string;
  readonly #hash: (key: string, into: KeyHash) => void;
  readonly #keyHash: KeyHash = { high: 0, low: 0 };
  #index: RowIndex | undefined;
  #overlay: RowOverlay | undefined;
  /** Rows that may be given to new keys. */
  #free: number[] = [];
  /** Rows removed since the index was loaded: a reading that is open may still speak of them. */
  #freed: number[] = [];

  constructor(tables: Tables, entity: Entity, fingerprintKey: string) {
    this.#tables = tables;
    this.#entity = entity;
    this.#key = fingerprintKey;
    this.#hash = createKeyHasher(fingerprintKey);
  }

  /**
   * Loads every fingerprint that is known. Rows that were removed may be given to new keys from now on.
   * @throws {@link StateError} when a page is damaged
   */
  load(rows: number): FingerprintTable {
    const table = new FingerprintTable(rows, this.#key);
    for (const row of this.#freed.splice(0)) this.#free.push(row);
    this.#eachPage(rows, (words, _first, count) => table.addBlock(words, count));
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
    const overlaid = this.#overlaid().get(row);
    if (overlaid !== undefined && (overlaid.fingerprint === undefined || (overlaid.key ?? key) !== key))
      return false;
    // A view that holds until the next read: enough to look at one row.
    const bytes = this.#tables.rows[this.#entity].getBinaryFast(Math.floor(row / ROWS_PER_PAGE));
    if (bytes === undefined) return false;
    const page = RowPage.over(bytes);
    if (overlaid?.key === undefined && page.key(row % ROWS_PER_PAGE) !== key) return false;
    if (overlaid === undefined) page.words(row % ROWS_PER_PAGE, words);
    else writeFingerprint(words, 0, overlaid.fingerprint);
    return true;
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
        yield this.#overlaid().get(first + slot)?.key ?? page.key(slot);
      }
    }
  }

  /** The attribute prints of a row; `''` where there are none. */
  prints(row: number): string {
    if (this.#entity === 'memberships') return '';
    const overlaid = this.#overlaid().get(row);
    if (overlaid !== undefined) return overlaid.prints;
    const bytes = this.#tables.prints[this.#entity].get(Math.floor(row / ROWS_PER_PAGE));
    return new PrintPage(bytes).get(row % ROWS_PER_PAGE);
  }

  /** Every page, in order. */
  *pages(): Generator<{ readonly first: number; readonly page: RowPage }, void, undefined> {
    for (const { key, value } of this.#tables.rows[this.#entity].getRange()) {
      const page = RowPage.from(value);
      this.#overlaid().applyTo(page, key);
      yield { first: key * ROWS_PER_PAGE, page };
    }
  }

  /** Forgets what is in memory: a transaction that changed it was not committed. */
  forget(): void {
    this.#index = undefined;
    this.#overlay = undefined;
  }

  /** Makes rows the baseline, or unknown. Runs inside a transaction; answers the counts after it. */
  apply(before: EntityHead, rows: readonly PendingRow[], unknown: boolean): EntityHead {
    const counts = { ...before };
    const index = this.#index ?? this.#loadIndex(before.nextRow);
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
    this.#store(changed);
    return counts;
  }

  /** Pages in which many rows change are written anew; what is scattered goes into the overlay. */
  #store(changed: ReadonlyMap<number, OverlaidRow>): void {
    const overlay = this.#overlaid();
    const scattered = new Map<number, OverlaidRow>();
    const byPage = new Map<number, number[]>();
    for (const row of changed.keys()) {
      const number = Math.floor(row / ROWS_PER_PAGE);
      const rows = byPage.get(number);
      if (rows === undefined) byPage.set(number, [row]);
      else rows.push(row);
    }
    for (const [number, rows] of byPage) {
      const isNew = !this.#tables.rows[this.#entity].doesExist(number);
      const edit =
        isNew || rows.length >= DENSE_ROWS ? new PageEdit(this.#tables, this.#entity, number) : undefined;
      for (const row of rows) {
        const now = changed.get(row) as OverlaidRow;
        // What is overlaid stays so until it is merged: an older entry must not come to lie over a newer page.
        if (edit === undefined || overlay.get(row) !== undefined) scattered.set(row, now);
        else edit.set(row, now);
      }
      edit?.write();
    }
    overlay.add(scattered);
  }

  /** Rows that the overlay holds. */
  get overlaidRows(): number {
    return this.#overlaid().size;
  }

  /** The pages that {@link merge} writes. */
  overlaidPages(): readonly number[] {
    return this.#overlaid().pages();
  }

  /** Writes what is overlaid into some pages. Runs inside a transaction; done twice it changes nothing. */
  merge(pages: readonly number[]): void {
    const overlay = this.#overlaid();
    for (const number of pages) {
      const edit = new PageEdit(this.#tables, this.#entity, number);
      for (const row of overlay.rowsOf(number) ?? []) edit.set(row, overlay.get(row) as OverlaidRow);
      edit.write();
    }
  }

  /** Drops the overlay, once every page of it was merged. Runs inside a transaction. */
  dropOverlay(): void {
    for (const key of this.#tables.overlays.getKeys({
      start: [this.#entity, 0],
      end: [this.#entity, Infinity],
    }))
      void this.#tables.overlays.remove(key);
    this.#overlay = undefined;
  }

  #overlaid(): RowOverlay {
    return (this.#overlay ??= new RowOverlay(this.#tables, this.#entity));
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
    const overlay = this.#overlaid();
    for (const row of overlay.rowsOf(first / ROWS_PER_PAGE) ?? []) {
      const { fingerprint, key, hash } = overlay.get(row) as OverlaidRow;
      writeFingerprint(words, (row - first) * 4, fingerprint);
      if (key !== undefined) words[HASH_WORDS_AT + row - first] = hash;
    }
  }
}

/** One page being changed in a transaction. */
class PageEdit {
  readonly #tables: Tables;
  readonly #entity: Entity;
  readonly #number: number;
  readonly #page: RowPage;
  readonly #prints: PrintPage | undefined;

  constructor(tables: Tables, entity: Entity, number: number) {
    this.#tables = tables;
    this.#entity = entity;
    this.#number = number;
    const bytes = tables.rows[entity].get(number);
    this.#page = bytes === undefined ? RowPage.empty() : RowPage.over(bytes);
    this.#prints = entity === 'memberships' ? undefined : new PrintPage(tables.prints[entity].get(number));
  }

  set(row: number, { fingerprint, prints, key, hash }: OverlaidRow): void {
    const slot = row % ROWS_PER_PAGE;
    this.#prints?.set(slot, prints);
    if (fingerprint === undefined) {
      this.#page.free(slot);
      return;
    }
    if (key !== undefined) this.#page.setKey(slot, key, hash);
    this.#page.setFingerprint(slot, fingerprint);
  }

  write(): void {
    const { rows, prints } = this.#tables;
    void rows[this.#entity].put(this.#number, this.#page.toBytes());
    if (this.#prints !== undefined)
      void prints[this.#entity as 'users' | 'groups'].put(this.#number, this.#prints.toBytes());
  }
}
