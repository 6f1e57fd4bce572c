import { describe, expect, it } from 'vitest';
import { checkReferences, removedReferences } from '../../src/diff/membership-references.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { membershipChange } from '../support/changes.js';
import { confirmed, digests, fingerprint } from '../support/rows.js';

const row = (entity: 'users' | 'groups', key: string) => confirmed(entity, key);

async function reading() {
  const state = memoryState();
  await state.adopt([
    row('users', 'held'),
    row('users', 'leaving'),
    row('groups', 'held'),
    row('groups', 'leaving'),
  ]);
  const open = await state.read();
  for (const entity of ['users', 'groups'] as const) {
    await open.compare(entity, digests(fingerprint('x')), () => 'fresh');
    await open.keep(entity, ['held']);
  }
  return open;
}

describe('what a membership names', () => {
  it.each([
    ['held', 'held', 'held'],
    ['fresh', 'held', 'new'],
    ['held', 'fresh', 'new'],
    ['fresh', 'fresh', 'new'],
    ['held', 'nobody', 'unknown-user'],
    ['nobody', 'held', 'unknown-group'],
    ['nobody', 'nobody', 'unknown-user'],
    ['nobody', 'fresh', 'unknown-group'],
  ])('group %s, user %s: %s', async (group, member, verdict) => {
    const open = await reading();
    const others = [
      membershipChange('upsert', 'held', 'held'),
      membershipChange('upsert', 'fresh', 'nobody'),
    ];
    const changes = [...others, membershipChange('upsert', group, member)];
    expect((await checkReferences(open, changes)).at(-1)).toBe(verdict);
  });

  it('is looked up once, however often it is named', async () => {
    const open = await reading();
    const asked: string[][] = [];
    const refer: typeof open.refer = (entity, keys) => {
      asked.push([entity, ...keys]);
      return open.refer(entity, keys);
    };
    const spied = new Proxy(open, {
      get: (target, name) => (name === 'refer' ? refer : (Reflect.get(target, name) as unknown)),
    });
    const changes = ['a', 'b', 'a'].map((id) => membershipChange('upsert', 'held', id));
    await checkReferences(spied, changes);
    expect(asked).toEqual([
      ['users', 'a', 'b'],
      ['groups', 'held'],
    ]);
  });
});

describe('what a reading found removed', () => {
  it('are the users and groups that it did not see, once it is complete', async () => {
    const open = await reading();
    expect(await removedReferences(open)).toEqual({ users: new Set(), groups: new Set() });
    open.complete('users');
    expect(await removedReferences(open)).toEqual({ users: new Set(['leaving']), groups: new Set() });
    open.complete('groups');
    expect((await removedReferences(open)).groups).toEqual(new Set(['leaving']));
  });
});
