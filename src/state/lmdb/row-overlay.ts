import { crc32 } from 'node:zlib';
import { StateError } from '../../core/errors.js';
import type { Entity } from '../../core/model.js';
import { rangeOf, type Tables } from './lmdb-tables.js';
import { FINGERPRINT_BYTES, fingerprintIn, ROWS_PER_PAGE, WORDS, type RowPage } from './row-page.js';

/** What a row is now, where its page does not say so yet. */
export interface OverlaidRow {
  /** 16 characters; `''` when it is not known what Okta holds; undefined for a row that is free. */
  readonly fingerprint: string | undefined;
  readonly prints: string;
  /** Its key and the key's hash, for a row that was given to another key since its page was written. */
  readonly key: string | undefined;
  readonly hash: number;
}

/** An entry as it is stored: row, key hash and fingerprint, flags, lengths of key and prints; then the two. */
const HASH_AT = 4;
const FINGERPRINT_AT = 8;
const FLAGS_AT = FINGERPRINT_AT + FINGERPRINT_BYTES;
const KEY_LENGTH_AT = FLAGS_AT + 1;
const PRINTS_LENGTH_AT = KEY_LENGTH_AT + 2;
const ENTRY_BYTES = PRINTS_LENGTH_AT + 2;
const HAS_KEY = 1;
/** A check sum stands before the entries. */
const FIRST_ENTRY = 4;

/**
 * Rows that changed since their pages were written. A commit of ten thousand rows that are scattered over a million would
 * write every page anew; written as one value instead it costs what it holds. The pages take them in later, see
 * `LmdbBaseline.mergeWhereDue`. It is applied over the pages in the order of commits: each entry says what the row is,
 * and not how it changed.
 *
 * In memory it is the values as they are stored, and where in them the last entry of each row stands: about a hundred
 * bytes a row, where objects take three times that.
 */
export class RowOverlay {
  readonly #tables: Tables;
  readonly #entity: Entity;
  readonly #values: Buffer[] = [];
  /** Where each value would start if they stood one after the other. */
  readonly #bases: number[] = [];
  #end = 0;
  /** Where the last entry of each row is. */
  readonly #places = new Map<number, number>();
  /** The rows in order; undefined while it must be made anew. */
  #sorted: Uint32Array | undefined;
  #next = 0;

  /** @throws {@link StateError} when a value is not what was written */
  constructor(tables: Tables, entity: Entity) {
    this.#tables = tables;
    this.#entity = entity;
    for (const { key, value } of tables.overlays.getRange(rangeOf(entity))) {
      this.#next = key[1] + 1;
      this.#take(Buffer.from(value));
    }
  }

  get size(): number {
    return this.#places.size;
  }

