import type { Entity } from '../model.js';
import type { Tables } from './lmdb-tables.js';
import { ROWS_PER_PAGE, type RowPage } from './row-page.js';

/** What a row is now, where its page does not say so yet. */
export interface OverlaidRow {
  /** 16 characters; `''` when it is not known what Okta holds; undefined for a row that is free. */
  readonly fingerprint: string | undefined;
  readonly prints: string;
  /** Its key and the key's hash, for a row that was given to another key since its page was written. */
  readonly key: string | undefined;
  readonly hash: number;
}

/** One commit's scattered rows, as they are stored. */
export type StoredOverlay = readonly (readonly [
  row: number,
  fingerprint: string | null,
  prints: string,
  key: string | null,
  hash: number,
])[];

/**
 * Rows that changed since their pages were written. A commit of ten thousand rows that are scattered over a million would
 * write every page anew; written as one value instead it costs what it holds. The pages take them in later, see
 * `LmdbBaseline.merge`. It is applied over the pages in the order of commits, as often as need be: each entry says what
 * the row is, and not how it changed.
 */
export class RowOverlay {
  readonly #tables: Tables;
  readonly #entity: Entity;
  readonly #rows = new Map<number, OverlaidRow>();
  /** Rows by their page. */
  readonly #pages = new Map<number, Set<number>>();
  #next = 0;

  constructor(tables: Tables, entity: Entity) {
    this.#tables = tables;
    this.#entity = entity;
    for (const { key, value } of tables.overlays.getRange({ start: [entity, 0], end: [entity, Infinity] })) {
      this.#next = key[1] + 1;
      for (const [row, fingerprint, prints, name, hash] of value)
        this.#set(row, { fingerprint: fingerprint ?? undefined, prints, key: name ?? undefined, hash });
    }
  }

  get size(): number {
    return this.#rows.size;
  }

  get(row: number): OverlaidRow | undefined {
    return this.#rows.get(row);
  }

  /** The rows of a page that are overlaid. */
  rowsOf(page: number): ReadonlySet<number> | undefined {
    return this.#pages.get(page);
  }

  pages(): number[] {
    return [...this.#pages.keys()].sort((a, b) => a - b);
  }

  /** Keeps a commit's rows. Runs inside a transaction. */
  add(rows: ReadonlyMap<number, OverlaidRow>): void {
    if (rows.size === 0) return;
    const stored = Array.from(
      rows,
      ([row, { fingerprint, prints, key, hash }]) =>
        [row, fingerprint ?? null, prints, key ?? null, hash] as const,
    );
    void this.#tables.overlays.put([this.#entity, this.#next++], stored);
    for (const [row, overlaid] of rows) this.#set(row, overlaid);
  }

  /** Writes what is overlaid into a page. */
  applyTo(page: RowPage, number: number): void {
    for (const row of this.#pages.get(number) ?? []) {
      const { fingerprint, key, hash } = this.#rows.get(row) as OverlaidRow;
      const slot = row % ROWS_PER_PAGE;
      if (fingerprint === undefined) {
        page.free(slot);
        continue;
      }
      if (key !== undefined) page.setKey(slot, key, hash);
      page.setFingerprint(slot, fingerprint);
    }
  }

  #set(row: number, overlaid: OverlaidRow): void {
    const before = this.#rows.get(row);
    // A later entry of the same key need not say the key again.
    const { key, hash } =
      overlaid.key === undefined && overlaid.fingerprint !== undefined && before ? before : overlaid;
    this.#rows.set(row, { ...overlaid, key, hash });
    const page = Math.floor(row / ROWS_PER_PAGE);
    const rows = this.#pages.get(page);
    if (rows === undefined) this.#pages.set(page, new Set([row]));
    else rows.add(row);
  }
}
