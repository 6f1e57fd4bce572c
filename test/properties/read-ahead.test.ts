import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { Subject } from 'rxjs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { unguarded } from '../../src/guard/guard.js';
import { createHash } from 'node:crypto';
import type { Flow, Operator } from '../../src/flow/flow.js';
import type { UserRecord } from '../../src/core/model.js';
import { batch } from '../../src/batch/batch.js';
import { diff } from '../../src/diff/diff.js';
import { filter } from '../../src/transform/filter.js';
import { flatMap } from '../../src/transform/flat-map.js';
import { map } from '../../src/transform/map.js';
import { validate } from '../../src/validate/validate.js';
import { pipe } from '../../src/flow/pipe.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { fromJson } from '../../src/sources/json/from-json.js';
import { fromJsonLines } from '../../src/sources/json/from-json-lines.js';
import { fromObservable, toObservable } from '../../src/flow/observable.js';
import { fromPages } from '../../src/sources/from-pages.js';
import { memoryState } from '../../src/state/memory/memory-state.js';

/** Records that stages hand to each other at once. */
const CHUNK = 512;
/** What a reader of bytes may have read past the record that was asked for, besides a chunk of its input. */
const AHEAD_BYTES = 256 * 1024;

/** Takes some records and then no more; what was read meanwhile, and a while later, is what a slow reader causes. */
async function take<T>(flow: Flow<T>, count: number): Promise<() => Promise<void>> {
  const records = flow[Symbol.asyncIterator]();
  for (let i = 0; i < count; i++) expect((await records.next()).done).toBe(false);
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  return async () => void (await records.return?.());
}

const ROWS = 12_000;
/** Rows of some 330 bytes whose text cannot be compressed much. */
const rows = Array.from({ length: ROWS }, (_, i) => ({
  id: String(i).padStart(6, '0'),
  text: Array.from({ length: 4 }, (_, part) => createHash('sha512').update(`${i} ${part}`).digest('base64'))
    .join('')
    .slice(0, 256 + (i % 64)),
}));

/** A format, its bytes, and where in them each row ends. */
const formats = [
  { name: 'CSV', read: fromCsv, parts: ['id,text\n', ...rows.map(({ id, text }) => `${id},${text}\n`)] },
  { name: 'JSON lines', read: fromJsonLines, parts: ['', ...rows.map((row) => `${JSON.stringify(row)}\n`)] },
  {
    name: 'JSON',
    read: fromJson,
    parts: ['[', ...rows.map((row, i) => `${i === 0 ? '' : ','}${JSON.stringify(row)}`), ']'],
  },
].map(({ parts, ...format }) => {
  let at = 0;
  const ends = parts.map((part) => (at += part.length)).slice(1);
  return { ...format, bytes: Buffer.from(parts.join('')), ends };
});

describe('sources and a slow reader', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-read-ahead-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  describe.each(formats)('$name', ({ read, bytes, ends }) => {
    const endOf = (count: number) => ends[count - 1] as number;

    it('bytes are read no more than a quarter of a megabyte past the record asked for, and a chunk of the input', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 9000 }),
          fc.integer({ min: 1000, max: 300_000 }),
          async (count, size) => {
            let pulled = 0;
            async function* input() {
              for (let at = 0; at < bytes.length; at += size) {
                const chunk = bytes.subarray(at, at + size);
                pulled += chunk.length;
                yield chunk;
              }
            }
            const leave = await take(read(input()), count);
            expect(pulled).toBeLessThanOrEqual(endOf(count) + size + AHEAD_BYTES);
            await leave();
          },
        ),
        {
          numRuns: 20,
          examples: [
            [1, 1000],
            [1, 300_000],
            [9000, 1000],
          ],
        },
      );
    });

    it('a stream is read no further than that and what it holds itself', async () => {
      const path = join(directory, 'stream');
      writeFileSync(path, bytes);
      const stream = createReadStream(path);
      const leave = await take(read(stream), 100);
      expect(stream.bytesRead).toBeGreaterThan(0);
      const { readableHighWaterMark } = stream;
      expect(stream.bytesRead).toBeLessThanOrEqual(endOf(100) + AHEAD_BYTES + 2 * readableHighWaterMark);
      await leave();
    });

    it('a file is read no more than a quarter of a megabyte past the record asked for', async () => {
      const path = join(directory, 'file');
      writeFileSync(path, bytes);
      const handle = await open(path);
      const reads = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, 'read');
      await handle.close();
      try {
        const leave = await take(read(path), 100);
        const results = await Promise.all(
          reads.mock.results.map(({ value }) => value as ReturnType<typeof handle.read>),
        );
        const pulled = results.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
        expect(pulled).toBeGreaterThan(0);
        expect(pulled).toBeLessThanOrEqual(endOf(100) + AHEAD_BYTES);
        await leave();
      } finally {
        reads.mockRestore();
      }
    });

    it('gzipped bytes are read no more than a megabyte ahead, with all buffers of the decompression', async () => {
      const zipped = gzipSync(bytes);
      expect(zipped.length).toBeGreaterThan(2_500_000);
      let pulled = 0;
      async function* input() {
        for (let at = 0; at < zipped.length; at += 16_384) {
          pulled += 16_384;
          yield zipped.subarray(at, at + 16_384);
        }
      }
      const leave = await take(read(input(), { gzip: true }), 100);
      expect(pulled).toBeLessThanOrEqual(1_000_000);
      await leave();
    });
  });

  it('no page is fetched before a record of it is asked for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 1, max: 3000 }),
        async (size, count) => {
          let fetched = 0;
          const flow = fromPages<number, number>(async (page = 0) => {
            fetched++;
            return { records: Array.from({ length: size }, (_, i) => page * size + i), next: page + 1 };
          });
          const leave = await take(flow, count);
          expect(fetched).toBe(Math.ceil(count / size));
          await leave();
        },
      ),
      { numRuns: 30 },
    );
  });

  it('an Observable has no more values waiting than it may, and is left once there is one more', async () => {
    const subject = new Subject<number>();
    const records = fromObservable(subject, { maxBuffered: 100 }).chunks()[Symbol.asyncIterator]();
    const first = records.next();
    subject.next(0);
    expect((await first).value).toEqual([0]);
    for (let i = 1; i <= 100; i++) subject.next(i);
    expect(subject.observed).toBe(true);
    subject.next(101);
    expect(subject.observed).toBe(false);
    expect((await records.next()).value).toHaveLength(100);
    await expect(records.next()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_SOURCE' });
  });

  it.each(['a generator', 'an async generator', 'an object stream'])(
    '%s is read 512 records at a time',
    async (kind) => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 2000 }), async (count) => {
          let pulled = 0;
          function* endless() {
            for (;;) yield ++pulled;
          }
          async function* endlessly() {
            yield* endless();
          }
          const stream = Readable.from(endless());
          const sources = {
            'a generator': endless(),
            'an async generator': endlessly(),
            'an object stream': stream,
          };
          const source = sources[kind as keyof typeof sources] as AsyncIterable<number>;
          const leave = await take(pipe(source), count);
          const held = kind === 'an object stream' ? 2 * stream.readableHighWaterMark : 0;
          expect(pulled).toBeLessThanOrEqual(Math.ceil(count / CHUNK) * CHUNK + held);
          await leave();
        }),
        { numRuns: 20 },
      );
    },
  );
});

