import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withPlaces, type Places } from '../../src/flow/chunk.js';
import { contextOf, flowOf, type Flow } from '../../src/flow/flow.js';
import {
  membershipKey,
  type Change,
  type Entity,
  type MembershipRecord,
  type Valid,
  type UserRecord,
} from '../../src/core/model.js';
import { diff, type DiffOptions } from '../../src/diff/diff.js';
import { diffCountsOf } from '../../src/diff/diff-counts.js';
import { validate } from '../../src/validate/validate.js';
import { pipe } from '../../src/flow/pipe.js';
import { mappingOf, withMapping, type MappingOf } from '../../src/core/declared-mapping.js';
import { RunContext } from '../../src/flow/run-context.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { groupFrom, membershipFrom } from '../../src/transform/records-from-columns.js';
import { toUser, type FlatRow } from '../../src/transform/to-records.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { StateStore } from '../../src/state/store.js';
import { replaceBaseline, runOf, withKnownAttributes, withState, type Way } from '../support/two-ways.js';
import { adopted, confirmed, unknown } from '../support/rows.js';
import { runs } from '../support/runs.js';

const user = (id: string, name = 'x'): UserRecord => ({
  externalId: id,
  profile: { userName: `${id}@x.example`, email: `${id}@x.example`, firstName: name },
});
const group = (id: string) => ({ externalId: id, profile: { displayName: id } });
const pair = (groupExternalId: string, memberExternalId: string): MembershipRecord => ({
  groupExternalId,
  memberExternalId,
});
const marked = <T extends object>(record: T) => ({ ...record, deleted: true as const });

/** Users a and b, groups g and h, and members of g are held. */
async function world(state: StateStore = memoryState()): Promise<StateStore> {
  await replaceBaseline(state, 'users', [user('a'), user('b')]);
  await replaceBaseline(state, 'groups', [group('g'), group('h')]);
  await replaceBaseline(state, 'memberships', [pair('g', 'a')]);
  return state;
}

type Chunk<T> = readonly [records: readonly T[], places?: Places];

function flow<T>(chunks: readonly Chunk<T>[], context: RunContext): Flow<T> {
  async function* open() {
    for (const [records, places] of chunks) yield withPlaces([...records], places);
  }
  return flowOf(open, context);
}

/** What a diff of these chunks comes to. */
async function differences<E extends Entity>(
  entity: E,
  state: StateStore,
  chunks: readonly Chunk<unknown>[],
  options?: DiffOptions,
  context = new RunContext(),
) {
  const changes: Change[] = [];
  const sizes: number[] = [];
  const source = flow(chunks as readonly Chunk<Valid<E>>[], context);
  for await (const chunk of (diff(entity, state, options)(source) as Flow<Change>).chunks()) {
    changes.push(...chunk);
    sizes.push(chunk.length);
  }
  const names = changes.map(
    ({ kind, key, created }) => `${kind === 'delete' ? '-' : created ? '+' : '~'}${key}`,
  );
  return {
    changes,
    names,
    sizes,
    note: diffCountsOf(context, entity),
    rejections: context.rejections,
    context,
  };
}

describe('the options of diff', () => {
  const state = memoryState();

  it.each<[string, () => unknown]>([
    ['entity', () => diff('people' as 'users', state)],
    ['onDuplicates', () => diff('users', state, { onDuplicates: 'fail' } as DiffOptions)],
    ['onDuplicate', () => diff('users', state, { onDuplicate: 'ignore' as 'fail' })],
    ['mode', () => diff('users', state, { mode: 'half' as 'full' })],
    ['screening', () => diff('users', state, { screening: 'off' as never })],
    ['read', () => diff('users', state, { absence: { read: 1 } as never })],
  ])('a bad %s is refused at once', (option, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_ROLLCALL_OPTIONS', option }));
  });

  it('all that there are may be given, for every entity', async () => {
    const reading = await state.read();
    for (const entity of ['users', 'groups', 'memberships'] as const) {
      const given: DiffOptions = {
        onDuplicate: 'fail',
        mixed: true,
        absence: {},
        mode: 'full',
        screening: false,
        reading,
      };
      expect(() => diff(entity, state, given)).not.toThrow();
      expect(() => diff(entity, state, { onDuplicate: 'reject', mode: 'delta' })).not.toThrow();
    }
    await reading.close();
  });
});

