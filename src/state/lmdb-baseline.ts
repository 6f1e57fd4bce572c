import { StateError } from '../errors.js';
import type { Entity } from '../model.js';
import { FoundRows } from './found-rows.js';
import { createKeyHasher, type KeyHash } from './key-hash.js';
import type { Head, Tables } from './lmdb-tables.js';
import { PrintPage } from './print-page.js';
import { RowIndex, type RowFinder, type TakeHashes } from './row-index.js';
import type { NumberedPage, RowFiles, StoredPage } from './row-files.js';
import {
  copyFingerprints,
  copyWords,
  FINGERPRINT_BYTES,
  HASH_WORDS_AT,
  isFreeAt,
  isUnknownAt,
  PAGE_WORDS,
  RowPage,
  ROWS_PER_PAGE,
  WORDS,
  writeFingerprint,
} from './row-page.js';
import { RowScan } from './row-scan.js';
import { RowOverlay, type OverlaidRow } from './row-overlay.js';
import { FingerprintTable } from './fingerprint-table.js';
import type { PendingRow } from './store.js';

/** A page in which so many rows change at once is written anew. */
const DENSE_ROWS = 24;
/** Scattered rows are merged once they are more than this, and than this share of all. */
const LEAST_MERGED = 2000;
const MERGED_SHARE = 0.03;
/** Pages whose fingerprints are handed to the table at once. */
const BLOCK_PAGES = 256;

type EntityHead = Head['counts'][Entity];

/**
 * The rows of one entity over pages in files. Rows have numbers; their fingerprints and key hashes load as blocks into
 * typed arrays, and keys stay on disk. A row that was removed is used again by a later run.
 */
export class LmdbBaseline {
  readonly #tables: Tables;
  readonly #entity: Entity;
  readonly #key: string;
  readonly #files: RowFiles;
  readonly #hash: (key: string, into: KeyHash) => void;
  readonly #keyHash: KeyHash = { high: 0, low: 0 };
  #index: RowIndex | undefined;
  /** The number after the last row that it knows. */
  #indexedRows = 0;
  #hasScanned = false;
  #overlay: RowOverlay | undefined;
  readonly #foundRows = new FoundRows();
  /** Changes with every commit, so that a merge that was overtaken by one is known to be worthless. */
  #version = 0;
  #merging = false;
  /** Rows that may be given to new keys. */
  #free: number[] = [];
  /** Rows removed since the last reading began, which may still speak of them. */
  #freed: number[] = [];

  constructor(tables: Tables, entity: Entity, fingerprintKey: string, files: RowFiles) {
    this.#tables = tables;
    this.#entity = entity;
    this.#key = fingerprintKey;
    this.#files = files;
    this.#hash = createKeyHasher(fingerprintKey);
  }

