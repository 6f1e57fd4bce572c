import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Flow } from '../../src/flow/flow.js';
import type { Change, UserRecord } from '../../src/core/model.js';
import { diff } from '../../src/diff/diff.js';
import { filter } from '../../src/transform/filter.js';
import { map } from '../../src/transform/map.js';
import { validate } from '../../src/validate/validate.js';
import { pipe } from '../../src/flow/pipe.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { fromJsonLines } from '../../src/sources/json/from-json-lines.js';
import { toUser, type FlatRow } from '../../src/transform/to-records.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { Reading, StateStore } from '../../src/state/store.js';
import { anyCuts, anyEdits, anyText, edited } from '../support/row-files.js';
import { runs } from '../support/runs.js';
import { holdRecords, inPieces, runOf, withState, type Run, type Way } from '../support/two-ways.js';

const HEADER = 'externalId,userName,email,firstName';

/** A function of which nothing is known: raw rows can do without. */
const toRecord = (row: FlatRow): UserRecord => toUser(row);
const way = (version = '1', more: Partial<Way<'users'>> = {}): Way<'users'> => ({
  entity: 'users',
  toRecord,
  diff: { rawRows: { version } },
  ...more,
});

const csv = (...lines: readonly string[]) => fromCsv(Buffer.from([HEADER, ...lines, ''].join('\n')));
const row = (id: string, name = 'x') => `${id},${id}@x.example,${id}@x.example,${name}`;

async function commit(state: StateStore, changes: readonly Change[]): Promise<void> {
  await state.adopt(
    changes.map(({ entity, kind, key, fingerprint }) => ({ entity, kind, key, fingerprint })),
  );
}

const names = ({ changes }: Run) =>
  changes.map((c) => `${c.kind === 'delete' ? '-' : c.created ? '+' : '~'}${c.key}`);

