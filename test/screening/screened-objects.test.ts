import { describe, expect, it } from 'vitest';
import type { Flow } from '../../src/flow/flow.js';
import type { UserRecord } from '../../src/core/model.js';
import { diff } from '../../src/diff/diff.js';
import type { DiffNote } from '../../src/diff/diff-counts.js';
import { map } from '../../src/transform/map.js';
import { validate } from '../../src/validate/validate.js';
import { pipe } from '../../src/flow/pipe.js';
import { fieldsOf, withFields, type FieldsOf } from '../../src/screening/declared-mapping.js';
import { fromJson } from '../../src/sources/json/from-json.js';
import { fromPages } from '../../src/sources/from-pages.js';
import { userFrom } from '../../src/transform/records-from-columns.js';
import { toUser, type FlatRow } from '../../src/transform/to-records.js';
import type { StateStore } from '../../src/state/store.js';
import { holdRecords, inTheDark, runOf, withState, type Way } from '../support/two-ways.js';

const toRecord = userFrom(
  { externalId: 'id', profile: { nickName: 'nick' } },
  { emptyCell: 'keep', missingColumn: 'empty' },
);
const WAY: Way<'users'> = { entity: 'users', toRecord, validate: { required: [] } };
const row = (i: number, nick = 'x'): FlatRow => ({ id: `u${i}`, nick });
const count = <T>(length: number, each: (i: number) => T) => Array.from({ length }, (_, i) => each(i));

/** The same rows both ways; answers how many became records where they need not. */
async function bothWays(rows: () => Flow<FlatRow>, state: StateStore, way = WAY) {
  let records = 0;
  const counting = (each: FlatRow) => {
    records++;
    return way.toRecord(each);
  };
  const toRecord = withFields(counting, fieldsOf(way.toRecord) as FieldsOf);
  const screened = await runOf(rows(), { ...way, toRecord }, state);
  const became = records;
  expect(screened).toEqual(await runOf(rows(), inTheDark(way), state));
  return { ...screened, records: became };
}

const holdUsers = (state: StateStore, size: number, way = WAY) =>
  holdRecords(
    state,
    'users',
    count(size, (i) => way.toRecord(row(i))),
  );

describe('objects that are unchanged never become records', () => {
  it('in a page of more rows than are screened at once, with changes and duplicates on all sides of their borders', async () => {
    const size = 30_000;
    await withState(async (state) => {
      await holdUsers(state, size);
      const rows = count(size, (i) => row(i, i % 1000 === 7 ? 'changed' : 'x'));
      for (let i = 0; i < size; i += 977)
        rows.splice((i * 7) % size, 0, row(i), row(i + 3, 'other'), row(i + size));
      const run = await bothWays(() => fromPages([rows], { name: 'directory' }), state);
      expect(run.error).toBeUndefined();
      expect(run.counts.read).toBe(rows.length);
      expect(run.records).toBeLessThan(300);
      expect(run.rejections.length).toBeGreaterThan(50);
    });
  });

  it('until hardly any is known; then they are looked for no longer, and nothing else changes', async () => {
    const size = 40_000;
    await withState(async (state) => {
      await holdUsers(state, size);
      const rows = count(size, (i) => row(i, i > size - 100 || i % 10 === 0 ? 'x' : 'y'));
      const run = await bothWays(() => pipe([...rows, row(3)]), state);
      expect(run.rejections).toMatchObject([{ code: 'DUPLICATE', position: size + 1 }]);
      // Those that are known at the end became records too.
      expect(run.records).toBeGreaterThan((size * 9) / 10 + 1000);
    });
  });

  it('where a function takes every column, as long as rows have the same', async () => {
    const way: Way<'users'> = { entity: 'users', toRecord: toUser, validate: { required: [] } };
    const user = (i: number): FlatRow => ({ externalId: `u${i}`, nickName: 'x', title: '' });
    await withState(async (state) => {
      await holdRecords(
        state,
        'users',
        count(12, (i) => toUser(user(i))),
      );
      expect((await bothWays(() => pipe(count(12, user)), state, way)).records).toBe(0);
      const odd: FlatRow[] = [
        { externalId: 'u9', nickName: 'x', title: '', more: 'x' },
        { externalId: 'u10', nickName: 'x' },
        { nickName: 'x', externalId: 'u11', title: '' },
      ];
      expect((await bothWays(() => pipe([...count(9, user), ...odd]), state, way)).records).toBe(3);
    });
  });

  it.each<[string, FlatRow]>([
    ['is null where null stays null', { id: 'u1', nick: null }],
    ['is missing', { id: 'u1' }],
    ['is a number', { id: 'u1', nick: 1 } as unknown as FlatRow],
    ['is longer than a block', { id: 'u1', nick: 'x'.repeat(600_000) }],
  ])('but for one whose cell %s', async (_, odd) => {
    await withState(async (state) => {
      // What it would be taken for is known.
      const records = [row(0), { id: 'u1', nick: '' }, row(2), row(3)].map(toRecord);
      await holdRecords(state, 'users', records);
      const run = await bothWays(() => pipe([row(0), odd, row(2), row(3)]), state);
      expect(run.records).toBe(1);
    });
  });

  // Each of these would be taken for other rows if only the cells were counted.
  it.each<[string, FlatRow[]]>([
    ['a row in a cell', [{ id: 'u0\x1fx\x1eu1', nick: 'x' }]],
    ['a row in a cell, and one that is short of a cell', [{ id: 'u0\x1fx\x1eu1', nick: 'x' }, row(2)]],
    ['a cell more', [{ id: 'u0\x1fx', nick: 'x' }, row(1)]],
    ['the end of a row', [{ id: 'u0', nick: 'x\x1e' }, row(1)]],
    ['half a pair, which would be written as U+FFFD', [{ id: 'u0', nick: '\ud800' }, row(1)]],
  ])('and none of a block that holds %s', async (_, rows) => {
    await withState(async (state) => {
      await holdRecords(state, 'users', [
        ...count(4, (i) => toRecord(row(i))),
        toRecord({ id: 'u0', nick: '\ufffd' }),
      ]);
      const run = await bothWays(() => pipe(rows), state);
      expect(run.records).toBe(rows.length);
    });
  });

  it('and keep the places that their source gave them', async () => {
    await withState(async (state) => {
      await holdUsers(state, 4);
      const text = JSON.stringify([row(0), row(1), row(1), row(2), row(7)], undefined, 1);
      const run = await bothWays(() => fromJson<FlatRow>([text], { name: 'day.json' }), state);
      expect(run.rejections).toMatchObject([{ code: 'DUPLICATE', file: 'day.json', position: 3 }]);
      expect(run.records).toBe(2);
    });
  });

  it('closes its source where the reader leaves early', async () => {
    let closed = false;
    async function* rows() {
      try {
        yield* count(2000, (i) => row(i, 'changed'));
      } finally {
        closed = true;
      }
    }
    await withState(async (state) => {
      await holdUsers(state, 2000);
      const changes = pipe(rows(), map(toRecord), validate('users', WAY.validate), diff('users', state));
      for await (const change of changes) {
        expect(change.key).toBe('u0');
        break;
      }
      expect(closed).toBe(true);
    });
  });
});