  get(row: number): OverlaidRow | undefined {
    const place = this.#places.get(row);
    if (place === undefined) return undefined;
    const number = firstFrom(this.#bases, place + 1) - 1;
    const value = this.#values[number] as Buffer;
    const at = place - (this.#bases[number] as number);
    const keyEnd = at + ENTRY_BYTES + value.readUInt16LE(at + KEY_LENGTH_AT);
    return {
      fingerprint: fingerprintIn(value, at + FINGERPRINT_AT),
      prints: value.toString('latin1', keyEnd, keyEnd + value.readUInt16LE(at + PRINTS_LENGTH_AT)),
      key: value[at + FLAGS_AT] === HAS_KEY ? value.toString('utf8', at + ENTRY_BYTES, keyEnd) : undefined,
      hash: value.readUInt32LE(at + HASH_AT),
    };
  }

  /**
   * Writes the fingerprints of what is overlaid over those of a page, among words, and over its key hashes where they are
   * asked for. Every loading comes through here, so it makes no object for a row.
   */
  patch(page: number, words: Uint32Array, at: number, hashesAt?: number): void {
    for (const row of this.rowsOf(page)) {
      const slot = row % ROWS_PER_PAGE;
      const place = this.#places.get(row) as number;
      const number = firstFrom(this.#bases, place + 1) - 1;
      const value = this.#values[number] as Buffer;
      const start = place - (this.#bases[number] as number);
      for (let word = 0; word < WORDS; word++)
        words[at + slot * WORDS + word] = value.readUInt32LE(start + FINGERPRINT_AT + word * 4);
      if (hashesAt !== undefined && value[start + FLAGS_AT] === HAS_KEY)
        words[hashesAt + slot] = value.readUInt32LE(start + HASH_AT);
    }
  }

  /** The rows of a page that are overlaid, in order. */
  rowsOf(page: number): Uint32Array {
    const rows = this.#rows();
    const start = firstFrom(rows, page * ROWS_PER_PAGE);
    let end = start;
    while (end < rows.length && (rows[end] as number) < (page + 1) * ROWS_PER_PAGE) end++;
    return rows.subarray(start, end);
  }

  /** Keeps a commit's rows. Runs inside a transaction. */
  add(rows: ReadonlyMap<number, OverlaidRow>): void {
    if (rows.size === 0) return;
    const entries = Array.from(rows, ([row, overlaid]) => [row, this.#withKey(row, overlaid)] as const);
    const value = valueOf(entries);
    void this.#tables.overlays.put([this.#entity, this.#next++], value);
    this.#take(value);
  }

  /** A later entry of the same key says the key again, so that the earlier one need not be kept. */
  #withKey(row: number, overlaid: OverlaidRow): OverlaidRow {
    if (overlaid.key !== undefined || overlaid.fingerprint === undefined) return overlaid;
    const before = this.get(row);
    return before?.key === undefined ? overlaid : { ...overlaid, key: before.key, hash: before.hash };
  }

  /** Writes what is overlaid into a page. */
  applyTo(page: RowPage, number: number): void {
    for (const row of this.rowsOf(number)) {
      const { fingerprint, key, hash } = this.get(row) as OverlaidRow;
      const slot = row % ROWS_PER_PAGE;
      if (fingerprint === undefined) {
        page.free(slot);
        continue;
      }
      if (key !== undefined) page.setKey(slot, key, hash);
      page.setFingerprint(slot, fingerprint);
    }
  }

  #rows(): Uint32Array {
    return (this.#sorted ??= Uint32Array.from(this.#places.keys()).sort());
  }

  #take(value: Buffer): void {
    if (value.length < FIRST_ENTRY || crc32(value.subarray(FIRST_ENTRY)) !== value.readUInt32LE(0)) {
      throw new StateError('the state is damaged: changed rows are not what was written', {
        code: 'ERR_ROLLCALL_STATE_CORRUPT',
      });
    }
    const base = this.#end;
    this.#values.push(value);
    this.#bases.push(base);
    this.#end += value.length;
    for (let at = FIRST_ENTRY; at < value.length;) {
      this.#places.set(value.readUInt32LE(at), base + at);
      at += ENTRY_BYTES + value.readUInt16LE(at + KEY_LENGTH_AT) + value.readUInt16LE(at + PRINTS_LENGTH_AT);
    }
    this.#sorted = undefined;
  }
}

/** A commit's rows as they are stored. */
function valueOf(entries: readonly (readonly [number, OverlaidRow])[]): Buffer {
  const keyBytes = entries.map(([, { key }]) => (key === undefined ? 0 : Buffer.byteLength(key)));
  const size = entries.reduce(
    (sum, [, { prints }], i) => sum + ENTRY_BYTES + (keyBytes[i] as number) + prints.length,
    FIRST_ENTRY,
  );
  const value = Buffer.alloc(size);
  let at = FIRST_ENTRY;
  for (const [i, [row, { fingerprint, prints, key, hash }]] of entries.entries()) {
    const length = keyBytes[i] as number;
    value.writeUInt32LE(row, at);
    value.writeUInt32LE(hash, at + HASH_AT);
    // Zeros are a free row, ones an unknown one, as in a page.
    if (fingerprint === '') value.fill(0xff, at + FINGERPRINT_AT, at + FLAGS_AT);
    else if (fingerprint !== undefined)
      value.write(fingerprint, at + FINGERPRINT_AT, FINGERPRINT_BYTES, 'latin1');
    value[at + FLAGS_AT] = key === undefined ? 0 : HAS_KEY;
    value.writeUInt16LE(length, at + KEY_LENGTH_AT);
    value.writeUInt16LE(prints.length, at + PRINTS_LENGTH_AT);
    at += ENTRY_BYTES;
    if (key !== undefined) at += value.write(key, at, 'utf8');
    at += value.write(prints, at, 'latin1');
  }
  value.writeUInt32LE(crc32(value.subarray(FIRST_ENTRY)), 0);
  return value;
}

/** Of sorted numbers the place of the first that is at least so large. */
function firstFrom(sorted: ArrayLike<number>, least: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
