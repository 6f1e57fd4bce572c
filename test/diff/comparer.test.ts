import { describe, expect, it, onTestFinished } from 'vitest';
import { withPlaces } from '../../src/flow/chunk.js';
import {
  keyOf,
  membershipKey,
  type Change,
  type Entity,
  type Fingerprint,
  type RecordOf,
  type UserRecord,
} from '../../src/core/model.js';
import { Comparer, type ComparerOptions } from '../../src/diff/comparer.js';
import { EarlierRefusals } from '../../src/diff/earlier-refusals.js';
import { openDiffCounts, type DiffCounts } from '../../src/diff/diff-counts.js';
import { RunContext } from '../../src/flow/run-context.js';
import { AttributeFingerprints } from '../../src/fingerprints/attribute-fingerprints.js';
import { createDigester } from '../../src/fingerprints/digests.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { Reading, StateStore } from '../../src/state/store.js';
import { withState } from '../support/two-ways.js';
import { confirmed, digests, fingerprint, upserted } from '../support/rows.js';

const user = (id: string, firstName = 'x'): UserRecord => ({
  externalId: id,
  profile: { userName: id, firstName },
});
const group = (id: string) => ({ externalId: id, profile: { displayName: id } });
const pair = (groupExternalId: string, memberExternalId: string) => ({ groupExternalId, memberExternalId });

/** The fingerprint of a record as `diff` makes it. */
function fingerprintOf<E extends Entity>(state: StateStore, entity: E, record: RecordOf[E]): Fingerprint {
  const digest = createDigester(state.fingerprintKey).of(entity, record);
  if (entity === 'memberships') return { digest, attributes: '' };
  const fingerprints = new AttributeFingerprints(state.fingerprintKey);
  const { profile } = record as UserRecord;
  return { digest, attributes: entity === 'users' ? fingerprints.ofUser(profile) : fingerprints.of(profile) };
}

async function hold<E extends Entity>(
  state: StateStore,
  entity: E,
  records: readonly RecordOf[E][],
): Promise<void> {
  await state.adopt(
    records.map((record) => confirmed(entity, keyOf(entity, record), fingerprintOf(state, entity, record))),
  );
}