describe('the reading of a diff', () => {
  it('is its own, and closed at the end and after a failure', async () => {
    const state = await world();
    await differences('users', state, [[[user('a')]]]);
    await (await state.read()).close();
    await expect(
      differences('users', state, [[[user('a'), user('a')]]], { onDuplicate: 'fail' }),
    ).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_RECORD',
    });
    await (await state.read()).close();
  });

  it('gives nothing for chunks of which nothing changed', async () => {
    const chunks: Chunk<UserRecord>[] = [[[user('a')]], [[user('c'), user('d')]], [[user('b')]]];
    expect((await differences('users', await world(), chunks)).sizes).toEqual([2]);
  });

  it('is shared where one is given, and stays open', async () => {
    const state = await world();
    const reading = await state.read();
    const users = await differences('users', state, [[[user('a'), user('new')]]], { reading });
    expect(users.names).toEqual(['+new', '-b']);
    expect(reading.isComplete('users')).toBe(true);
    const members = [pair('g', 'new'), pair('h', 'b'), pair('g', 'a')];
    const memberships = await differences('memberships', state, [[members]], { reading });
    expect(memberships.names).toEqual([`+${membershipKey('g', 'new')}`]);
    expect(memberships.rejections).toEqual([]);
    expect(memberships.context.counts('memberships').leftOut).toBe(1);
    await expect(state.read()).rejects.toThrow();
    await reading.close();
  });

  it('keeps who is rejected where nobody is accepted after', async () => {
    const state = await world();
    const bad = { externalId: 'b', profile: {} } as UserRecord;
    const flow = pipe([user('a'), bad], validate('users'), diff('users', state));
    for await (const change of flow) expect.unreachable(change.key);
    const onlyBad = pipe([{ externalId: 'a', profile: {} }, bad], validate('users'), diff('users', state));
    for await (const change of onlyBad) expect.unreachable(change.key);
    expect(contextOf(onlyBad).counts('users')).toMatchObject({ read: 2, rejected: 2 });
  });

  it('rejects a later record with the id of a rejected one, whatever the chunks', async () => {
    const kinds = {
      held: user,
      changed: (id: string) => user(id, 'y'),
      bad: (id: string) => ({ externalId: id }),
    };
    type Row = readonly [id: 'a' | 'b' | 'new', kind: keyof typeof kinds];
    /** The first record of an id decides, except that a record which Okta already has changes nothing. */
    const expected = (rows: readonly Row[]): string[] => {
      const first = new Map<string, 'rejected' | 'used'>();
      const names: string[] = [];
      for (const [id, kind] of rows) {
        const before = first.get(id);
        if (kind === 'bad') first.set(id, before ?? 'rejected');
        else if (before === undefined || (before === 'rejected' && kind === 'held' && id !== 'new')) {
          first.set(id, 'used');
          if (id === 'new') names.push('+new');
          else if (kind === 'changed') names.push(`~${id}`);
        }
      }
      for (const id of ['a', 'b']) if (!first.has(id)) names.push(`-${id}`);
      return names.sort();
    };
    const row = fc.tuple(
      fc.constantFrom('a' as const, 'b' as const, 'new' as const),
      fc.constantFrom('held' as const, 'changed' as const, 'bad' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(row, { maxLength: 4 }), { maxLength: 4 }), async (chunks) => {
        const state = await world();
        const context = new RunContext();
        const records = chunks.map(
          (rows) => [rows.map(([id, kind]) => kinds[kind](id) as UserRecord)] as const,
        );
        const changes: string[] = [];
        const source = pipe(flow(records, context), validate('users'), diff('users', state));
        for await (const { kind, key, created } of source)
          changes.push(`${kind === 'delete' ? '-' : created ? '+' : '~'}${key}`);
        expect(changes.sort()).toEqual(expected(chunks.flat()));
        const { read, accepted, rejected } = context.counts('users');
        expect([read, accepted + rejected]).toEqual([chunks.flat().length, chunks.flat().length]);
      }),
      { numRuns: runs(100) },
    );
  });

  it('counts all that is held back where a record could not be identified, and completes nothing', async () => {
    const state = await world();
    const reading = await state.read();
    const records = [user('c'), { profile: {} } as UserRecord];
    const flow = pipe(records, validate('users'), diff('users', state, { reading }));
    const keys: string[] = [];
    for await (const { key } of flow) keys.push(key);
    expect(keys).toEqual(['c']);
    expect(diffCountsOf(contextOf(flow), 'users')).toMatchObject({ heldBack: 2, deletes: 0, creates: 1 });
    expect(reading.isComplete('users')).toBe(false);
    await reading.close();
  });
});

