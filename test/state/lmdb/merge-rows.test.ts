import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeRows, type ChangedRow } from '../../../src/state/lmdb/merge-rows.js';
import { BLOCK_ROWS, contentBytesOf, HEADER_BYTES, RowBlock } from '../../../src/state/lmdb/row-block.js';
import { encodeKey, encodeRow, wordOfLogin } from '../../../src/state/lmdb/row-codec.js';
import { UNKNOWN } from '../../../src/state/store.js';
import { confirmed, fingerprint } from '../../support/rows.js';

/** A row as it is told apart here: its key, and its digest or that it is unknown. */
type Row = readonly [key: string, digest: string | undefined];

const digestOf = (version: number, key: string) =>
  `${version}${encodeKey(key).toString('latin1')}`.padEnd(16, '.').slice(0, 16);
const inOrder = (rows: Iterable<Row>): Row[] =>
  [...rows].sort(([a], [b]) => encodeKey(a).compare(encodeKey(b)));

/** A confirmed row has a login, which is the beginning of its digest. */
const loginIn = (digest: string) => digest.slice(0, 10);
const valueOf = (key: string, digest: string | undefined) =>
  encodeRow(
    encodeKey(key),
    digest === undefined
      ? UNKNOWN
      : confirmed('users', key, fingerprint(digest, `attr${loginIn(digest)}`)).held,
  );
const add = (block: RowBlock, key: string, digest?: string) =>
  block.add(encodeKey(key), valueOf(key, digest));

/** Blocks of so many rows each. */
function* blocksOf(rows: readonly Row[], size: number): Generator<RowBlock> {
  const block = new RowBlock(true);
  for (let start = 0; start < rows.length; start += size) {
    block.clear();
    for (const [key, digest] of rows.slice(start, start + size)) add(block, key, digest);
    yield block;
  }
}

/** The rows of one block, as they are read. */
function rowsOf(block: RowBlock): Row[] {
  const digests = Buffer.from(block.digests.buffer);
  return Array.from({ length: block.count }, (_, i) => {
    const digest = block.isUnknown(i) ? undefined : digests.toString('latin1', i * 16, (i + 1) * 16);
    expect(block.loginWords[i]).toBe(digest === undefined ? 0 : wordOfLogin(loginIn(digest)));
    return [block.key(i), digest];
  });
}

const anyKey = fc.oneof(
  fc.constantFrom(...'abcdefghij', 'é', '汉', '\uffff', '😀', '\ud83d', ''),
  fc.string({ maxLength: 3 }),
);
const anyDigest = (version: number) => (key: string) =>
  fc.option(fc.constant(digestOf(version, key)), { nil: undefined });
const rowsArbitrary = fc
  .uniqueArray(anyKey, { maxLength: 40 })
  .chain((keys) => fc.tuple(...keys.map((key) => fc.tuple(fc.constant(key), anyDigest(1)(key)))));
const changesArbitrary = fc
  .uniqueArray(anyKey, { maxLength: 20 })
  .chain((keys) =>
    fc.tuple(
      ...keys.map((key) => fc.tuple(fc.constant(key), fc.constantFrom('gone', digestOf(2, key), undefined))),
    ),
  );

const merged = (blocks: Iterable<RowBlock>, changes: readonly ChangedRow[]) =>
  mergeRows(blocks, changes, new RowBlock(true));

describe('blocks of rows', () => {
  it('take changes in, wherever these stand between their keys', () => {
    fc.assert(
      fc.property(rowsArbitrary, changesArbitrary, fc.integer({ min: 1, max: 9 }), (rows, changes, size) => {
        const plain = new Map<string, string | undefined>(rows);
        for (const [key, digest] of changes)
          if (digest === 'gone') plain.delete(key);
          else plain.set(key, digest);
        const changed = inOrder(changes).map(([key, digest]): ChangedRow => {
          return { key: encodeKey(key), value: digest === 'gone' ? undefined : valueOf(key, digest) };
        });
        const found: Row[] = [];
        for (const block of merged(blocksOf(inOrder(rows), size), changed)) {
          expect(block.count).toBeGreaterThan(0);
          found.push(...rowsOf(block));
        }
        expect(found).toEqual(inOrder(plain));
      }),
    );
  });

  it('are full after changes, but for the last', () => {
    const rows = Array.from({ length: 3 * BLOCK_ROWS - 5 }, (_, i): Row => [
      `k${String(i).padStart(6, '0')}`,
      digestOf(1, `${i}`),
    ]);
    const changes = Array.from({ length: 20 }, (_, i): ChangedRow => {
      const key = encodeKey(`k${String(i * 100).padStart(6, '0')}x`);
      return { key, value: encodeRow(key, UNKNOWN) };
    });
    const counts = Array.from(merged(blocksOf(rows, 1000), changes), (block) => block.count);
    expect(counts).toEqual([BLOCK_ROWS, BLOCK_ROWS, BLOCK_ROWS, 15]);
  });

  it('are only changes where there was nothing, and nothing without any', () => {
    const key = encodeKey('k');
    const all = [...merged([], [{ key, value: encodeRow(key, UNKNOWN) }])];
    expect(all.map(rowsOf)).toEqual([[['k', undefined]]]);
    expect([...merged([], [])]).toEqual([]);
    expect([...merged([], [{ key, value: undefined }])]).toEqual([]);
  });

  it('compare keys by their bytes, the shorter first', () => {
    const block = new RowBlock(true);
    const keys = ['a', 'ab', 'b', 'é', '汉'];
    for (const key of keys) add(block, key);
    for (const [i, key] of keys.entries())
      for (const other of keys)
        expect(Math.sign(block.compareKey(encodeKey(other), i))).toBe(
          Buffer.compare(encodeKey(other), encodeKey(key)),
        );
  });
});