/** A reading that tells which questions it was asked. */
function watched(reading: Reading): { reading: Reading; asked: [string, ...unknown[]][] } {
  const asked: [string, ...unknown[]][] = [];
  const proxy = new Proxy(reading, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        asked.push([name as string, ...args]);
        return (value as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  return { reading: proxy, asked };
}

interface Comparing<E extends Entity> {
  readonly comparer: Pick<Comparer<E>, 'memberships'> & {
    /** Records may have places, and need none. */
    compare(records: readonly RecordOf[E][]): Promise<Change[]>;
  };
  readonly context: RunContext;
  readonly note: DiffCounts;
  readonly reading: Reading;
  readonly asked: readonly [string, ...unknown[]][];
}

async function comparing<E extends Entity>(
  state: StateStore,
  entity: E,
  options: ComparerOptions = {},
): Promise<Comparing<E>> {
  const { reading, asked } = watched(await state.read());
  onTestFinished(() => reading.close());
  const context = new RunContext();
  const note = openDiffCounts(context, entity);
  const key = state.fingerprintKey;
  const attributes = new AttributeFingerprints(key);
  const refusals = await EarlierRefusals.load(state, 0, reading, context, note);
  const comparer = new Comparer(
    entity,
    reading,
    createDigester(key),
    attributes,
    options,
    context,
    note,
    refusals,
  );
  return { comparer, context, note, reading, asked };
}

/** Makes it unknown whether Okta holds a user. */
async function doubt(state: StateStore, key: string): Promise<void> {
  const id = await state.journal.creating(0);
  await state.journal.created(id, 's');
  await state.journal.loading(id, [upserted('users', key)]);
  await state.journal.settle(id, 'unknown');
}

/** Tests over a state in memory, and over one on disk. */
function inBothStates(name: string, test: (state: StateStore) => Promise<void>): void {
  it(`${name}, in memory`, () => test(memoryState()));
  it(`${name}, on disk`, () => withState(test));
}

describe('comparing a chunk of users', () => {
  inBothStates('tells new, changed and unchanged records apart, and counts them', async (state) => {
    await hold(state, 'users', [user('same'), user('changed', 'old')]);
    await state.adopt([confirmed('users', 'bare')]);
    await doubt(state, 'unsure');
    const { comparer, note, context } = await comparing(state, 'users');
    const ids = ['new', 'same', 'changed', 'unsure', 'bare'];
    const changes = await comparer.compare(ids.map((id) => user(id)));
    const expected = (id: string, created: boolean, changed?: readonly string[]) => ({
      entity: 'users',
      kind: 'upsert',
      key: id,
      item: JSON.stringify(user(id)),
      group: '',
      fingerprint: fingerprintOf(state, 'users', user(id)),
      created,
      changed,
      dependent: false,
    });
    expect(changes).toEqual([
      expected('new', true),
      expected('changed', false, ['firstName']),
      { ...expected('unsure', true), isResend: true },
      // Of what is held no attribute fingerprints are known.
      expected('bare', false),
    ]);
    expect(note).toMatchObject({ read: 5, unchanged: 1, creates: 2, updates: 2 });
    expect(await comparer.compare([user('newer')])).toHaveLength(1);
    expect(note).toMatchObject({ read: 6, unchanged: 1, creates: 3, updates: 2 });
    expect(context.rejections).toEqual([]);
  });

  inBothStates('asks what is held of those that changed, and of no others', async (state) => {
    await hold(state, 'users', [user('same'), user('a', 'old'), user('b', 'old')]);
    const { comparer, asked } = await comparing(state, 'users');
    const held = () => asked.filter(([name]) => name === 'held');
    await comparer.compare([user('new'), user('same')]);
    expect(held()).toEqual([]);
    await comparer.compare([user('a'), user('newer'), user('b')]);
    expect(held()).toEqual([['held', 'users', ['a', 'b']]]);
  });

  inBothStates('refuses a key that came before, by its place in the source', async (state) => {
    await hold(state, 'users', [user('held')]);
    const { comparer, context, note } = await comparing(state, 'users');
    context.counts('users').accepted = 6;
    await comparer.compare([user('a'), user('b')]);
    const changes = await comparer.compare([user('c'), user('a', 'y'), user('held')]);
    expect(changes.map(({ key }) => key)).toEqual(['c']);
    await comparer.compare(
      withPlaces([user('held'), user('d')], { file: 'people.csv', lines: [12, 14], positions: [9, 11] }),
    );
    await comparer.compare(withPlaces([user('e'), user('d')], { file: 'more.csv', lines: undefined }));
    const refusal = {
      entity: 'users',
      field: undefined,
      code: 'DUPLICATE',
      reason: 'the same externalId appears earlier in this source',
    };
    expect(context.rejections).toEqual([
      { ...refusal, externalId: 'a', file: undefined, line: undefined, position: 4 },
      { ...refusal, externalId: 'held', file: 'people.csv', line: 12, position: 9 },
      { ...refusal, externalId: 'd', file: 'more.csv', line: undefined, position: 9 },
    ]);
    expect(context.counts('users')).toMatchObject({ accepted: 3, rejected: 3, unidentified: 0 });
    expect(context.drainRejectedKeys('users')).toEqual([
      { key: 'a', position: 4 },
      { key: 'held', position: 9 },
      { key: 'd', position: 9 },
    ]);
    expect(note).toMatchObject({ read: 9, unchanged: 1, creates: 5, updates: 0 });
  });

  it('counts nothing as accepted that no stage before it did', async () => {
    const { comparer, context } = await comparing(memoryState(), 'users');
    await comparer.compare([user('a'), user('a')]);
    expect(context.counts('users')).toMatchObject({ read: 0, accepted: 0, rejected: 1 });
  });

  it('ends with the first key that came before, where that is asked for', async () => {
    const { comparer, context } = await comparing(memoryState(), 'users', { onDuplicate: 'fail' });
    await expect(comparer.compare([user('a'), user('a')])).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_RECORD',
      entity: 'users',
    });
    expect(context.rejections).toEqual([]);
  });

  inBothStates('compares each record after the unchanged rows that stand before it', async (state) => {
    await hold(state, 'users', [user('a'), user('b')]);
    const { comparer, asked, note } = await comparing(state, 'users');
    const order: unknown[] = [];
    const compares = () => asked.filter(([name]) => name.startsWith('compare')).length;
    const chunk = withPlaces([user('a'), user('c'), user('b', 'y')], {
      file: undefined,
      lines: undefined,
      positions: [3, 4, 7],
      markSeenBefore: (position) => order.push([position, compares()]),
    });
    const changes = await comparer.compare(chunk);
    expect(order).toEqual([
      [3, 0],
      [4, 1],
      [7, 2],
    ]);
    expect(changes.map(({ key, created }) => [key, created])).toEqual([
      ['c', true],
      ['b', false],
    ]);
    expect(note.unchanged).toBe(1);
  });
});