describe('records that are out of scope', () => {
  const exclude = (id: string) => id.startsWith('out');

  it('are read, left out and counted, and the others keep their places', async () => {
    const state = await world();
    const chunks: Chunk<UserRecord>[] = [
      [[user('out1'), user('a'), user('out2'), user('a')], { file: 'p.csv', lines: [2, 3, 5, 7] }],
      [[user('b')]],
      [[user('out3')]],
    ];
    const { names, note, rejections } = await differences('users', state, chunks, { absence: { exclude } });
    expect(names).toEqual([]);
    expect(note).toMatchObject({ read: 6, excluded: 3, unchanged: 2, deletes: 0 });
    expect(rejections).toMatchObject([{ code: 'DUPLICATE', externalId: 'a', file: 'p.csv', line: 7 }]);
  });

  it('are left out of a file whose rows could be settled, too', async () => {
    await withState(async (state) => {
      await world(state);
      const csv = fromCsv(
        Buffer.from(
          'externalId,userName,email,firstName\na,a@x.example,a@x.example,x\nb,b@x.example,b@x.example,x\n',
        ),
      );
      const way = { entity: 'users' as const, toRecord: toUser };
      const run = await runOf(
        csv,
        { ...way, diff: { absence: { exclude: (id: string) => id === 'b' } } },
        state,
      );
      expect(run.changes).toEqual([]);
      expect(run.note).toMatchObject({ read: 2, excluded: 1, unchanged: 1 });
    });
  });

  it('are left out of a feed of changes', async () => {
    const state = await world();
    const records = [user('out1'), marked(user('out2')), user('c'), marked(user('a'))];
    const { names, note } = await differences('users', state, [[records]], {
      mode: 'delta',
      absence: { exclude },
    });
    expect(names).toEqual(['+c', '-a']);
    expect(note).toMatchObject({ read: 4, excluded: 2, creates: 1, deletes: 1 });
  });
});

describe('a feed of changes', () => {
  it('gives what is sent before what is removed, and nothing where nothing changed', async () => {
    const state = await world();
    const { names, sizes, note } = await differences(
      'users',
      state,
      [[[marked(user('a')), user('c'), user('b')]], [[marked(user('nobody'))]]],
      { mode: 'delta' },
    );
    expect(names).toEqual(['+c', '-a']);
    expect(sizes).toEqual([1, 1]);
    expect(note).toMatchObject({ read: 4, unchanged: 2, creates: 1, deletes: 1 });
    expect((await differences('users', state, [[[user('a')]]], { mode: 'delta' })).sizes).toEqual([]);
  });

  it('names the place of a membership that is unknown to the state, and whose user is', async () => {
    const state = await world();
    await state.adopt([unknown('memberships', membershipKey('g', 'nobody'))]);
    const records = [pair('h', 'a'), pair('h', 'b'), pair('g', 'nobody')];
    const places = { file: 'm.csv', lines: [2, 3, 5] };
    const { rejections } = await differences('memberships', state, [[records, places]]);
    expect(rejections).toMatchObject([{ externalId: 'g/nobody', file: 'm.csv', line: 5 }]);
  });

  it('names the places of what is not marked as they stand', async () => {
    const state = await world();
    const records = [marked(pair('g', 'a')), pair('g', 'nobody'), pair('h', 'a')];
    const places = { file: 'm.csv', lines: [2, 3, 5] };
    const { names, rejections } = await differences('memberships', state, [[records, places]], {
      mode: 'delta',
    });
    expect(names).toEqual([`+${membershipKey('h', 'a')}`, `-${membershipKey('g', 'a')}`]);
    expect(rejections).toMatchObject([
      { externalId: 'g/nobody', file: 'm.csv', line: 3, code: 'UNKNOWN_USER' },
    ]);
  });

  it.each(['full', 'delta'] as const)(
    'sends every membership of a user or group that is created, whatever the baseline says: %s',
    async (mode) => {
      const state = memoryState();
      await replaceBaseline(state, 'users', [user('a'), user('b')]);
      await replaceBaseline(state, 'groups', [group('h')]);
      const members = [pair('g', 'a'), pair('h', 'a'), pair('h', 'b'), pair('h', 'c')];
      await replaceBaseline(state, 'memberships', members);
      const reading = await state.read();
      const options: DiffOptions = { mode, reading };
      await differences('users', state, [[[user('a'), user('b'), user('c')]]], options);
      await differences('groups', state, [[[group('g'), group('h')]]], options);
      const { changes, note } = await differences('memberships', state, [[members]], options);
      await reading.close();
      expect(changes.map(({ key, created, dependent }) => [key, created, dependent])).toEqual([
        [membershipKey('g', 'a'), true, true],
        [membershipKey('h', 'c'), true, true],
      ]);
      expect(note).toMatchObject({ creates: 2, unchanged: 2, deletes: 0 });
    },
  );

  it('removes users and groups before the memberships of the same run, which may name them no more', async () => {
    const state = await world();
    const reading = await state.read();
    const options: DiffOptions = { mode: 'delta', reading };
    await differences('users', state, [[[marked(user('a')), user('b', 'y')]]], options);
    await differences('groups', state, [[[marked(group('h')), group('g')]]], options);
    const members = [pair('g', 'a'), pair('h', 'b'), pair('g', 'b')];
    const { names, rejections, context } = await differences('memberships', state, [[members]], options);
    await reading.close();
    // The membership of the user who is removed ends too.
    expect(names).toEqual([`+${membershipKey('g', 'b')}`, `-${membershipKey('g', 'a')}`]);
    expect(rejections).toEqual([]);
    expect(context.counts('memberships').leftOut).toBe(2);
    // In a run of its own nothing of that is known.
    const alone = await differences('memberships', state, [[[pair('h', 'b')]]], { mode: 'delta' });
    expect(alone.names).toEqual([`+${membershipKey('h', 'b')}`]);
  });

  it('of memberships that are removed keeps no user or group from being named, whatever its id', async () => {
    const state = await world();
    const key = membershipKey('g', 'a');
    await state.adopt([confirmed('groups', key)]);
    const context = new RunContext();
    const options: DiffOptions = { mode: 'delta' };
    await differences('memberships', state, [[[marked(pair('g', 'a'))]]], options, context);
    const members = [pair('h', 'a'), pair(key, 'b')];
    const { names } = await differences('memberships', state, [[members]], options, context);
    expect(names).toEqual([`+${membershipKey('h', 'a')}`, `+${membershipKey(key, 'b')}`]);
  });
});

