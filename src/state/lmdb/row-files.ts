import { closeSync, constants, fdatasyncSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { StateError } from '../../core/errors.js';
import type { Entity } from '../../core/model.js';
import { asBytes, asWords, numbersAndSizes, type Extent, type NumberedPage, type Part } from './extent.js';
import { rangeOf, type Tables } from './lmdb-tables.js';
import { PageMap } from './page-map.js';
import { cutOff } from './row-files-check.js';

const PARTS: readonly Part[] = ['rows', 'prints'];

/** A page as it stands in a file; without bytes where there is none of that number. */
export interface StoredPage {
  readonly number: number;
  readonly bytes: Buffer | undefined;
}

/** What is read or written at once. */
const BLOCK_BYTES = 1 << 20;
/** Files to which an entity's pages may be spread before they are written anew into one. */
const MOST_FILES = 16;
/** Bytes that may lie unused beside those that are used, on top of as many as are used. */
const SPARE_BYTES = 1 << 20;

/**
 * The pages of one entity, in files beside the database. A page never changes where it stands: it is appended, made
 * durable, and only then named by an extent, inside the transaction that needs it. So whatever instant a process dies at, the
 * database names whole pages only; and a writer that lost its place writes to files of its own, which nobody names.
 *
 * They are files and not values of the database because a value is read through a memory map, and what was read of a map
 * counts as memory of the process: reading the baseline would cost as much memory as it has bytes.
 */
export class RowFiles {
  readonly #extents: Tables['extents'];
  readonly #entity: Entity;
  readonly #directory: string;
  readonly #generation: number;
  /** Names by their number in the maps, and what of them is open. */
  readonly #names: string[] = [];
  readonly #handles = new Map<string, number>();
  #maps: Readonly<Record<Part, PageMap>> = newMaps();
  #nextExtent = 0;
  /** Bytes that extents name, used or not. */
  #named = 0;
  /** The file that this writer appends to, and where its next page goes. */
  #own: { readonly name: string; end: number } | undefined;
  #fileCount = 0;
  /** Changes with the maps, so that what was read before is known to be old. */
  #version = 0;
  /** Holds the page that was read last. */
  #scratch = Buffer.alloc(0);

  constructor(tables: Tables, entity: Entity, directory: string, generation: number) {
    this.#extents = tables.extents;
    this.#entity = entity;
    this.#directory = directory;
    this.#generation = generation;
    this.load();
  }

  /** Reads the extents: at the start, and when a transaction that added some was not committed. */
  load(): void {
    this.#version++;
    this.#maps = newMaps();
    this.#names.length = 0;
    this.#named = 0;
    this.#nextExtent = 0;
    if (this.#own !== undefined) this.#own.end = 0;
    for (const { key, value } of this.#extents.getRange(rangeOf(this.#entity))) {
      this.#nextExtent = key[1] + 1;
      this.#take(value);
    }
  }

  has(part: Part, number: number): boolean {
    return this.#maps[part].size(number) > 0;
  }

  /** True when writing everything into one new file gives back more than it costs. */
  get wasteful(): boolean {
    const used = PARTS.reduce((sum, part) => sum + this.#maps[part].bytes, 0);
    return this.#names.length > MOST_FILES || this.#named - used > used + SPARE_BYTES;
  }

  /** A page, in a buffer that holds until the next call; undefined where there is none. */
  page(part: Part, number: number): Buffer | undefined {
    const map = this.#maps[part];
    const size = map.size(number);
    if (size === 0) return undefined;
    if (this.#scratch.length < size) this.#scratch = Buffer.allocUnsafe(size * 2);
    const bytes = this.#scratch.subarray(0, size);
    this.#read(map.file(number), bytes, map.offset(number));
    return bytes;
  }

  /**
   * The pages of a part up to a number, in order, read in blocks of a megabyte. The bytes hold until the next step, and are
   * undefined where there is no such page. Pages that are written meanwhile are seen as they are then.
   */
  *pages(part: Part, end: number): Generator<StoredPage, void, undefined> {
    let block = Buffer.alloc(0);
    for (let number = 0; number < end;) {
      const map = this.#maps[part];
      const version = this.#version;
      if (map.size(number) === 0) {
        yield { number: number++, bytes: undefined };
        continue;
      }
      const last = number + map.run(number, end, BLOCK_BYTES);
      let size = 0;
      for (let i = number; i < last; i++) size += map.size(i);
      if (block.length < size) block = Buffer.allocUnsafe(Math.max(size, BLOCK_BYTES));
      this.#read(map.file(number), block.subarray(0, size), map.offset(number));
      for (let start = 0; number < last && version === this.#version; number++) {
        const bytes = block.subarray(start, (start += map.size(number)));
        yield { number, bytes };
      }
    }
  }

  /** Writes pages, durably, and names them. Runs inside a transaction. */
  append(parts: readonly (readonly [Part, readonly NumberedPage[]])[]): void {
    const written = parts.filter(([, pages]) => pages.length > 0);
    if (written.length === 0) return;
    const own = (this.#own ??= { name: this.#newFile(), end: 0 });
    const handle = this.#open(own.name);
    writeAll(handle, Buffer.concat(written.flatMap(([, pages]) => pages.map(({ bytes }) => bytes))), own.end);
    fdatasyncSync(handle);
    for (const [part, pages] of written)
      this.#name({ part, file: own.name, offset: own.end, pages: numbersAndSizes(pages) });
  }

  /**
   * Writes all pages into one new file, which nobody knows before {@link replace}. It gives way between blocks; whoever
   * changes the pages meanwhile makes it worthless.
   */
  async rewrite(parts: readonly (readonly [Part, Iterable<NumberedPage>])[]): Promise<Rewritten> {
    const name = this.#newFile();
    const extents: Extent[] = [];
    try {
      const handle = this.#open(name);
      const block = Buffer.allocUnsafe(BLOCK_BYTES);
      let filled = 0;
      let offset = 0;
      const flush = () => {
        writeAll(handle, block.subarray(0, filled), offset);
        offset += filled;
        filled = 0;
        return new Promise(setImmediate);
      };
      for (const [part, pages] of parts) {
        const words: number[] = [];
        const start = offset + filled;
        for (const { number, bytes } of pages) {
          words.push(number, bytes.length);
          for (let from = 0; from < bytes.length;) {
            const copied = Math.min(bytes.length - from, BLOCK_BYTES - filled);
            block.set(bytes.subarray(from, from + copied), filled);
            from += copied;
            filled += copied;
            if (filled === BLOCK_BYTES) await flush();
          }
        }
        if (words.length > 0) extents.push({ part, file: name, offset: start, pages: asBytes(words) });
      }
      await flush();
      fdatasyncSync(handle);
      return { name, extents };
    } catch (error) {
      await this.drop(name);
      throw error;
    }
  }

  /** Makes a rewritten file the only one that counts. Runs inside a transaction. */
  replace({ extents }: Rewritten): void {
    for (const key of [...this.#extents.getKeys(rangeOf(this.#entity))]) void this.#extents.remove(key);
    this.#version++;
    this.#maps = newMaps();
    this.#names.length = 0;
    this.#named = 0;
    this.#own = undefined;
    for (const extent of extents) this.#name(extent);
  }

  /** Removes the files that no extent names, once the transaction that replaced them is on disk. */
  async dropUnnamed(): Promise<void> {
    const named = new Set(this.#names);
    for (const name of this.#handles.keys())
      if (!named.has(name) && name !== this.#own?.name) await this.drop(name);
  }

  /** Closes a file and removes it. One that cannot be removed now is removed when the state is opened next. */
  async drop(name: string): Promise<void> {
    this.#close(name);
    await unlink(join(this.#directory, name)).catch(() => undefined);
  }

  close(): void {
    for (const name of [...this.#handles.keys()]) this.#close(name);
  }

  #close(name: string): void {
    const handle = this.#handles.get(name);
    if (handle !== undefined) closeSync(handle);
    this.#handles.delete(name);
  }

  #name(extent: Extent): void {
    void this.#extents.put([this.#entity, this.#nextExtent++], extent);
    this.#take(extent);
  }

  #take({ part, file, offset, pages }: Extent): void {
    this.#version++;
    let at = this.#names.indexOf(file);
    if (at < 0) at = this.#names.push(file) - 1;
    const words = asWords(pages);
    let start = offset;
    for (let i = 0; i < words.length; i += 2) {
      const size = words[i + 1] as number;
      this.#maps[part].set(words[i] as number, at, start, size);
      start += size;
    }
    this.#named += start - offset;
    if (this.#own?.name === file) this.#own.end = Math.max(this.#own.end, start);
  }

  #newFile(): string {
    for (;;) {
      const name = `${this.#entity}-${this.#generation}-${++this.#fileCount}.rows`;
      try {
        const { O_CREAT, O_EXCL, O_RDWR } = constants;
        this.#handles.set(name, openSync(join(this.#directory, name), O_RDWR | O_CREAT | O_EXCL, 0o600));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
        throw error;
      }
      syncDirectory(this.#directory);
      return name;
    }
  }

  #open(name: string): number {
    let handle = this.#handles.get(name);
    if (handle === undefined) {
      handle = openSync(join(this.#directory, name), constants.O_RDONLY);
      this.#handles.set(name, handle);
    }
    return handle;
  }

  #read(file: number, into: Buffer, offset: number): void {
    let done = 0;
    try {
      const handle = this.#open(this.#names[file] as string);
      while (done < into.length) {
        const read = readSync(handle, into, done, into.length - done, offset + done);
        if (read === 0) break;
        done += read;
      }
    } catch (cause) {
      throw new StateError('the state is damaged: a file of rows cannot be read', {
        code: 'ERR_ROLLCALL_STATE_CORRUPT',
        cause,
      });
    }
    if (done < into.length) throw cutOff();
  }
}

/** What {@link RowFiles.rewrite} made. */
export interface Rewritten {
  readonly name: string;
  readonly extents: readonly Extent[];
}

function newMaps(): Readonly<Record<Part, PageMap>> {
  return { rows: new PageMap(), prints: new PageMap() };
}

/** A write may take less than it was given. */
function writeAll(handle: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(handle, bytes, done, bytes.length - done, position + done);
}

/** The name of a new file must outlast a power loss too. Windows cannot do that for a directory, and need not. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
