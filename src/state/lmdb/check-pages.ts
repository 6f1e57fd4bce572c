import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import {
  INTEGER_KEYS,
  metasOf,
  NO_PAGE,
  NO_SUBDIRECTORY,
  readTree,
  TREE_BYTES,
  type Tree,
} from './meta-page.js';
import { stateDamage } from './state-failure.js';

/** Offsets in the header of a page. Its entries are after `upper`, and the offsets of its entries are before `lower`. */
const HEADER = { transaction: 8, flags: 18, lower: 20, upper: 22, pages: 20, bytes: 24 };
/** Offsets in the header of an entry of a page. Its key and its value follow. */
const ENTRY = { flags: 4, keyBytes: 6, bytes: 8 };
/** Offsets in an entry whose value has its own pages: it contains the number of the first page, and their count. */
const BIG = { pages: 16, bytes: 24 };

const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
const BIG_VALUE = 0x01;
const NAMED_DATABASE = 0x02;
const DEEPEST = 32;
const META_PAGES = 2n;
/** After this many pages, other tasks of the event loop run. */
const PAGES_PER_TURN = 512;

/** The walk through one tree. */
interface Walk {
  readonly tree: Tree;
  readonly visit: (key: Buffer, value: Buffer, flags: number) => void;
  readonly count: { branches: bigint; leaves: bigint; overflows: bigint; entries: bigint };
  /** The last key of a leaf. */
  last: Buffer | undefined;
  /** The key of the last branch entry: the next key of a leaf must not be smaller. */
  floor: Buffer | undefined;
}

/**
 * Checks LMDB's file page by page, so that LMDB can open it safely. LMDB has no check sums and trusts the file, which it maps into
 * memory: a damaged page can end the process by a signal.
 *
 * A file passes if every page contains its own number, every page is either used once or free once, the entries of a page are
 * inside it and in order, and the counts of the trees are right. Values are not checked.
 *
 * No process may write to the file during the check. A million rows take half a second.
 *
 * @param directory - the directory of the state, for the error
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` if the file does not pass
 */
export async function checkPages(path: string, directory: string): Promise<void> {
  const file = openSync(path, 'r');
  try {
    let pages = 0;
    for (const _ of new PageCheck(file, directory).run()) if (++pages % PAGES_PER_TURN === 0) await turn();
  } finally {
    closeSync(file);
  }
}

class PageCheck {
  readonly #file: number;
  readonly #directory: string;
  readonly #pageBytes: number;
  readonly #main: Tree;
  readonly #free: Tree;
  readonly #transaction: bigint;
  readonly #pages: bigint;
  /** One bit for each page inside the file: set if the page is used or free. */
  readonly #met: Uint8Array;
  /** The same for pages after the end of the file: LMDB does not write pages that its transaction allocates and frees again. */
  readonly #metBehind = new Set<bigint>();
  #metCount = 0n;
  readonly #named: Tree[] = [];

