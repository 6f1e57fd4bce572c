import { StateError } from '../../core/errors.js';
import type { Entity } from '../../core/model.js';
import { rangeOf, type Tables } from './lmdb-tables.js';
import { PageEdit } from './page-edit.js';
import { PrintPage } from './print-page.js';
import type { NumberedPage } from './extent.js';
import type { Rewritten, RowFiles, StoredPage } from './row-files.js';
import { RowOverlay, type OverlaidRow } from './row-overlay.js';
import {
  copyFingerprints,
  copyWords,
  HASH_WORDS_AT,
  isFreeAt,
  PAGE_WORDS,
  RowPage,
  ROWS_PER_PAGE,
  WORDS,
  writeFingerprint,
} from './row-page.js';
import type { PendingRow } from '../store.js';

/** A page in which so many rows change at once is written anew. */
const DENSE_ROWS = 24;
/** Scattered rows are merged once they are more than this, and than this share of all. */
const LEAST_MERGED = 2000;
const MERGED_SHARE = 0.03;
const WORD_BYTES = 4;

/** The rows of one entity as they are now: by their number, in pages of files, and over these what is overlaid. */
export class StoredRows {
  readonly #tables: Tables;
  readonly #entity: Entity;
  readonly #files: RowFiles;
  #loaded: RowOverlay | undefined;

  constructor(tables: Tables, entity: Entity, files: RowFiles) {
    this.#tables = tables;
    this.#entity = entity;
    this.#files = files;
  }

  get #overlaid(): RowOverlay {
    return (this.#loaded ??= new RowOverlay(this.#tables, this.#entity));
  }

  /** Rows that the overlay holds. */
  get overlaidRows(): number {
    return this.#overlaid.size;
  }

  /** True when writing everything anew is worth it: so much is scattered, or so much of the files is of no use. */
  isMergeDue(rows: number): boolean {
    return this.#overlaid.size > Math.max(LEAST_MERGED, rows * MERGED_SHARE) || this.#files.wasteful;
  }

  /** The pages of the first rows as they stand in the files; those that are not there yet must be overlaid whole. */
  *pages(rows: number): Generator<StoredPage, void, undefined> {
    for (const stored of this.#files.pages('rows', pagesOf(rows))) {
      const count = Math.min(ROWS_PER_PAGE, rows - stored.number * ROWS_PER_PAGE);
      if (stored.bytes === undefined && this.#overlaid.rowsOf(stored.number).length < count) {
        throw new StateError('the state is damaged: a page of rows is missing', {
          code: 'ERR_ROLLCALL_STATE_CORRUPT',
        });
      }
      yield stored;
    }
  }

  /** The fixed part of a page as it is now. */
  words(number: number, bytes: Buffer | undefined, words: Uint32Array, isKnown = false): void {
    if (bytes === undefined) words.fill(0);
    else copyWords(bytes, new Uint8Array(words.buffer), isKnown);
    this.#overlaid.patch(number, words, 0, HASH_WORDS_AT);
  }

  /** The fingerprints of a page as they are now, as words from a place on. */
  fingerprints({ number, bytes }: StoredPage, words: Uint32Array, at: number): void {
    if (bytes === undefined) words.fill(0, at, at + ROWS_PER_PAGE * WORDS);
    else copyFingerprints(bytes, new Uint8Array(words.buffer), at * WORD_BYTES);
    this.#overlaid.patch(number, words, at);
  }

  /** Whether a row has this key; then its fingerprint is put into the words. */
  holds(row: number, key: string, words: Uint32Array): boolean {
    const overlaid = this.#overlaid.get(row);
    if (overlaid !== undefined && (overlaid.fingerprint === undefined || (overlaid.key ?? key) !== key))
      return false;
    if (overlaid?.key === undefined) {
      const bytes = this.#files.page('rows', Math.floor(row / ROWS_PER_PAGE));
      if (bytes === undefined) return false;
      const page = RowPage.over(bytes);
      if (page.key(row % ROWS_PER_PAGE) !== key) return false;
      if (overlaid === undefined) page.words(row % ROWS_PER_PAGE, words);
    }
    if (overlaid !== undefined) writeFingerprint(words, 0, overlaid.fingerprint);
    return true;
  }

