import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENTITIES, type Change, type Fingerprint } from '../../src/core/model.js';
import { PlanTally, type Withheld } from '../../src/guard/plan-tally.js';
import { anyChanges, membershipChange, profileChange } from '../support/changes.js';

function tallyOf(changes: readonly Change[]): PlanTally {
  const tally = new PlanTally();
  for (const change of changes) tally.add(change);
  return tally;
}

const NOTHING: Withheld = { rejected: 0, heldBackDeletes: 0 };

function hashOf(changes: readonly Change[], stateKey = 'key', users = NOTHING): string {
  return tallyOf(changes).hash(stateKey, { users, groups: NOTHING, memberships: NOTHING });
}

/** The fingerprint of a seed of one character, or of a whole digest. */
const print = (seed: string): Fingerprint => ({ digest: seed.repeat(16).slice(0, 16), attributes: '' });
const user = (key: string, fingerprint = print(key)): Change => ({
  ...profileChange('users', 'upsert', key, 'x', false),
  fingerprint,
});

describe('the tally of a plan', () => {
  it('counts every change once, by entity and by what it does', () => {
    fc.assert(
      fc.property(anyChanges(60), (changes) => {
        const tally = tallyOf(changes);
        expect(tally.size).toBe(changes.length);
        for (const entity of ENTITIES) {
          const own = changes.filter((change) => change.entity === entity);
          expect(tally.counts[entity]).toEqual({
            creates: own.filter(({ kind, created }) => kind === 'upsert' && created).length,
            updates: own.filter(({ kind, created }) => kind === 'upsert' && !created).length,
            deletes: own.filter(({ kind }) => kind === 'delete').length,
          });
        }
      }),
    );
  });
});

describe('the hash of a plan', () => {
  it('does not depend on the order of its changes', () => {
    fc.assert(
      fc.property(anyChanges(30), fc.infiniteStream(fc.nat()), (changes, places) => {
        const shuffled = changes
          .map((change) => ({ change, place: places.next().value as number }))
          .sort((a, b) => a.place - b.place)
          .map(({ change }) => change);
        expect(hashOf(shuffled)).toBe(hashOf(changes));
      }),
    );
  });

  it('is another for another state, and for other numbers of rejected records and held-back deletions', () => {
    const plan = [user('a'), profileChange('users', 'delete', 'l', 'x')];
    const hashes = [
      hashOf(plan),
      hashOf(plan, 'other'),
      hashOf(plan, 'key', { rejected: 1, heldBackDeletes: 0 }),
      hashOf(plan, 'key', { rejected: 0, heldBackDeletes: 1 }),
      hashOf(plan, 'key', { rejected: 1, heldBackDeletes: 1 }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashOf(plan)).toBe(hashes[0]);
  });

  it('is 64 hexadecimal characters', () => {
    expect(hashOf([user('a')])).toMatch(/^[0-9a-f]{64}$/);
  });

  it('tells any byte of a fingerprint apart, and how often each is there', () => {
    const zero = '\0'.repeat(16);
    const plans: Change[][] = [[], [user('a', print(zero))]];
    for (let at = 0; at < 16; at++)
      for (const byte of ['\x01', '\x80', '\xff'])
        plans.push([user('a', print(zero.slice(0, at) + byte + zero.slice(at + 1)))]);
    plans.push([user('a'), user('b')], [user('a'), user('a')], [user('b'), user('b')]);
    const hashes = plans.map((plan) => hashOf(plan));
    expect(new Set(hashes).size).toBe(plans.length);
  });

  it('tells entities, deletions and their keys apart', () => {
    const fingerprint = print('f');
    const plans: Change[][] = [
      [user('k', fingerprint)],
      [{ ...profileChange('groups', 'upsert', 'k', 'x', false), fingerprint }],
      [{ ...membershipChange('upsert', 'k', 'k'), created: false, fingerprint }],
      [{ ...user('k', fingerprint), created: true }],
      [profileChange('users', 'delete', 'k', 'x')],
      [profileChange('users', 'delete', 'l', 'x')],
      [profileChange('groups', 'delete', 'k', 'x')],
      [profileChange('users', 'delete', 'k', 'x'), profileChange('groups', 'delete', 'l', 'x')],
      [profileChange('users', 'delete', 'l', 'x'), profileChange('groups', 'delete', 'k', 'x')],
      [user('k', fingerprint), profileChange('users', 'delete', 'l', 'x')],
    ];
    const hashes = plans.map((plan) => hashOf(plan));
    expect(new Set(hashes).size).toBe(plans.length);
  });

  it('tells the content of every entity and kind apart', () => {
    const plans: Change[][] = (['a', 'b'] as const).flatMap((key) => [
      [user('k', print(key))],
      [{ ...profileChange('groups', 'upsert', 'k', 'x', false), fingerprint: print(key) }],
      [{ ...membershipChange('upsert', 'k', 'k'), fingerprint: print(key) }],
      [profileChange('users', 'delete', key, 'x')],
      [profileChange('groups', 'delete', key, 'x')],
      [membershipChange('delete', 'k', key)],
    ]);
    expect(new Set(plans.map((plan) => hashOf(plan))).size).toBe(plans.length);
  });

  it('tells which of two entities has which content', () => {
    const one = [
      user('a', print('1')),
      { ...profileChange('groups', 'upsert', 'g', 'x', false), fingerprint: print('2') },
    ];
    const other = [
      user('a', print('2')),
      { ...profileChange('groups', 'upsert', 'g', 'x', false), fingerprint: print('1') },
    ];
    expect(hashOf(one)).not.toBe(hashOf(other));
  });
});

describe('the attributes that changed most', () => {
  const changing = (entity: 'users' | 'groups', ...changed: string[]): Change => ({
    ...profileChange(entity, 'upsert', 'k', 'x', false),
    changed,
  });

  it('come first, equals by name, each with its entity', () => {
    const tally = tallyOf([
      changing('users', 'title', 'email'),
      changing('users', 'email'),
      changing('groups', 'email'),
      changing('groups', 'description'),
      profileChange('users', 'upsert', 'k', 'x', false),
    ]);
    expect(tally.changedAttributes()).toEqual([
      { entity: 'users', attribute: 'email', updates: 2 },
      { entity: 'groups', attribute: 'description', updates: 1 },
      { entity: 'groups', attribute: 'email', updates: 1 },
      { entity: 'users', attribute: 'title', updates: 1 },
    ]);
  });

  it('are twenty at most', () => {
    const names = Array.from({ length: 25 }, (_, i) => `a${String(i).padStart(2, '0')}`);
    const told = tallyOf([changing('users', ...names), changing('users', 'a24')]).changedAttributes();
    expect(told.map(({ attribute }) => attribute)).toEqual(['a24', ...names.slice(0, 19)]);
  });

  it('are counted in bounded memory: of more than 10,000 names the later ones are not', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `n${i}`);
    const tally = tallyOf([
      changing('users', ...names),
      changing('users', 'late', 'late', 'n7'),
      changing('users', 'late'),
    ]);
    expect(tally.changedAttributes()[0]).toEqual({ entity: 'users', attribute: 'n7', updates: 2 });
    expect(tally.changedAttributes().map(({ attribute }) => attribute)).not.toContain('late');
    const last = tallyOf([changing('users', ...names.slice(1), 'last'), changing('users', 'last')]);
    expect(last.changedAttributes()[0]).toMatchObject({ attribute: 'last', updates: 2 });
  });
});
