import { closeSync, openSync, readSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Transaction } from 'lmdb';
import type { Entity } from '../../core/model.js';
import type { EntityHead, EntityRows } from './entity-rows.js';
import { mergeRows, type ChangedRow } from './merge-rows.js';
import { contentBytesOf, HEADER_BYTES, RowBlock } from './row-block.js';
import { encodeKey } from './row-codec.js';

/** With fewer rows a scan of LMDB is as fast, so no file is written. */
export const LEAST_ROWS = 5000;
/** The update scans all rows if more keys than this, or a larger share of all rows, may have changed. */
const MOST_TOUCHED = 100_000;
const TOUCHED_SHARE = 0.05;
const VERSION = 'rollcall-digests-2';

/**
 * A copy of the digests and keys of one entity, for users also hashes of their logins, in a file beside the database. A million
 * rows load in 0.15 s instead of the 0.9 s that a scan of LMDB takes.
 *
 * The file is written when the state is closed, and contains the stamp of the rows of which it was made. It is used only if the
 * rows still have that stamp, and each block of it only if its check sum is right. Everything else is read from LMDB, so the
 * cache changes no result.
 */
export class DigestCache {
  readonly #file: string;
  readonly #fingerprintKey: string;
  readonly #entity: Entity;
  readonly #rows: EntityRows;
  /** The stamp of the rows when the state was opened. */
  readonly #before: string;
  /** The keys of rows that may have changed since then; undefined if there are too many. */
  #touched: Set<string> | undefined = new Set();
  #wasUsed = false;

  constructor(directory: string, fingerprintKey: string, entity: Entity, rows: EntityRows, before: string) {
    this.#file = join(directory, `digests-${entity}.cache`);
    this.#fingerprintKey = fingerprintKey;
    this.#entity = entity;
    this.#rows = rows;
    this.#before = before;
  }

  /** Records the keys of rows that are about to change. Keys that do not change in the end do no harm. */
  touch(keys: Iterable<string>): void {
    this.#wasUsed = true;
    if (this.#touched === undefined) return;
    for (const key of keys) this.#touched.add(key);
    if (this.#touched.size > MOST_TOUCHED) this.#touched = undefined;
  }

  /** All rows in the order of the bytes of their keys: from the file up to its first unusable block, the rest from LMDB. */
  *blocks(transaction: Transaction, head: EntityHead): Generator<RowBlock, void, undefined> {
    this.#wasUsed = true;
    let last: Buffer | undefined;
    try {
      for (const block of this.#read(head.stamp)) {
        yield block;
        last = Buffer.from(block.keyBytes(block.count - 1));
      }
      return;
    } catch {
      // The file is missing, old or damaged.
    }
    yield* this.#scan(transaction, last);
  }

  /**
   * Updates the file, if this process has read or changed the rows and there are at least {@link LEAST_ROWS}. Errors are
   * ignored: without the file the rows are scanned.
   */
  update(transaction: Transaction, head: EntityHead): void {
    const count = head.known + head.unknown;
    if (!this.#wasUsed || (count >= LEAST_ROWS && this.#isOf(head.stamp))) return;
    if (count < LEAST_ROWS) {
      attempt(() => unlinkSync(this.#file));
      return;
    }
    const touched = this.#touched;
    const isMerged =
      touched !== undefined &&
      touched.size <= count * TOUCHED_SHARE &&
      this.#isOf(this.#before) &&
      attempt(() =>
        this.#write(
          head.stamp,
          mergeRows(this.#read(this.#before), this.#changes(transaction, touched), this.#newBlock()),
        ),
      );
    if (!isMerged) attempt(() => this.#write(head.stamp, this.#scan(transaction)));
  }

  /** The current rows of the touched keys, in the order of the bytes of the keys. */
  #changes(transaction: Transaction, touched: ReadonlySet<string>): ChangedRow[] {
    // To sort as strings first is four times as fast; the order of the bytes differs for few keys.
    return Array.from(touched)
      .sort()
      .map(encodeKey)
      .sort((a, b) => a.compare(b))
      .map((key) => ({ key, value: this.#rows.value(key, transaction) }));
  }

  *#scan(transaction: Transaction, after?: Buffer): Generator<RowBlock, void, undefined> {
    const block = this.#newBlock();
    for (const rows of this.#rows.scan(transaction, after)) {
      block.clear();
      for (const { key, value } of rows) block.add(key, value);
      yield block;
    }
  }

  get #hasLogins(): boolean {
    return this.#entity === 'users';
  }

  #newBlock(): RowBlock {
    return new RowBlock(this.#hasLogins);
  }

  #headerOf(stamp: string): Buffer {
    const key = createHash('sha256').update(this.#fingerprintKey).digest('hex');
    return Buffer.from(`${VERSION} ${key} ${this.#entity} ${stamp}\n`);
  }

  /** True if the file was made of the rows with this stamp. */
  #isOf(stamp: string): boolean {
    return attempt(() => withFile(this.#file, 'r', (file) => this.#readHeader(file, stamp)));
  }

  #readHeader(file: number, stamp: string): Buffer {
    const header = this.#headerOf(stamp);
    const found = Buffer.alloc(header.length);
    readFully(file, found);
    if (!found.equals(header)) throw unusable();
    return header;
  }

  /** The blocks of the file. Throws at the first block that is missing or damaged. */
  *#read(stamp: string): Generator<RowBlock, void, undefined> {
    const file = openSync(this.#file, 'r');
    try {
      const seed = crc32(this.#readHeader(file, stamp));
      const header = Buffer.alloc(HEADER_BYTES);
      const block = this.#newBlock();
      let content = Buffer.alloc(0);
      for (let number = 0; ; number++) {
        readFully(file, header);
        const bytes = contentBytesOf(header, this.#hasLogins);
        if (bytes === undefined) throw unusable();
        if (content.length < bytes) content = Buffer.allocUnsafeSlow(2 * bytes);
        readFully(file, content.subarray(0, bytes));
        if (!block.decode(header, content.subarray(0, bytes), seed, number)) throw unusable();
        // An empty block ends the file.
        if (block.count === 0) return;
        yield block;
      }
    } finally {
      closeSync(file);
    }
  }

  /** Writes a new file beside the old one, and replaces the old one with it. */
  #write(stamp: string, blocks: Iterable<RowBlock>): void {
    const temporary = `${this.#file}.tmp`;
    try {
      withFile(temporary, 'w', (file) => {
        const header = this.#headerOf(stamp);
        const seed = crc32(header);
        let number = 0;
        writeFully(file, header);
        for (const block of blocks) writeFully(file, block.encode(seed, number++));
        writeFully(file, this.#newBlock().encode(seed, number));
      });
      // Without this unlink, some file systems would write the new file to the disk before `rename` returns.
      attempt(() => unlinkSync(this.#file));
      renameSync(temporary, this.#file);
    } catch (error) {
      attempt(() => unlinkSync(temporary));
      throw error;
    }
  }
}

/** Returns false if the action throws. */
function attempt(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

function withFile<T>(path: string, flags: 'r' | 'w', use: (file: number) => T): T {
  const file = openSync(path, flags, 0o600);
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

function readFully(file: number, into: Buffer): void {
  for (let done = 0; done < into.length;) {
    const read = readSync(file, into, done, into.length - done, null);
    if (read === 0) throw unusable();
    done += read;
  }
}

function writeFully(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}

function unusable(): Error {
  return new Error('the cache cannot be used');
}