  /** The keys of those rows that are asked for, by their number and the words of their fingerprint. */
  *keysWhere(
    rows: number,
    wanted: (row: number, words: Uint32Array, at: number) => boolean,
  ): Generator<string, void, undefined> {
    const words = new Uint32Array(PAGE_WORDS);
    for (const { number, bytes } of this.pages(rows)) {
      const first = number * ROWS_PER_PAGE;
      this.words(number, bytes, words);
      // All of a page before the first is told: whoever is told may commit, and a merge may move what is overlaid.
      const keys: string[] = [];
      for (let slot = 0; slot < ROWS_PER_PAGE && first + slot < rows; slot++) {
        if (isFreeAt(words, slot * WORDS) || !wanted(first + slot, words, slot * WORDS)) continue;
        keys.push(this.#overlaid.get(first + slot)?.key ?? RowPage.over(bytes).key(slot));
      }
      yield* keys;
    }
  }

  /** The attribute prints of a row; `''` where there are none. */
  prints(row: number): string {
    if (this.#entity === 'memberships') return '';
    const overlaid = this.#overlaid.get(row);
    if (overlaid !== undefined) return overlaid.prints;
    const bytes = this.#files.page('prints', Math.floor(row / ROWS_PER_PAGE));
    return bytes === undefined ? '' : PrintPage.over(bytes).get(row % ROWS_PER_PAGE);
  }

  /** Every row, some at a time, in order. */
  *rows(count: number): Generator<readonly PendingRow[], void, undefined> {
    const entity = this.#entity;
    for (const { number, bytes } of this.pages(count)) {
      const page = RowPage.over(bytes);
      this.#overlaid.applyTo(page, number);
      const prints = this.#printsOf(number);
      const found: PendingRow[] = [];
      for (let slot = 0; slot < ROWS_PER_PAGE; slot++) {
        const known = page.fingerprint(slot);
        if (known === undefined || number * ROWS_PER_PAGE + slot >= count) continue;
        const fingerprint = known === '' ? '' : known + prints.get(slot);
        found.push({ entity, kind: 'upsert', key: page.key(slot), fingerprint });
      }
      yield found;
    }
  }

  /** Pages in which many rows change are written anew; what is scattered goes into the overlay. Runs inside a transaction. */
  store(changed: ReadonlyMap<number, OverlaidRow>): void {
    const overlay = this.#overlaid;
    const scattered = new Map<number, OverlaidRow>();
    const byPage = new Map<number, number[]>();
    for (const row of changed.keys()) {
      const number = Math.floor(row / ROWS_PER_PAGE);
      const rows = byPage.get(number);
      if (rows === undefined) byPage.set(number, [row]);
      else rows.push(row);
    }
    const dense: PageEdit[] = [];
    for (const [number, rows] of byPage) {
      const edit = rows.length >= DENSE_ROWS ? new PageEdit(this.#files, this.#entity, number) : undefined;
      for (const row of rows) {
        const now = changed.get(row) as OverlaidRow;
        // What is overlaid stays so until it is merged: an older entry must not come to lie over a newer page.
        if (edit === undefined || overlay.get(row) !== undefined) scattered.set(row, now);
        else edit.set(row, now);
      }
      if (edit !== undefined) dense.push(edit);
    }
    this.#files.append([
      ['rows', dense.map((edit) => edit.rows())],
      ['prints', dense.flatMap((edit) => edit.prints())],
    ]);
    overlay.add(scattered);
  }

  /** Writes everything into one new file, what is overlaid in its page; undefined where there was no room for it. */
  async rewrite(rows: number): Promise<Rewritten | undefined> {
    try {
      return await this.#files.rewrite([
        ['rows', this.#mergedRows(rows)],
        ['prints', this.#mergedPrints(rows)],
      ]);
    } catch (error) {
      if (error instanceof StateError) throw error;
      return undefined;
    }
  }

  /** Makes what was rewritten all that counts. Runs inside a transaction. */
  replace(rewritten: Rewritten): void {
    this.#files.replace(rewritten);
    for (const key of [...this.#tables.overlays.getKeys(rangeOf(this.#entity))])
      void this.#tables.overlays.remove(key);
    this.#loaded = undefined;
  }

  /** Removes what was rewritten in vain. */
  drop(rewritten: Rewritten): Promise<void> {
    return this.#files.drop(rewritten.name);
  }

  /** Removes the files that were replaced, once the transaction is on disk. */
  dropReplaced(): Promise<void> {
    return this.#files.dropUnnamed();
  }

  /** Forgets what is in memory: a transaction that changed it was not committed. */
  forget(): void {
    this.#loaded = undefined;
    this.#files.load();
  }

  close(): void {
    this.#files.close();
  }

  *#mergedRows(rows: number): Generator<NumberedPage, void, undefined> {
    for (const { number, bytes } of this.pages(rows)) {
      const page = RowPage.over(bytes);
      this.#overlaid.applyTo(page, number);
      yield { number, bytes: page.toBytes() };
    }
  }

  *#mergedPrints(rows: number): Generator<NumberedPage, void, undefined> {
    if (this.#entity === 'memberships') return;
    for (const { number, bytes } of this.#files.pages('prints', pagesOf(rows))) {
      const overlaid = this.#overlaid.rowsOf(number);
      if (overlaid.length === 0) {
        if (bytes !== undefined) yield { number, bytes };
        continue;
      }
      const prints = this.#withOverlaid(number, PrintPage.over(bytes));
      if (!prints.isEmpty) yield { number, bytes: prints.toBytes() };
    }
  }

  #printsOf(number: number): PrintPage {
    const isWithout = this.#entity === 'memberships';
    return this.#withOverlaid(
      number,
      PrintPage.over(isWithout ? undefined : this.#files.page('prints', number)),
    );
  }

  #withOverlaid(number: number, prints: PrintPage): PrintPage {
    for (const row of this.#overlaid.rowsOf(number))
      prints.set(row % ROWS_PER_PAGE, (this.#overlaid.get(row) as OverlaidRow).prints);
    return prints;
  }
}

function pagesOf(rows: number): number {
  return Math.ceil(rows / ROWS_PER_PAGE);
}