  /**
   * Loads every fingerprint that is known. Rows that were removed may be given to new keys from now on.
   * @throws {@link StateError} when a page is damaged
   */
  load(rows: number): FingerprintTable {
    const table = new FingerprintTable(rows, this.#key);
    for (const row of this.#freed.splice(0)) this.#free.push(row);
    const block = new Uint32Array(BLOCK_PAGES * ROWS_PER_PAGE * WORDS);
    const blockBytes = new Uint8Array(block.buffer);
    let filled = 0;
    for (const { number, bytes } of this.#stored(rows)) {
      const at = filled * WORDS;
      if (bytes === undefined) block.fill(0, at, at + ROWS_PER_PAGE * WORDS);
      else copyFingerprints(bytes, blockBytes, filled * FINGERPRINT_BYTES);
      this.#overlaid().patch(number, block, at);
      filled += Math.min(ROWS_PER_PAGE, rows - number * ROWS_PER_PAGE);
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
    const overlaid = this.#overlaid().get(row);
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
    this.#foundRows.set(row, key, words);
    return true;
  }

  /** The keys of those rows that are asked for, by their number and the words of their fingerprint. */
  *keysWhere(
    rows: number,
    wanted: (row: number, words: Uint32Array, at: number) => boolean,
  ): Generator<string, void, undefined> {
    const words = new Uint32Array(PAGE_WORDS);
    for (const { number, bytes } of this.#stored(rows)) {
      const first = number * ROWS_PER_PAGE;
      this.#words(number, bytes, words);
      // All of a page before the first is told: whoever is told may commit, and a merge may move what is overlaid.
      const keys: string[] = [];
      for (let slot = 0; slot < ROWS_PER_PAGE && first + slot < rows; slot++) {
        if (isFreeAt(words, slot * WORDS) || !wanted(first + slot, words, slot * WORDS)) continue;
        keys.push(this.#overlaid().get(first + slot)?.key ?? pageOver(bytes).key(slot));
      }
      yield* keys;
    }
  }

  /** The attribute prints of a row; `''` where there are none. */
  prints(row: number): string {
    if (this.#entity === 'memberships') return '';
    const overlaid = this.#overlaid().get(row);
    if (overlaid !== undefined) return overlaid.prints;
    const bytes = this.#files.page('prints', Math.floor(row / ROWS_PER_PAGE));
    return bytes === undefined ? '' : PrintPage.over(bytes).get(row % ROWS_PER_PAGE);
  }

  /** Every row, some at a time, in order. */
  *rows(count: number): Generator<readonly PendingRow[], void, undefined> {
    const entity = this.#entity;
    for (const { number, bytes } of this.#stored(count)) {
      const page = pageOver(bytes);
      this.#overlaid().applyTo(page, number);
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

  /** Forgets what is in memory: a transaction that changed it was not committed. */
  forget(): void {
    this.#version++;
    this.#index = undefined;
    this.#overlay = undefined;
    this.#foundRows.clear();
    this.#freed = [];
    this.#files.load();
  }

  close(): void {
    this.#files.close();
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
    this.#store(changed);
    if (index === this.#index) this.#indexedRows = counts.nextRow;
    return counts;
  }

  /** Pages in which many rows change are written anew; what is scattered goes into the overlay. */
  #store(changed: ReadonlyMap<number, OverlaidRow>): void {
    const overlay = this.#overlaid();
    const scattered = new Map<number, OverlaidRow>();
    const byPage = new Map<number, number[]>();
    for (const row of changed.keys()) {
      this.#foundRows.forget(row);
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

  /** Rows that the overlay holds. */
  get overlaidRows(): number {
    return this.#overlaid().size;
  }

  /**
   * Writes everything into one new file, what is overlaid in its page, once that is due. It is only tidying: where another
   * commit overtakes it or the disk has no room, all stays as it was, and a later commit tries again.
   */
  async mergeWhereDue(rows: number, write: (change: () => void) => Promise<void>): Promise<void> {
    const most = Math.max(LEAST_MERGED, rows * MERGED_SHARE);
    if (this.#merging || (this.#overlaid().size <= most && !this.#files.wasteful)) return;
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
    const rewritten = await this.#files
      .rewrite([
        ['rows', this.#mergedRows(rows)],
        ['prints', this.#mergedPrints(rows)],
      ])
      .catch((error: unknown) => {
        if (error instanceof StateError) throw error;
        return undefined;
      });
    if (rewritten === undefined) return;
    let overtaken = false;
    await write(() => {
      overtaken = version !== this.#version;
      if (overtaken) return;
      this.#files.replace(rewritten);
      this.#dropOverlay();
    });
    if (overtaken) await this.#files.drop(rewritten.name);
    else await this.#files.dropUnnamed();
  }

  *#mergedRows(rows: number): Generator<NumberedPage, void, undefined> {
    for (const { number, bytes } of this.#stored(rows)) {
      const page = pageOver(bytes);
      this.#overlaid().applyTo(page, number);
      yield { number, bytes: page.toBytes() };
    }
  }

  *#mergedPrints(rows: number): Generator<NumberedPage, void, undefined> {
    if (this.#entity === 'memberships') return;
    for (const { number, bytes } of this.#files.pages('prints', pagesOf(rows))) {
      const overlaid = this.#overlaid().rowsOf(number);
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
    for (const row of this.#overlaid().rowsOf(number))
      prints.set(row % ROWS_PER_PAGE, (this.#overlaid().get(row) as OverlaidRow).prints);
    return prints;
  }

  #dropOverlay(): void {
    const range = {
      start: [this.#entity, 0] as [Entity, number],
      end: [this.#entity, Infinity] as [Entity, number],
    };
    for (const key of [...this.#tables.overlays.getKeys(range)]) void this.#tables.overlays.remove(key);
    this.#overlay = undefined;
  }

  #overlaid(): RowOverlay {
    return (this.#overlay ??= new RowOverlay(this.#tables, this.#entity));
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
    for (const { number, bytes } of this.#stored(rows)) {
      const first = number * ROWS_PER_PAGE;
      const count = Math.min(ROWS_PER_PAGE, rows - first);
      this.#words(number, bytes, words, isRepeated);
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

  /** The fixed part of a page as it is now. */
  #words(number: number, bytes: Buffer | undefined, words: Uint32Array, isKnown = false): void {
    if (bytes === undefined) words.fill(0);
    else copyWords(bytes, new Uint8Array(words.buffer), isKnown);
    this.#overlaid().patch(number, words, 0, HASH_WORDS_AT);
  }

  /** The pages of the first rows as they stand in the files; those that are not there yet must be overlaid whole. */
  *#stored(rows: number): Generator<StoredPage, void, undefined> {
    for (const stored of this.#files.pages('rows', pagesOf(rows))) {
      const count = Math.min(ROWS_PER_PAGE, rows - stored.number * ROWS_PER_PAGE);
      if (stored.bytes === undefined && this.#overlaid().rowsOf(stored.number).length < count) {
        throw new StateError('the state is damaged: a page of rows is missing', {
          code: 'ERR_ROLLCALL_STATE_CORRUPT',
        });
      }
      yield stored;
    }
  }
}

function pagesOf(rows: number): number {
  return Math.ceil(rows / ROWS_PER_PAGE);
}

function pageOver(bytes: Buffer | undefined): RowPage {
  return bytes === undefined ? RowPage.empty() : RowPage.over(bytes);
}

/** What is read holds until the next page is. */
function copyOf(bytes: Buffer | undefined): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes);
}

/** One page being changed. */
class PageEdit {
  readonly #number: number;
  readonly #page: RowPage;
  readonly #prints: PrintPage | undefined;
  readonly #hadPrints: boolean;

  constructor(files: RowFiles, entity: Entity, number: number) {
    this.#number = number;
    this.#hadPrints = files.has('prints', number);
    this.#page = pageOver(copyOf(files.page('rows', number)));
    this.#prints =
      entity === 'memberships' ? undefined : PrintPage.over(copyOf(files.page('prints', number)));
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

  rows(): NumberedPage {
    return { number: this.#number, bytes: this.#page.toBytes() };
  }

  /** None, where the page has no prints and had none. */
  prints(): NumberedPage[] {
    if (this.#prints === undefined || (this.#prints.isEmpty && !this.#hadPrints)) return [];
    return [{ number: this.#number, bytes: this.#prints.toBytes() }];
  }
}