describe('records that a function made are settled by their values', () => {
  const record = (i: number): UserRecord => ({ externalId: `u${i}`, profile: { nickName: 'x', note: null } });
  const way = (odd: unknown): Way<'users'> => ({
    entity: 'users',
    // Nobody knows what it does.
    toRecord: ({ id }) => (id === 'u1' ? odd : record(Number(id?.slice(1)))) as UserRecord,
    validate: { required: [] },
  });
  const rows = count(4, (i) => row(i));

  it.each<[string, unknown, Partial<DiffNote>]>([
    ['and unchanged as they are', record(1), { unchanged: 4 }],
    [
      'but one that has an attribute more',
      withProfile({ nickName: 'x', note: null, title: 'x' }),
      { updates: 1 },
    ],
    ['but one that has an attribute less', withProfile({ nickName: 'x' }), { updates: 1 }],
    ['but one whose text looks like null', withProfile({ nickName: 'x', note: '\x1d' }), { updates: 1 }],
    ['but one that has an empty text for null', withProfile({ nickName: 'x', note: '' }), { updates: 1 }],
    ['but one that is marked as deleted', { ...record(1), deleted: true }, { unchanged: 3, updates: 0 }],
    ['also in another order', withProfile({ note: null, nickName: 'x' }), { unchanged: 4 }],
  ])('%s', async (_, odd, note) => {
    await withState(async (state) => {
      await holdRecords(state, 'users', count(4, record));
      const screened = await runOf(pipe(rows), way(odd), state);
      expect(screened.note).toMatchObject(note);
      expect(screened).toEqual(await runOf(pipe(rows), inTheDark(way(odd)), state));
    });
  });

  it('of one attribute, where it is empty before a text that looks like rows', async () => {
    const of = (i: number, note: string): UserRecord => ({ externalId: `u${i}`, profile: { note } });
    const records = [of(1, ''), of(2, 'x\x1eu9\x1fy')];
    await withState(async (state) => {
      // The first would be taken for this one.
      await holdRecords(state, 'users', [of(2, 'x')]);
      const one: Way<'users'> = {
        entity: 'users',
        toRecord: ({ id }) => records[Number(id)] as UserRecord,
        validate: { required: [] },
      };
      const screened = await runOf(pipe([{ id: '0' }, { id: '1' }]), one, state);
      expect(screened.note).toMatchObject({ creates: 1, updates: 1, unchanged: 0 });
      expect(screened).toEqual(await runOf(pipe([{ id: '0' }, { id: '1' }]), inTheDark(one), state));
    });
  });

  it('so that hardly any is held to the limits one by one', async () => {
    await withState(async (state) => {
      await holdRecords(state, 'users', count(4, record));
      const asked: unknown[] = [];
      const watched = (each: UserRecord): UserRecord => ({
        externalId: each.externalId,
        // Whoever looks at a profile to check it asks for all it holds, one after the other.
        profile: new Proxy(each.profile, {
          get: (target, name) => {
            if (name === 'nickName') asked.push(each.externalId);
            return Reflect.get(target, name) as unknown;
          },
        }),
      });
      const plain = {
        ...way(record(1)),
        toRecord: (each: FlatRow) => watched(way(record(1)).toRecord(each)),
      };
      await runOf(pipe(rows), plain, state);
      // Once each, for its cells.
      expect(asked).toEqual(['u0', 'u1', 'u2', 'u3']);
    });
  });
});

function withProfile(profile: UserRecord['profile']): UserRecord {
  return { externalId: 'u1', profile };
}