describe('comparing a chunk of memberships', () => {
  /** Members of group h whose membership is held with another fingerprint. */
  const holdChanged = (state: StateStore, members: readonly string[]) =>
    state.adopt(
      members.map((member, i) =>
        confirmed('memberships', membershipKey('h', member), fingerprint(String(i))),
      ),
    );

  /** Users a and b and group g are held, user `new` is of this run. */
  async function world(state: StateStore, options?: ComparerOptions, changed: readonly string[] = []) {
    await hold(state, 'users', [user('a'), user('b')]);
    await hold(state, 'groups', [group('g'), group('h')]);
    await hold(state, 'memberships', [pair('g', 'a'), pair('h', 'a'), pair('h', 'b')]);
    await holdChanged(state, changed);
    const all = await comparing(state, 'memberships', options);
    await all.reading.compare('users', digests(fingerprintOf(state, 'users', user('new'))), () => 'new');
    return all;
  }
  const rows = () => [
    pair('g', 'a'),
    pair('g', 'nobody'),
    pair('g', 'a'),
    pair('g', 'b'),
    pair('none', 'b'),
    pair('g', 'new'),
  ];
  const unknown = (what: string) =>
    `names a ${what} that has no valid record in the source and is not in Okta`;

  inBothStates('refuses what names an unknown user or group, by its place', async (state) => {
    const { comparer, context, note, asked } = await world(state);
    context.counts('memberships').accepted = 6;
    const changes = await comparer.compare(
      withPlaces(rows(), { file: 'm.csv', lines: [2, 4, 6, 8, 10, 12], positions: [1, 3, 5, 7, 9, 11] }),
    );
    expect(changes).toEqual([
      {
        entity: 'memberships',
        kind: 'upsert',
        key: membershipKey('g', 'b'),
        item: '"b"',
        group: '"g"',
        fingerprint: fingerprintOf(state, 'memberships', pair('g', 'b')),
        created: true,
        changed: undefined,
        dependent: false,
      },
      expect.objectContaining({ key: membershipKey('g', 'new'), dependent: true }),
    ]);
    const rejection = { entity: 'memberships', file: 'm.csv' };
    expect(context.rejections).toEqual([
      {
        ...rejection,
        externalId: 'g/a',
        line: 6,
        position: 5,
        field: undefined,
        code: 'DUPLICATE',
        reason: 'the same membership appears earlier in this source',
      },
      {
        ...rejection,
        externalId: 'g/nobody',
        line: 4,
        position: 3,
        field: 'memberExternalId',
        code: 'UNKNOWN_USER',
        reason: unknown('user'),
      },
      {
        ...rejection,
        externalId: 'none/b',
        line: 10,
        position: 9,
        field: 'groupExternalId',
        code: 'UNKNOWN_GROUP',
        reason: unknown('group'),
      },
    ]);
    expect(context.counts('memberships')).toMatchObject({ accepted: 3, rejected: 3 });
    // They stay as they are at Okta: what they name may come back.
    expect(context.drainRejectedKeys('memberships')).toEqual([
      { key: membershipKey('g', 'a'), position: 5 },
      { key: membershipKey('g', 'nobody'), position: 3 },
      { key: membershipKey('none', 'b'), position: 9 },
    ]);
    expect(note).toMatchObject({ read: 6, unchanged: 1, creates: 2, updates: 0 });
    expect(asked.map(([name]) => name)).not.toContain('held');
  });

  it('looks up no user or group where nothing is to be sent', async () => {
    const { comparer, asked } = await world(memoryState());
    expect(await comparer.compare([pair('g', 'a'), pair('h', 'a')])).toEqual([]);
    expect(asked.map(([name]) => name)).not.toContain('refer');
  });

  inBothStates('sends all at once where sessions may be mixed', async (state) => {
    const { comparer } = await world(state, { mixed: true });
    const changes = await comparer.compare([pair('g', 'new')]);
    expect(changes).toMatchObject([{ key: membershipKey('g', 'new'), dependent: false }]);
  });

  inBothStates('refuses a changed row that names somebody unknown', async (state) => {
    const { comparer, context, note } = await world(state, undefined, ['a', 'b', 'gone']);
    const chunk = withPlaces([pair('h', 'a'), pair('h', 'b'), pair('h', 'gone')], {
      file: undefined,
      lines: [2, 3, 4],
      positions: [1, 2, 3],
    });
    const changes = await comparer.compare(chunk);
    expect(changes.map(({ key, created, fingerprint: of }) => [key, created, of])).toEqual([
      [membershipKey('h', 'a'), false, fingerprintOf(state, 'memberships', pair('h', 'a'))],
      [membershipKey('h', 'b'), false, fingerprintOf(state, 'memberships', pair('h', 'b'))],
    ]);
    expect(context.rejections).toMatchObject([{ externalId: 'h/gone', line: 4, code: 'UNKNOWN_USER' }]);
    expect(note).toMatchObject({ creates: 0, updates: 2 });
  });

  inBothStates('names the place of the record at fault, and not of another with its key', async (state) => {
    await hold(state, 'users', [user('a')]);
    await hold(state, 'groups', [group('g'), group('h')]);
    await hold(state, 'memberships', [pair('g', 'a'), pair('h', 'gone')]);
    await holdChanged(state, ['gone']);
    const { comparer, context } = await comparing(state, 'memberships');
    const chunk = withPlaces([pair('g', 'a'), pair('g', 'nobody'), pair('h', 'gone'), pair('g', 'nobody')], {
      file: 'm.csv',
      lines: [2, 3, 4, 5],
      positions: [1, 2, 3, 4],
    });
    await comparer.compare(chunk);
    expect(context.rejections.map(({ externalId, code, line }) => [externalId, code, line])).toEqual([
      ['g/nobody', 'DUPLICATE', 5],
      ['g/nobody', 'UNKNOWN_USER', 3],
      // It is held, and changed; whom it names is not.
      ['h/gone', 'UNKNOWN_USER', 4],
    ]);
  });

  inBothStates(
    'leaves out what names a user or group that the run removes, so that it goes too',
    async (state) => {
      const { comparer, context, note, reading } = await world(state);
      context.counts('memberships').accepted = 5;
      comparer.memberships.removed = { users: new Set(['b']), groups: new Set(['h']) };
      const changes = await comparer.compare(
        withPlaces([pair('h', 'a'), pair('g', 'a'), pair('g', 'b'), pair('h', 'a'), pair('g', 'new')], {
          file: 'm.csv',
          lines: [2, 3, 4, 5, 6],
        }),
      );
      expect(changes.map(({ key }) => key)).toEqual([membershipKey('g', 'new')]);
      expect(context.rejections).toEqual([]);
      expect(context.counts('memberships')).toMatchObject({ accepted: 2, rejected: 0, leftOut: 3 });
      expect(context.drainRejectedKeys('memberships')).toEqual([]);
      const missing: string[] = [];
      for await (const keys of reading.missing('memberships')) missing.push(...keys);
      expect(missing.sort()).toEqual([membershipKey('h', 'a'), membershipKey('h', 'b')]);
      expect(note).toMatchObject({ read: 5, unchanged: 1, creates: 1 });
    },
  );

  it.each([
    ['users', new Set(['b']), new Set<string>()],
    ['groups', new Set<string>(), new Set(['h'])],
  ])('leaves out where only %s are removed', async (_, users, groups) => {
    const { comparer, context } = await world(memoryState());
    comparer.memberships.removed = { users, groups };
    expect(await comparer.compare([pair('g', 'a'), pair('h', 'b')])).toEqual([]);
    expect(context.rejections).toEqual([]);
    expect(context.counts('memberships').leftOut).toBe(1);
  });

  inBothStates(
    'leaves out what names somebody whom a condition or an exclusion leaves out',
    async (state) => {
      const { comparer, context, note } = await world(state);
      context.leaveOut('users', 'left');
      context.leaveOut('groups', 'closed');
      context.excluded.set('users', (id) => id.startsWith('robot'));
      const changes = await comparer.compare([
        pair('g', 'left'),
        pair('closed', 'a'),
        pair('g', 'robot1'),
        pair('g', 'nobody'),
      ]);
      expect(changes).toEqual([]);
      expect(context.rejections.map(({ externalId }) => externalId)).toEqual(['g/nobody']);
      expect(context.counts('memberships')).toMatchObject({ rejected: 1, leftOut: 3 });
      expect(note.read).toBe(4);
    },
  );

  inBothStates('compares at once where nothing is removed', async (state) => {
    const { comparer, asked } = await world(state);
    const before = asked.length;
    comparer.memberships.removed = { users: new Set(), groups: new Set() };
    await comparer.compare([pair('g', 'a'), pair('h', 'b')]);
    expect(asked.slice(before).filter(([name]) => name.startsWith('compare'))).toHaveLength(1);
  });
});
