import { describe, expect, it } from 'vitest';
import type { UserRecord, Valid } from '../../src/core/model.js';
import { diff } from '../../src/diff/diff.js';
import { map } from '../../src/transform/map.js';
import { validate } from '../../src/validate/validate.js';
import type { ValidateOptions } from '../../src/validate/validate-options.js';
import { pipe } from '../../src/flow/pipe.js';
import { mappingOf, withMapping, type MappingOf } from '../../src/core/declared-mapping.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import type { InputChunk } from '../../src/sources/input/input-chunk.js';
import type { Input } from '../../src/sources/input/input.js';
import { fromJsonLines } from '../../src/sources/json/from-json-lines.js';
import { userFrom } from '../../src/transform/records-from-columns.js';
import type { FlatRow } from '../../src/transform/to-records.js';
import type { StateStore } from '../../src/state/store.js';
import {
  replaceBaseline,
  inPieces,
  unscreened,
  runOf,
  withState,
  type Run,
  type Way,
} from '../support/two-ways.js';

const toRecord = userFrom({ externalId: 'id', profile: { nickName: 'nick' } }, { emptyCell: 'keep' });
const WAY: Way<'users'> = { entity: 'users', toRecord, validate: { required: [] } };
const HEADER = 'id,nick\n';
const line = (i: number, nick = 'x') => `u${i},${nick}\n`;
const count = <T>(length: number, each: (i: number) => T) => Array.from({ length }, (_, i) => each(i));

async function holdUsers(state: StateStore, size: number, nick = 'x'): Promise<void> {
  await replaceBaseline(
    state,
    'users',
    count(size, (i) => toRecord({ id: `u${i}`, nick })),
  );
}

/** A run, and how many rows became records. */
async function counted(
  input: Input,
  state: StateStore,
  way: Way<'users'> = WAY,
): Promise<Run & { records: number }> {
  let records = 0;
  const fields = mappingOf(way.toRecord);
  const counting = (row: FlatRow) => {
    records++;
    return way.toRecord(row);
  };
  const toRecord = fields === undefined ? counting : withMapping(counting, fields);
  const run = await runOf(fromCsv(input, { name: 'day.csv' }), { ...way, toRecord }, state);
  return { ...run, records };
}

/** The same input both ways; answers how many rows became records where they need not. */
async function bothWays(input: () => Input, state: StateStore): Promise<Run & { records: number }> {
  const { records, ...screened } = await counted(input(), state);
  const { records: all, ...plain } = await counted(input(), state, unscreened(WAY));
  expect(screened).toEqual(plain);
  expect(records).toBeLessThanOrEqual(all);
  return { ...screened, records };
}

