import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UserRecord } from '../../src/core/model.js';
import { contextOf, type Flow } from '../../src/flow/flow.js';
import { pipe } from '../../src/flow/pipe.js';
import { diff, type DiffOptions } from '../../src/diff/diff.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { inTurn } from '../../src/sources/in-turn.js';
import type { Input } from '../../src/sources/input/input.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { createSpool } from '../../src/state/outbox/spool.js';
import { UNKNOWN, type StateStore } from '../../src/state/store.js';
import { userFrom } from '../../src/transform/records-from-columns.js';
import type { FlatRow } from '../../src/transform/to-records.js';
import { validate } from '../../src/validate/validate.js';
import { comparesAtOnce } from '../support/compares-at-once.js';
import { anyDays, changesOf, commit, forget, sourcesOf, type Rows } from '../support/directory-days.js';
import { runs } from '../support/runs.js';
import { runOf, withKnownAttributes, type Run, type Way } from '../support/two-ways.js';

const toRecord = userFrom(
  { externalId: 'id', profile: { userName: 'mail', email: 'mail', firstName: 'name' } },
  { emptyCell: 'keep' },
);
const way = (options: DiffOptions = {}): Way<'users'> => ({ entity: 'users', toRecord, diff: options });

const line = (id: string, name: string) => `${id},${id}@x.example,${name}`;
const csv = (...lines: readonly string[]) => Buffer.from(['id,mail,name', ...lines, ''].join('\n'));

/** A state with these users. */
async function holding(...lines: readonly string[]): Promise<StateStore> {
  const state = memoryState();
  await commit(state, (await runOf(fromCsv(csv(...lines)), way(), state)).changes);
  await withKnownAttributes(state);
  return state;
}

/** The result of both ways, which must be the same. */
function both(input: () => Input, state: StateStore, options?: DiffOptions): Promise<Run> {
  return bothOf(() => fromCsv(input(), { name: 'day.csv' }), state, options);
}

async function bothOf(read: () => Flow<FlatRow>, state: StateStore, options?: DiffOptions): Promise<Run> {
  const each = await runOf(read(), way(options), state);
  expect(await runOf(read(), way(options), comparesAtOnce(state))).toEqual(each);
  return each;
}

const anyRows = fc.array(
  fc.tuple(
    fc.nat(12).map((i) => `u${i}`),
    fc.constantFrom('Ann', 'Bob', 'Zoë', '', 'x'.repeat(60)),
  ),
  { maxLength: 30 },
);
const anyOptions: fc.Arbitrary<DiffOptions> = fc.record(
  {
    onDuplicate: fc.constantFrom('reject' as const, 'fail' as const),
    onCreate: fc.constantFrom(['firstName'], []),
    absence: fc.constantFrom({ protect: { ids: ['u1'] } }, { reads: 2 }),
  },
  { requiredKeys: [] },
);