describe('rows of a file become records', () => {
  const GROUPS: Way<'groups'> = {
    entity: 'groups',
    toRecord: groupFrom({ externalId: 'id', profile: { displayName: 'name' } }),
  };
  const MEMBERSHIPS: Way<'memberships'> = {
    entity: 'memberships',
    toRecord: membershipFrom({ groupExternalId: 'team', memberExternalId: 'person' }),
  };
  const lines = (...of: readonly string[]) => fromCsv(Buffer.from([...of, ''].join('\n')));
  const groups = () => lines('id,name', 'g,g', 'h,h');
  const pairs = () => lines('team,person', 'g,a', 'g,b', 'h,a');

  /** What a file comes to, and how many of its rows became records. */
  async function counted<E extends Entity>(rows: Flow<FlatRow>, way: Way<E>, state: StateStore) {
    let records = 0;
    const counting = (row: FlatRow) => {
      records++;
      return way.toRecord(row);
    };
    const toRecord = withMapping(counting, mappingOf(way.toRecord) as MappingOf);
    return { ...(await runOf(rows, { ...way, toRecord }, state)), records: () => records };
  }

  /** Users a and b, and what both files hold. */
  async function held(state: StateStore): Promise<void> {
    await replaceBaseline(state, 'users', [user('a'), user('b')]);
    await state.adopt((await runOf(groups(), GROUPS, state)).changes.map(adopted));
    await state.adopt((await runOf(pairs(), MEMBERSHIPS, state)).changes.map(adopted));
    await withKnownAttributes(state);
  }

  /** A reading in which user b is gone. */
  async function withoutB(state: StateStore) {
    const reading = await state.read();
    await differences('users', state, [[[user('a')]]], { reading });
    return reading;
  }

  it('only where they differ, whether anybody is removed or not', async () => {
    await withState(async (state) => {
      await held(state);
      const way = MEMBERSHIPS;
      const run = await counted(pairs(), way, state);
      expect([run.changes, run.rejections, run.records()]).toEqual([[], [], 0]);
      expect(run.note).toMatchObject({ read: 3, unchanged: 3 });
      const more = await counted(lines('team,person', 'g,a', 'g,b', 'h,a', 'h,b'), way, state);
      expect([more.changes.length, more.records()]).toEqual([1, 1]);

      const reading = await withoutB(state);
      const after = await counted(groups(), { ...GROUPS, diff: { reading } }, state);
      await reading.close();
      expect([after.changes, after.records()]).toEqual([[], 0]);
    });
  });

  it('for memberships only where one names somebody who is removed', async () => {
    await withState(async (state) => {
      await held(state);
      const reading = await withoutB(state);
      const run = await counted(pairs(), { ...MEMBERSHIPS, diff: { reading } }, state);
      await reading.close();
      expect(run.records()).toBe(1);
      expect(run.rejections).toEqual([]);
      expect(run.note).toMatchObject({ read: 3, unchanged: 2 });
    });
  });
});