/** A reading whose fingerprints cannot be asked ahead: every row becomes a record. */
function withoutTable(reading: Reading): Reading {
  return new Proxy(reading, {
    get(target, name) {
      if (name === 'settled') return undefined;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

const anyUser = fc.tuple(
  fc.nat(7).map((i) => `u${i}`),
  fc.constantFrom('a@x.example', 'b@x.example'),
  fc.constantFrom('a@x.example', 'b@x.example', 'no'),
  anyText,
);
const anyDay = fc.record({
  rows: fc.array(anyUser, { minLength: 1, maxLength: 10 }),
  edits: anyEdits,
  cuts: anyCuts,
  format: fc.constantFrom('csv' as const, 'json-lines' as const),
});
type Day = typeof anyDay extends fc.Arbitrary<infer D> ? D : never;

/** A file of rows, as the source of a run. */
function source(
  rows: readonly (readonly string[])[],
  { cuts, format }: Pick<Day, 'cuts' | 'format'>,
): Flow<FlatRow> {
  const columns = HEADER.split(',');
  const lines =
    format === 'csv'
      ? [HEADER, ...rows.map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))]
      : rows.map((cells) => JSON.stringify(Object.fromEntries(columns.map((name, i) => [name, cells[i]]))));
  const bytes = inPieces(Buffer.from(lines.join('\n')), cuts);
  return format === 'csv' ? fromCsv(bytes) : fromJsonLines<FlatRow>(bytes);
}

describe('rows that are compared as they stand', () => {
  it('come to the same whether a row is settled by its bytes or becomes a record first', async () => {
    await withState((state) =>
      fc.assert(
        fc.asyncProperty(anyDay, anyDay, async (first, second) => {
          await holdRecords(state, 'users', []);
          await commit(state, (await runOf(source(first.rows, first), way(), state)).changes);
          const rows = edited(first.rows, second.edits, (text) => text, 0);
          const settled = await runOf(source(rows, { ...second, format: first.format }), way(), state);
          const reading = withoutTable(await state.read());
          const each = await runOf(
            source(rows, { ...second, format: first.format }),
            way('1', { diff: { rawRows: { version: '1' }, reading } }),
            state,
          );
          await reading.close();
          expect(settled).toEqual(each);
        }),
        { numRuns: runs(100) },
      ),
    );
  });

  it('are all unchanged when the same bytes are read again, whatever the pieces', async () => {
    await withState((state) =>
      fc.assert(
        fc.asyncProperty(anyDay, anyCuts, async (day, cuts) => {
          await holdRecords(state, 'users', []);
          const first = await runOf(source(day.rows, day), way(), state);
          await commit(state, first.changes);
          const again = await runOf(source(day.rows, { ...day, cuts }), way(), state);
          expect(again.changes).toEqual([]);
          expect(again.note?.unchanged).toBe(first.changes.length);
          expect(again.rejections).toEqual(first.rejections);
        }),
        { numRuns: runs(100) },
      ),
    );
  });

  it('are all changed under another version, another header, and as another format', async () => {
    await withState(async (state) => {
      await commit(state, (await runOf(csv(row('a'), row('b')), way(), state)).changes);
      expect(names(await runOf(csv(row('b'), row('a')), way(), state))).toEqual([]);
      expect(names(await runOf(csv(row('a'), row('b')), way('2'), state))).toEqual(['~a', '~b']);
      for (const header of [`${HEADER} `, HEADER.replace('firstName', 'nickName')]) {
        const lines = Buffer.from([header, row('a'), row('b')].join('\n'));
        expect(names(await runOf(fromCsv(lines), way(), state)), header).toEqual(['~a', '~b']);
      }
      const renamed = fromCsv(Buffer.from([HEADER, row('a'), row('b')].join('\n')), {
        columns: { firstName: 'nickName' },
      });
      expect(names(await runOf(renamed, way(), state))).toEqual(['~a', '~b']);
      const lines = ['a', 'b'].map((id) =>
        JSON.stringify({ externalId: id, userName: id, email: `${id}@x.y` }),
      );
      expect(names(await runOf(fromJsonLines(Buffer.from(lines.join('\n'))), way(), state))).toEqual([
        '~a',
        '~b',
      ]);
    });
  });

  it('a row that moves is unchanged, one that is written otherwise is changed, one that is gone is removed', async () => {
    await withState(async (state) => {
      await commit(state, (await runOf(csv(row('a'), row('b'), row('c')), way(), state)).changes);
      const run = await runOf(csv(row('c'), `"a",a@x.example,a@x.example,x`), way(), state);
      expect(names(run)).toEqual(['~a', '-b']);
      expect(run.note).toMatchObject({ read: 2, unchanged: 1 });
    });
  });

  it.each([
    ['the same row', row('a'), row('a')],
    ['a changed row after it', row('a'), row('a', 'y')],
    ['a changed row before it', row('a', 'y'), row('a')],
  ])('of two rows of one key the first counts: %s', async (_, first, second) => {
    await withState(async (state) => {
      await commit(state, (await runOf(csv(row('a'), row('b')), way(), state)).changes);
      const run = await runOf(csv(first, row('b'), second), way(), state);
      expect(names(run)).toEqual(first === row('a') ? [] : ['~a']);
      expect(run.rejections).toMatchObject([{ code: 'DUPLICATE', externalId: 'a', line: 4, position: 3 }]);
    });
  });

  it('a membership of a removed user is refused, though its bytes are known', async () => {
    await withState(async (state) => {
      const users = ['a', 'b'].map((id) => ({ externalId: id, profile: { userName: id } }));
      await holdRecords(state, 'users', users);
      await holdRecords(state, 'groups', [{ externalId: 'g', profile: { displayName: 'G' } }]);
      const pairs = () => fromCsv(Buffer.from('groupExternalId,memberExternalId\ng,a\ng,b\n'));
      const memberships: Way<'memberships'> = {
        entity: 'memberships',
        toRecord: (pair) => ({
          groupExternalId: pair['groupExternalId'] as string,
          memberExternalId: pair['memberExternalId'] as string,
        }),
        diff: { rawRows: { version: '1' } },
      };
      await commit(state, (await runOf(pairs(), memberships, state)).changes);
      const reading = await state.read();
      await reading.keep('users', ['b']);
      reading.complete('users');
      const run = await runOf(
        pairs(),
        { ...memberships, diff: { rawRows: { version: '1' }, reading } },
        state,
      );
      await reading.close();
      expect(run.rejections).toMatchObject([{ code: 'UNKNOWN_USER', externalId: 'g/a', line: 2 }]);
      expect(run.note).toMatchObject({ read: 2, unchanged: 1 });
    });
  });

  it('a first read needs no fingerprints, and a state in memory none at all', async () => {
    const state = memoryState();
    const first = await runOf(csv(row('a'), row('b')), way(), state);
    expect(names(first)).toEqual(['+a', '+b']);
    await commit(state, first.changes);
    expect(names(await runOf(csv(row('a'), row('b', 'y')), way(), state))).toEqual(['~b']);
  });

  describe('are refused', () => {
    const state = memoryState();
    const read = async (flow: AsyncIterable<unknown>) => {
      for await (const each of flow) void each;
    };
    const raw = diff('users', state, { rawRows: { version: '1' } });

    it('by a source in memory, after a stage that may leave rows out, and with exclusions', async () => {
      const users = [toUser({ externalId: 'a', userName: 'a', email: 'a@x.example' })];
      const kept = filter<UserRecord>(() => true);
      const excluding = diff('users', state, {
        rawRows: { version: '1' },
        absence: { exclude: () => false },
      });
      for (const flow of [
        pipe(users, validate('users'), raw),
        pipe(csv(row('a')), map(toRecord), kept, validate('users'), raw),
        pipe(csv(row('a')), map(toRecord), validate('users'), excluding),
      ])
        await expect(read(flow)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_OPTIONS', option: 'rawRows' });
    });

    it('for a header of several lines, a delimiter of several bytes, and a row longer than what is read at once', async () => {
      const files = [
        fromCsv(Buffer.from('"external\nId"\na\n'), { columns: () => 'externalId' }),
        fromCsv(Buffer.from('externalId§email\na§b\n'), { delimiter: '§' }),
        csv(row('a'), row('b', 'x'.repeat(600_000))),
      ];
      const lines = [3, 2, 3];
      for (const [i, file] of files.entries())
        await expect(read(pipe(file, map(toRecord), validate('users'), raw))).rejects.toMatchObject({
          code: 'ERR_ROLLCALL_SOURCE',
          line: lines[i],
        });
    });

    it('at once without a version, and for a feed of changes', () => {
      for (const options of [{ rawRows: {} as never }, { rawRows: { version: '1' }, mode: 'delta' as const }])
        expect(() => diff('users', state, options)).toThrow(/rawRows/);
    });
  });
});