describe('records that are compared at once, at the end of the source', () => {
  it('give the changes, rejections and counts that they give one after another, in the same order', async () => {
    const before = anyRows.map((rows) => new Map(rows));
    await fc.assert(
      fc.asyncProperty(
        before,
        anyRows,
        fc.subarray(['u1', 'u2', 'u3']),
        fc.boolean(),
        anyOptions,
        async (...of) => {
          const [yesterday, today, unknown, isLearning, options] = of;
          const state = await holding(...Array.from(yesterday, ([id, name]) => line(id, name)));
          await state.adopt(unknown.map((key) => ({ entity: 'users', key, held: UNKNOWN })));
          if (isLearning)
            await state.setMeta('attributes:users', JSON.stringify({ names: [], isComplete: false }));
          await both(() => csv(...today.map(([id, name]) => line(id, name))), state, options);
        },
      ),
      { numRuns: runs(80) },
    );
  });

  it('are those of a whole directory, with memberships of new, removed and refused users and groups', async () => {
    const state = memoryState();
    await fc.assert(
      fc.asyncProperty(anyDays, async ({ yesterday, today }) => {
        await forget(state);
        await commit(state, (await changesOf(sourcesOf(yesterday), state, false)).changes);
        const each = await changesOf(sourcesOf(today), state, false);
        expect(await changesOf(sourcesOf(today), comparesAtOnce(state))).toEqual(each);
      }),
      { numRuns: runs(80) },
    );
  });

  it('are the memberships of a user who is created too, although they are unchanged', async () => {
    const state = memoryState();
    const rows: Rows = {
      users: [['u1', 'a@x.example', 'Ann']],
      groups: [['g1', 'A']],
      memberships: [['g1', 'u1']],
    };
    const { changes } = await changesOf(sourcesOf(rows), state, false);
    await commit(
      state,
      changes.filter(({ entity }) => entity !== 'users'),
    );
    const each = await changesOf(sourcesOf(rows), state, false);
    expect(each.changes.map(({ entity }) => entity)).toEqual(['users', 'memberships']);
    expect(await changesOf(sourcesOf(rows), comparesAtOnce(state))).toEqual(each);
  });

  it('are many chunks of records, of which few differ, and each rejection names its line', async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => line(`u${i}`, 'Ann'));
    const state = await holding(...lines);
    const today = [...lines.slice(10), line('u7', 'Bob'), line('new', 'Ann'), line('u20', 'Ann')];
    today[1500] = line('u1510', 'changed');
    today[2000] = ',no id,x';
    const run = await both(() => csv(...today), state);
    expect(run.changes.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      'upsert u1510',
      'upsert u7',
      'upsert new',
    ]);
    expect(run.rejections).toMatchObject([
      { code: 'NO_EXTERNAL_ID', line: 2002, position: 2001 },
      { code: 'DUPLICATE', externalId: 'u20', file: 'day.csv', line: 2994, position: 2993 },
    ]);
    expect(run.note).toMatchObject({ unchanged: 2988, heldBack: 10 });
  });

  it('are those of several files, whose duplicates name both places, and whose copies end the run', async () => {
    const state = await holding(line('a', 'Ann'), line('b', 'Ann'), line('c', 'Ann'));
    const day = (...second: readonly string[]) => {
      const first = csv(line('a', 'Ann'), line('b', 'Bob'), line('c', 'Ann'));
      return () =>
        inTurn(async function* () {
          yield fromCsv(first, { name: 'one.csv' });
          await Promise.resolve();
          yield fromCsv(csv(...second), { name: 'two.csv' });
        });
    };
    const few = await bothOf(
      day(line('d', 'Ann'), line('e', 'Ann'), line('f', 'Ann'), line('c', 'Ann')),
      state,
    );
    expect(few.rejections).toMatchObject([{ code: 'DUPLICATE', externalId: 'c', file: 'two.csv', line: 5 }]);
    expect(few.rejections[0]?.reason).toContain('one.csv, line 4');
    const copy = await bothOf(day(line('a', 'Ann'), line('c', 'Ann')), state);
    expect(copy.error).toMatchObject({ code: 'ERR_ROLLCALL_SOURCE', file: 'two.csv' });
  });

  it('are only counted and not decoded if they are unchanged, and leave the spool when the run ends', async () => {
    const lines = Array.from({ length: 2000 }, (_, i) => line(`u${i}`, 'Ann'));
    const state = await holding(...lines);
    const spools = watchSpools(state);
    const run = await runOf(fromCsv(csv(...lines)), way(), comparesAtOnce(state));
    expect(run).toMatchObject({ changes: [], note: { unchanged: 2000 } });
    expect(spools).toEqual([{ texts: 4, isClosed: true }]);
  });

  it('are forgotten if the source fails: nothing is emitted, and the spool is closed', async () => {
    const state = await holding(line('a', 'Ann'), line('b', 'Ann'));
    const spools = watchSpools(state);
    const failing = async function* (): AsyncGenerator<UserRecord> {
      yield { externalId: 'new', profile: { userName: 'n@x.example', email: 'n@x.example' } };
      await Promise.resolve();
      throw new Error('the connection is gone');
    };
    const flow = pipe(failing(), validate('users'), diff('users', comparesAtOnce(state)));
    const seen: unknown[] = [];
    const read = async () => {
      for await (const change of flow) seen.push(change);
    };
    await expect(read()).rejects.toThrow('the connection is gone');
    expect(seen).toEqual([]);
    expect(spools).toMatchObject([{ isClosed: true }]);
    expect(contextOf(flow).counts('users').read).toBe(1);
    await (await state.read()).close();
  });

  it('end the run if the store returns places that it was not given', async () => {
    const state = await holding(line('a', 'Ann'));
    const wrong = comparesAtOnce(state, [{ place: 1, code: 2 }]);
    const run = await runOf(fromCsv(csv(line('a', 'Ann'))), way(), wrong);
    expect(run.error).toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
  });
});

/** Counts the texts of the spools that a state opens. */
function watchSpools(state: StateStore): { texts: number; isClosed: boolean }[] {
  const spools: { texts: number; isClosed: boolean }[] = [];
  state.spool = async () => {
    const spool = createSpool(undefined);
    const seen = { texts: 0, isClosed: false };
    spools.push(seen);
    return {
      add: async (text) => {
        seen.texts++;
        await spool.add(text);
      },
      read: () => spool.read(),
      close: async () => {
        seen.isClosed = true;
        await spool.close();
      },
    };
  };
  return spools;
}