  constructor(file: number, directory: string) {
    this.#file = file;
    this.#directory = directory;
    const [newer, older] = metasOf(file, directory);
    // Each commit replaces the older of the two meta pages, so their transactions differ by one, or are both 0 in a new file.
    const begun = newer.transaction > 0n;
    this.#require(
      newer.transaction - older.transaction === (begun ? 1n : 0n),
      'one of its first two pages is older',
    );
    this.#pageBytes = newer.pageBytes;
    this.#main = newer.main;
    this.#free = newer.free;
    this.#transaction = newer.transaction;
    this.#pages = newer.lastPage + 1n;
    this.#met = new Uint8Array(Math.ceil(fstatSync(file).size / this.#pageBytes / 8));
  }

  /** Yields after each page of a tree. */
  *run(): Generator<void, void, undefined> {
    yield* this.#walk(this.#main, (_, value, flags) => {
      this.#require(flags === NAMED_DATABASE && value.length === TREE_BYTES, 'the list of databases');
      this.#named.push(readTree(value, 0));
    });
    for (const tree of this.#named)
      yield* this.#walk(tree, (_key, _value, flags) => this.#require(flags === 0, 'an entry'));
    const free = { ...this.#free, flags: this.#free.flags & ~NO_SUBDIRECTORY };
    yield* this.#walk(free, (_, list) => {
      const count = list.length < 8 ? -1n : list.readBigUInt64LE();
      this.#require(count >= 0n && 8n * (count + 1n) <= BigInt(list.length), 'the list of free pages');
      for (let i = 1; i <= count; i++) this.#meet(list.readBigUInt64LE(8 * i));
    });
    this.#require(this.#metCount === this.#pages - META_PAGES, 'the list of free pages');
  }

  *#walk(tree: Tree, visit: Walk['visit']): Generator<void, void, undefined> {
    this.#require((tree.flags & ~INTEGER_KEYS) === 0 && tree.depth <= DEEPEST, 'the record of a database');
    const count = { branches: 0n, leaves: 0n, overflows: 0n, entries: 0n };
    if (tree.root !== NO_PAGE)
      yield* this.#down({ tree, visit, count, last: undefined, floor: undefined }, tree.root, 1);
    const { branches, leaves, overflows, entries } = count;
    const same =
      branches === tree.branches &&
      leaves === tree.leaves &&
      overflows === tree.overflows &&
      entries === tree.entries;
    this.#require(same && (tree.root === NO_PAGE) === (tree.depth === 0), 'the counts of a database');
  }

  /** Checks a page and all pages below it. The depth of a root is 1. */
  *#down(walk: Walk, number: bigint, depth: number): Generator<void, void, undefined> {
    const isLeaf = depth === walk.tree.depth;
    const page = this.#read(number, this.#pageBytes, isLeaf ? LEAF : BRANCH);
    const lower = page.readUInt16LE(HEADER.lower);
    const upper = page.readUInt16LE(HEADER.upper);
    const room = this.#pageBytes - HEADER.bytes;
    this.#require(lower > 0 && lower % 2 === 0 && lower <= upper && upper <= room, 'the bounds of a page');
    if (isLeaf) walk.count.leaves++;
    else walk.count.branches++;
    let used = 0;
    for (let i = 0; i < lower; i += 2) {
      const at = HEADER.bytes + page.readUInt16LE(HEADER.bytes + i);
      this.#require(
        at >= HEADER.bytes + upper && at + ENTRY.bytes <= this.#pageBytes,
        'the place of an entry',
      );
      const flags = page.readUInt16LE(at + ENTRY.flags);
      const keyAt = at + ENTRY.bytes;
      const valueAt = keyAt + page.readUInt16LE(at + ENTRY.keyBytes);
      const low = page.readUInt32LE(at);
      const end = !isLeaf ? valueAt : valueAt + ((flags & BIG_VALUE) !== 0 ? BIG.bytes : low);
      this.#require(end <= this.#pageBytes, 'the length of an entry');
      used += (end - at + 1) & ~1;
      const key = page.subarray(keyAt, valueAt);
      if (isLeaf) this.#entry(walk, key, page.subarray(valueAt, end), flags, low);
      else {
        // The first entry of a branch has no key.
        if (i > 0) this.#branch(walk, key);
        yield* this.#down(walk, BigInt(low) | (BigInt(flags) << 32n), depth + 1);
      }
    }
    this.#require(used === room - upper, 'the gap of a page');
    yield;
  }

  #branch(walk: Walk, key: Buffer): void {
    this.#require(
      walk.last !== undefined && this.#compare(walk, walk.last, key) < 0,
      'the order of the keys',
    );
    walk.floor = key;
  }

  #entry(walk: Walk, key: Buffer, value: Buffer, flags: number, bytes: number): void {
    const { last, floor } = walk;
    this.#require(last === undefined || this.#compare(walk, last, key) < 0, 'the order of the keys');
    this.#require(floor === undefined || this.#compare(walk, floor, key) <= 0, 'the order of the keys');
    walk.last = key;
    walk.floor = undefined;
    walk.count.entries++;
    if ((flags & BIG_VALUE) === 0) return walk.visit(key, value, flags);
    const first = value.readBigUInt64LE();
    // There may be more pages than the value needs: a shorter value that replaces a longer one keeps the pages.
    const pages = value.readBigUInt64LE(BIG.pages);
    const room = pages * BigInt(this.#pageBytes);
    this.#require(pages < this.#pages && room >= BigInt(HEADER.bytes + bytes), 'the length of a value');
    const page = this.#read(first, HEADER.bytes + bytes, OVERFLOW);
    this.#require(BigInt(page.readUInt32LE(HEADER.pages)) === pages, 'the length of a value');
    for (let i = 1n; i < pages; i++) this.#meet(first + i);
    walk.count.overflows += pages;
    walk.visit(key, page.subarray(HEADER.bytes), flags & ~BIG_VALUE);
  }

  #compare({ tree }: Walk, a: Buffer, b: Buffer): number {
    if ((tree.flags & INTEGER_KEYS) === 0) return a.compare(b);
    this.#require(a.length === b.length && (a.length === 4 || a.length === 8), 'the length of a key');
    const [x, y] =
      a.length === 4 ? [a.readUInt32LE(), b.readUInt32LE()] : [a.readBigUInt64LE(), b.readBigUInt64LE()];
    return x < y ? -1 : x > y ? 1 : 0;
  }

  /** Reads a page, or the pages of a long value. */
  #read(number: bigint, bytes: number, flags: number): Buffer {
    this.#meet(number);
    const page = Buffer.allocUnsafeSlow(bytes);
    const read = readSync(this.#file, page, 0, bytes, Number(number) * this.#pageBytes);
    if (read < bytes) throw stateDamage(this.#directory, 'its file was cut off');
    this.#require(
      page.readBigUInt64LE() === number &&
        page.readUInt16LE(HEADER.flags) === flags &&
        page.readBigUInt64LE(HEADER.transaction) <= this.#transaction,
      'the header of a page',
    );
    return page;
  }

  /** Marks a page as used or free, and fails if it is already marked. */
  #meet(number: bigint): void {
    this.#require(number >= META_PAGES && number < this.#pages, 'the number of a page');
    const byte = number >> 3n < this.#met.length ? Number(number >> 3n) : undefined;
    const bit = 1 << Number(number & 7n);
    const isMet =
      byte === undefined ? this.#metBehind.has(number) : ((this.#met[byte] as number) & bit) !== 0;
    this.#require(!isMet, 'a page that is used twice');
    if (byte === undefined) this.#metBehind.add(number);
    else this.#met[byte] = (this.#met[byte] as number) | bit;
    this.#metCount++;
  }

  #require(holds: boolean, what: string): asserts holds {
    if (!holds) throw stateDamage(this.#directory, `${what} is not what was written`);
  }
}