describe('operators and a slow reader', () => {
  const user = (index: number): UserRecord => ({
    externalId: `u${index}`,
    profile: { userName: `u${index}@example.com`, email: `u${index}@example.com` },
  });

  /** Endless users, told how many were read. */
  function endless() {
    const seen = { read: 0 };
    function* source() {
      for (;;) yield user(seen.read++);
    }
    return { seen, source: source() };
  }

  async function* byHand(source: AsyncIterable<UserRecord>) {
    for await (const record of source) yield record;
  }
  const indexOf = ({ externalId }: UserRecord) => Number(externalId.slice(1));

  type Stage = Operator<UserRecord, UserRecord>;
  const stages: readonly (readonly [string, Stage, (count: number) => number])[] = [
    ['map', map((record) => record), (count) => count],
    ['a map that is waited for', map(async (record) => record), (count) => count],
    ['filter', filter((record) => indexOf(record) % 3 === 0), (count) => count * 3],
    ['flatMap', flatMap((record) => [record, record, record]), (count) => Math.ceil(count / 3)],
    ['a flatMap into very many', flatMap((record) => Array<UserRecord>(5000).fill(record)), () => 1],
    ['validate', validate<'users'>('users'), (count) => count],
    ['a stage written by hand', byHand, (count) => count],
  ];

  it.each(stages)('%s reads no more than a chunk ahead', async (_, stage, needed) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1500 }), async (count) => {
        const { seen, source } = endless();
        const leave = await take(pipe(source, stage), count);
        // What is handed over comes in chunks: that of the record asked for, and the one it was made of.
        expect(seen.read).toBeLessThanOrEqual(needed(count) + 2 * CHUNK);
        await leave();
      }),
      { numRuns: 20 },
    );
  });

  it('diff reads no more than a chunk ahead', async () => {
    const { seen, source } = endless();
    const leave = await take(pipe(source, validate('users'), diff('users', memoryState())), 700);
    expect(seen.read).toBeLessThanOrEqual(700 + CHUNK);
    await leave();
  });

  it('batch reads as far ahead as its option allows, and a chunk', async () => {
    for (const lookahead of [1, 300, 1000, 5000]) {
      const { seen, source } = endless();
      const changes = pipe(source, validate('users'), diff('users', memoryState()));
      const requests = pipe(changes, unguarded(), batch({ lookahead }));
      const leave = await take(requests, 3);
      expect(seen.read).toBeLessThanOrEqual(3 * 200 + lookahead + CHUNK);
      await leave();
    }
  });

  it('all of them together read a few chunks ahead', async () => {
    const { seen, source } = endless();
    const flow = pipe(
      source,
      filter((record) => indexOf(record) % 3 === 0),
      flatMap((record) => [record, record, record]),
      byHand,
      map((record, index) => ({ ...record, externalId: `${record.externalId}-${index}` })),
      validate('users'),
      diff('users', memoryState()),
    );
    const leave = await take(flow, 300);
    // A chunk of a filter that keeps one of three, and one of what stands behind the stage written by hand.
    expect(seen.read).toBeLessThanOrEqual(300 + 2 * 3 * CHUNK);
    await leave();
  });

  it('toObservable reads no more than a chunk past where its subscriber leaves', async () => {
    const { seen, source } = endless();
    let taken = 0;
    await new Promise<void>((resolve) => {
      const subscription = toObservable(pipe(source, validate('users'))).subscribe(() => {
        if (++taken < 600) return;
        subscription.unsubscribe();
        resolve();
      });
    });
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(taken).toBe(600);
    expect(seen.read).toBeLessThanOrEqual(600 + CHUNK);
  });
});