describe('settled rows', () => {
  it('in blocks of more rows than one call digests, with changes and duplicates before and after their ends', async () => {
    const size = 60_000;
    await withState(async (state) => {
      await holdUsers(state, size);
      const lines = count(size, (i) => (i % 1000 === 7 ? line(i, 'changed') : line(i)));
      // Known rows again, of known and of changed ones before them; changed ones of known ones; and new ones.
      for (let i = 0; i < size; i += 977)
        lines.splice((i * 7) % size, 0, line(i), line(i + 3, 'other'), line(i + size));
      const bytes = Buffer.from(HEADER + lines.join(''));
      const run = await bothWays(() => bytes, state);
      expect(run.error).toBeUndefined();
      expect(run.counts.read).toBe(lines.length);
      expect(run.records).toBeLessThan(500);
      // Each known row that is there twice, too.
      expect(run.rejections.length).toBeGreaterThan(100);
    });
  });

  it('a file whose rows are all repeated is refused row by row, in the places that they have', async () => {
    const size = 20_000;
    await withState(async (state) => {
      await holdUsers(state, size);
      const bytes = Buffer.from(HEADER + count(size, (i) => line(i) + line(i)).join(''));
      const run = await bothWays(() => bytes, state);
      expect(run.rejections.map(({ position }) => position)).toEqual(count(size, (i) => 2 * i + 2));
      expect(run.records).toBe(size);
    });
  });

  it('where hardly any row is known they are looked for no longer, and nothing else changes', async () => {
    const size = 40_000;
    await withState(async (state) => {
      await holdUsers(state, size);
      // Long enough for many blocks.
      const nick = 'y'.repeat(200);
      const lines = count(size, (i) => (i > size - 100 || i % 10 === 0 ? line(i) : line(i, nick)));
      const bytes = Buffer.from(`${HEADER + lines.join('')}u3,x\n`);
      const run = await bothWays(() => bytes, state);
      expect(run.rejections).toMatchObject([{ code: 'DUPLICATE', position: size + 1, line: size + 2 }]);
    });
  });

  it('around a row that is longer than what is read at once', async () => {
    await withState(async (state) => {
      await holdUsers(state, 10);
      const long = line(20, `"${'a\n'.repeat(400_000)}"`);
      const bytes = Buffer.from(HEADER + line(1) + line(2) + long + line(3) + line(3) + 'u4,"x\n');
      const run = await bothWays(() => bytes, state);
      expect(run.rejections).toMatchObject([
        { code: 'TOO_LARGE', line: 4, position: 3 },
        { code: 'DUPLICATE', position: 5 },
      ]);
      expect(run.error).toMatchObject({
        code: 'ERR_ROLLCALL_SOURCE',
        line: (run.rejections[1]?.line as number) + 1,
      });
    });
  });

  it('rows longer than maxRecordLength are refused as ever', async () => {
    await withState(async (state) => {
      await holdUsers(state, 3);
      const rows = () =>
        fromCsv([HEADER + line(1), line(2).trimEnd(), 'x'.repeat(100), '\n'], { maxRecordLength: 50 });
      const screened = await runOf(rows(), WAY, state);
      expect(screened).toEqual(await runOf(rows(), unscreened(WAY), state));
      expect(screened.error).toMatchObject({ line: 3 });
      const lines = () =>
        fromJsonLines<FlatRow>(['{"id":"u1",', '"nick":"x"', ' '.repeat(100), '}'], { maxRecordLength: 50 });
      const json = await runOf(lines(), WAY, state);
      expect(json).toEqual(await runOf(lines(), unscreened(WAY), state));
      expect(json.error).toMatchObject({ line: 1 });
    });
  });

  it.each<[string, readonly InputChunk[]]>([
    ['whole characters', [HEADER, line(1), `u2,é😀\n${line(3)}`]],
    ['a pair in two pieces', [HEADER + line(1), 'u2,\ud83d', '\ude00\n', line(3)]],
    ['half a pair', [HEADER + line(1), 'u2,\ud83d\n', line(3)]],
    ['half a pair at the end', [HEADER + line(1), line(3), 'u2,\ud83d']],
    ['half a pair, then bytes', [HEADER + line(1), 'u2,\ud83d', Buffer.from(`\n${line(3)}`)]],
    ['half a pair in the header', ['id,nick,\udc00\n', 'u1,x,\n']],
    ['half a character, then text', [HEADER, Buffer.from(line(1)), Buffer.from([0x75, 0xe2, 0x82]), line(3)]],
    ['a mark as text', ['\ufeff', HEADER, line(1), `\ufeff${line(3)}`]],
    ['a mark as bytes, then text', [Buffer.from('\ufeff'), HEADER, line(1), line(3)]],
    ['empty pieces', ['', HEADER, '', line(1), Buffer.alloc(0), line(3), '']],
  ])('from text and bytes in turn: %s', async (_, pieces) => {
    await withState(async (state) => {
      await holdUsers(state, 5);
      await bothWays(() => pieces, state);
      const bare = pieces.map((piece) => (piece === HEADER ? '' : piece));
      const rows = () => fromJsonLines<FlatRow>(bare, { name: 'day.jsonl' });
      expect(await runOf(rows(), WAY, state)).toEqual(await runOf(rows(), unscreened(WAY), state));
    });
  });

  it.each<[string, string]>([
    ['quoted', '"id","nick"\n'],
    ['with a quoted line feed', 'id,"ni\nck"\n'],
    ['with an open quote', 'id,"nick\n'],
    ['with text behind a quote', '"id"x,nick\n'],
    ['with an empty name', 'id,\n'],
    ['with a repeated name', 'id,id\n'],
    ['with CRLF', 'id,nick\r\n'],
    ['blank', '\n'],
    ['without a line end', 'id,nick'],
    ['nothing at all', ''],
    ['of a mark only', '\ufeff'],
    ['longer than a header may be to be told', `id,nick,${'n'.repeat(100_000)}\n`],
    ['without the columns that are asked for', 'id,name\n'],
  ])('under a header that is %s', async (_, header) => {
    await withState(async (state) => {
      await holdUsers(state, 5);
      const columns = header.split(',').length;
      const rows = header.endsWith('\n')
        ? count(4, (i) => line(i).replace('\n', `${','.repeat(Math.max(0, columns - 2))}\n`))
        : [];
      const bytes = Buffer.from(header + rows.join(''));
      const { records } = await bothWays(() => bytes, state);
      if (header.startsWith('"id","') || header.endsWith('\r\n')) expect(records).toBe(0);
    });
  });

  // Each of these came to something else once.
  it.each<[string, string, ValidateOptions['attributes'], 'keep' | 'omit', (string | null)?]>([
    ['a profile of which everything is left out', 'u1,\n', undefined, 'omit', ''],
    ['a limit below nothing', 'u1,\n', { nickName: { min: 0, max: -1, nullable: true } }, 'keep', ''],
    [
      'a limit between two lengths',
      'u1,x\n',
      { nickName: { min: 1.5, max: 9, nullable: true } },
      'keep',
      'x',
    ],
    [
      'a limit that no length reaches',
      'u1,x\n',
      { nickName: { min: Infinity, max: Infinity, nullable: true } },
      'keep',
      'x',
    ],
    [
      'a longest length beyond 32 bits',
      'u1,x\n',
      { nickName: { min: 0, max: 2 ** 32, nullable: true } },
      'keep',
      'x',
    ],
    [
      'a mark before the last row, which ends in a carriage return',
      `${line(2)}\ufeffu1,x\r`,
      undefined,
      'keep',
      'x',
    ],
    [
      'a mark before a row that is longer than a block',
      `\ufeffu1,${'x'.repeat(600_000)}\n`,
      undefined,
      'keep',
      'x',
    ],
  ])('as they do otherwise: %s', async (_, rows, attributes, emptyCell, nick = null) => {
    await withState(async (state) => {
      const way: Way<'users'> = {
        entity: 'users',
        toRecord: userFrom({ externalId: 'id', profile: { nickName: 'nick' } }, { emptyCell }),
        validate: { required: [], ...(attributes && { attributes }) },
      };
      await replaceBaseline(
        state,
        'users',
        ['u1', 'u2', '\ufeffu1'].map((id) => way.toRecord({ id, nick })),
      );
      const csv = () => fromCsv(inPieces(Buffer.from(HEADER + rows), [3, 11, 100_000]));
      const plain = await runOf(csv(), unscreened(way), state);
      expect(await runOf(csv(), way, state)).toEqual(plain);
    });
  });

  it.each([
    ['in its header', Buffer.from([0xff])],
    ['in its first bytes', Buffer.from('{\n')],
    ['behind some rows', Buffer.from(`${HEADER}${line(1)}${line(2)}u3,"x`)],
    ['behind a ragged row', Buffer.from(`${HEADER}${line(1)}u2\n${line(3)}`)],
  ])('an input that fails %s is told behind what was read before', async (_, bytes) => {
    await withState(async (state) => {
      await holdUsers(state, 2);
      await bothWays(() => inPieces(bytes, [], true), state);
      const lines = () => fromJsonLines<FlatRow>(inPieces(bytes, [], true), { name: 'day.jsonl' });
      expect(await runOf(lines(), WAY, state)).toEqual(await runOf(lines(), unscreened(WAY), state));
    });
  });

  it('a line of JSON that is longer than a block is no object behind a mark', async () => {
    await withState(async (state) => {
      await holdUsers(state, 2);
      const text = `{"id":"u0","nick":"x"}\n\ufeff{"id":"u1","nick":"${'x'.repeat(600_000)}"}\n`;
      const lines = () => fromJsonLines<FlatRow>(Buffer.from(text));
      const plain = await runOf(lines(), unscreened(WAY), state);
      expect(plain.error).toMatchObject({ code: 'ERR_ROLLCALL_SOURCE', line: 2 });
      expect(await runOf(lines(), WAY, state)).toEqual(plain);
    });
  });

  it('that are repeated in a block in which a function fails are not told: that ends the run', async () => {
    await withState(async (state) => {
      await holdUsers(state, 1);
      const lines = () => fromJsonLines<FlatRow>(Buffer.from('{"id":"u0","nick":"x"}\n'.repeat(2) + '{}\n'));
      const screened = await runOf(lines(), WAY, state);
      const plain = await runOf(lines(), unscreened(WAY), state);
      expect(screened.error).toMatchObject({ code: 'ERR_ROLLCALL_SOURCE' });
      expect(screened.error).toEqual(plain.error);
      expect(plain.rejections).toMatchObject([{ code: 'DUPLICATE', position: 2 }]);
      expect(screened.rejections).toEqual([]);
    });
  });

  it('are not those of one function where another follows it, also behind validate', async () => {
    await withState(async (state) => {
      await holdUsers(state, 2);
      const rename = withMapping(
        ({ externalId }: UserRecord): UserRecord => ({ externalId, profile: { nickName: 'other' } }),
        mappingOf(toRecord) as MappingOf,
      );
      const rows = () => pipe(fromCsv(Buffer.from(HEADER + line(0) + line(1))), map(toRecord));
      // What a function makes of a valid record is valid only if the function says so.
      type Renamed = (record: Valid<'users'>) => Valid<'users'>;
      const check = validate('users', { required: [] });
      for (const flow of [
        pipe(rows(), map(rename), check, diff('users', state)),
        pipe(rows(), check, map(rename as unknown as Renamed), diff('users', state)),
      ]) {
        const keys: string[] = [];
        for await (const change of flow) keys.push(change.key);
        expect(keys).toEqual(['u0', 'u1']);
      }
    });
  });
});
