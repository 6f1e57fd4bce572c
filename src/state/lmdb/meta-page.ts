import { readSync } from 'node:fs';
import { StateError } from '../../core/errors.js';
import { stateDamage } from './state-failure.js';

/**
 * Offsets in LMDB's two meta pages (data version 2, 64 bits). They contain the format of the file, and the roots of the trees of
 * the last two commits. Each commit replaces the older one, so the one with the higher transaction is valid.
 */
const AT = {
  page: 0,
  flags: 18,
  magic: 24,
  version: 28,
  mapSize: 40,
  free: 48,
  pageBytes: 48,
  environmentFlags: 52,
  main: 96,
  lastPage: 144,
  transaction: 152,
  end: 168,
};
/** Offsets in the record of a tree. */
const TREE = { flags: 4, depth: 6, branches: 8, leaves: 16, overflows: 24, entries: 32, root: 40 };
export const TREE_BYTES = 48;

const P_META = 0x08;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
export const INTEGER_KEYS = 0x08;
/** The root of an empty tree. */
export const NO_PAGE = 0xffffffffffffffffn;
/** The flag of an environment that is one file. LMDB stores it in the flags of the free list. */
export const NO_SUBDIRECTORY = 0x4000;
/** The page size of a new state. LMDB would use the page size of the machine, on which the longest key depends. */
const PAGE_BYTES = 4096;
const MAP_BYTES = 131_072;

/** The record of a tree of pages. */
export interface Tree {
  readonly flags: number;
  readonly depth: number;
  readonly branches: bigint;
  readonly leaves: bigint;
  readonly overflows: bigint;
  readonly entries: bigint;
  readonly root: bigint;
}

/** The content of a meta page. */
export interface Meta {
  readonly pageBytes: number;
  /** The list of free pages, by transaction. */
  readonly free: Tree;
  /** The named databases. */
  readonly main: Tree;
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

/** The bytes of an empty environment, as LMDB would write it. */
export function emptyEnvironment(): Buffer {
  const pages = Buffer.alloc(2 * PAGE_BYTES);
  for (const number of [0, 1]) {
    const page = pages.subarray(number * PAGE_BYTES);
    page.writeBigUInt64LE(BigInt(number), AT.page);
    page.writeUInt16LE(P_META, AT.flags);
    page.writeUInt32LE(MAGIC, AT.magic);
    page.writeUInt32LE(DATA_VERSION, AT.version);
    page.writeBigUInt64LE(BigInt(MAP_BYTES), AT.mapSize);
    page.writeUInt32LE(PAGE_BYTES, AT.pageBytes);
    page.writeUInt16LE(NO_SUBDIRECTORY | INTEGER_KEYS, AT.environmentFlags);
    for (const tree of [AT.free, AT.main]) page.writeBigUInt64LE(NO_PAGE, tree + TREE.root);
    page.writeBigUInt64LE(1n, AT.lastPage);
  }
  return pages;
}

/**
 * Reads the meta pages of a file, the newer one first.
 *
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_FORMAT` if it is not a file of LMDB, `ERR_ROLLCALL_STATE_CORRUPT` if a meta page
 * is damaged
 */
export function metasOf(file: number, directory: string): readonly [Meta, Meta] {
  const first = readMeta(file, 0, 0);
  if (first === 'foreign' && readMeta(file, 1, PAGE_BYTES) === 'foreign') {
    throw new StateError(`${directory} holds a file state.mdb that is not a state of rollcall`, {
      code: 'ERR_ROLLCALL_STATE_FORMAT',
    });
  }
  const second = typeof first === 'string' ? first : readMeta(file, 1, first.pageBytes);
  if (typeof first === 'string' || typeof second === 'string' || second.pageBytes !== first.pageBytes)
    throw stateDamage(directory, 'one of its first two pages is not what was written');
  return second.transaction > first.transaction ? [second, first] : [first, second];
}

function readMeta(file: number, number: number, at: number): Meta | 'foreign' | 'damaged' {
  const page = Buffer.alloc(AT.end);
  const read = readSync(file, page, 0, AT.end, at);
  if (page.readUInt32LE(AT.magic) !== MAGIC || page.readUInt32LE(AT.version) !== DATA_VERSION)
    return 'foreign';
  const pageBytes = page.readUInt32LE(AT.pageBytes);
  const whole =
    read === AT.end &&
    page.readBigUInt64LE(AT.page) === BigInt(number) &&
    page.readUInt16LE(AT.flags) === P_META &&
    pageBytes >= 512 &&
    pageBytes <= 65_536 &&
    (pageBytes & (pageBytes - 1)) === 0;
  if (!whole) return 'damaged';
  return {
    pageBytes,
    free: readTree(page, AT.free),
    main: readTree(page, AT.main),
    lastPage: page.readBigUInt64LE(AT.lastPage),
    transaction: page.readBigUInt64LE(AT.transaction),
  };
}

/** Reads the record of a tree at an offset. */
export function readTree(bytes: Buffer, at: number): Tree {
  return {
    flags: bytes.readUInt16LE(at + TREE.flags),
    depth: bytes.readUInt16LE(at + TREE.depth),
    branches: bytes.readBigUInt64LE(at + TREE.branches),
    leaves: bytes.readBigUInt64LE(at + TREE.leaves),
    overflows: bytes.readBigUInt64LE(at + TREE.overflows),
    entries: bytes.readBigUInt64LE(at + TREE.entries),
    root: bytes.readBigUInt64LE(at + TREE.root),
  };
}