describe('the bytes of a block', () => {
  it('of groups and memberships have no logins', () => {
    const block = new RowBlock(false);
    for (const key of ['a', 'b']) add(block, key, digestOf(1, key));
    const bytes = Buffer.from(block.encode(5, 0));
    expect(bytes).toHaveLength(HEADER_BYTES + 2 * 18 + 2);
    const again = new RowBlock(false);
    expect(again.decode(bytes.subarray(0, HEADER_BYTES), bytes.subarray(HEADER_BYTES), 5, 0)).toBe(true);
    expect([again.key(0), again.key(1), again.count, again.loginWords.length]).toEqual(['a', 'b', 2, 0]);
  });

  const someRows = Array.from({ length: 50 }, (_, i): Row => [
    i === 7 ? 'x'.repeat(1977) : `${'k'.repeat(i)}é`,
    i % 9 === 0 ? undefined : digestOf(i, 'é'),
  ]);
  const encoded = (rows = someRows, seed = 5, number = 3) => {
    const [block] = blocksOf(rows, BLOCK_ROWS);
    return Buffer.from((block ?? new RowBlock(true)).encode(seed, number));
  };
  const decoded = (bytes: Buffer, seed = 5, number = 3): Row[] | undefined => {
    const header = bytes.subarray(0, HEADER_BYTES);
    const length = contentBytesOf(header, true);
    if (length === undefined || length !== bytes.length - HEADER_BYTES) return undefined;
    const block = new RowBlock(true);
    // What it held before must not show.
    add(block, 'before', digestOf(9, 'before'));
    return block.decode(header, bytes.subarray(HEADER_BYTES), seed, number) ? rowsOf(block) : undefined;
  };

  it('give it back, and nothing of the block that was there before', () => {
    expect(decoded(encoded())).toEqual(someRows);
    expect(decoded(encoded([]))).toEqual([]);
    const full = Array.from({ length: BLOCK_ROWS }, (_, i): Row => [
      `${i}`.padStart(40, '0'),
      digestOf(1, `${i}`),
    ]);
    expect(decoded(encoded(full))).toEqual(full);
  });

  it('hold until the next are asked for, of the same block or a smaller one', () => {
    const block = new RowBlock(true);
    for (const [key] of someRows) add(block, key);
    const large = Buffer.from(block.encode(1, 1));
    block.clear();
    add(block, 'k');
    expect(block.encode(1, 1).length).toBeLessThan(large.length);
    expect(block.encode(1, 1)).toEqual(block.encode(1, 1));
  });

  it('do not pass in another place, of another file, nor with any byte that is another', () => {
    expect(decoded(encoded(), 6, 3)).toBeUndefined();
    expect(decoded(encoded(), 5, 4)).toBeUndefined();
    const bytes = encoded();
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ 0x40;
      expect(decoded(damaged), `byte ${at}`).toBeUndefined();
    }
  });

  it('are not zeros when there are no rows: a file that was not written to its end must not seem whole', () => {
    expect(encoded([]).equals(Buffer.alloc(HEADER_BYTES))).toBe(false);
    expect(decoded(Buffer.alloc(HEADER_BYTES))).toBeUndefined();
    expect(decoded(encoded([]), 6, 3)).toBeUndefined();
    expect(decoded(encoded([]), 5, 4)).toBeUndefined();
  });

  it('cannot claim more than a block can hold', () => {
    const header = (count: number, keyBytes: number, hasLogins = true) => {
      const bytes = Buffer.alloc(HEADER_BYTES);
      bytes.writeUInt32LE(count, 0);
      bytes.writeUInt32LE(keyBytes, 4);
      return contentBytesOf(bytes, hasLogins);
    };
    expect(header(BLOCK_ROWS, BLOCK_ROWS * 1977)).toBe(BLOCK_ROWS * (22 + 1977));
    expect(header(BLOCK_ROWS, BLOCK_ROWS * 1977, false)).toBe(BLOCK_ROWS * (18 + 1977));
    expect(header(BLOCK_ROWS + 1, 0)).toBeUndefined();
    expect(header(2, 2 * 1977 + 1)).toBeUndefined();
    expect(header(0, 0)).toBe(0);
    expect(header(0, 1)).toBeUndefined();
  });
});
