import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeBatch } from '../../src/okta/bulk-body.js';
import type { Batch } from '../../src/core/model.js';
import { NamedReferences } from '../../src/core/named-references.js';
import { splitBatch } from '../../src/upload/session-content.js';
import { membershipChange, profileChange } from '../support/changes.js';

const user = (key: string, created = true) => profileChange('users', 'upsert', key, 'x', created);
const batchOf = (...keys: string[]): Batch =>
  makeBatch(
    'users',
    'upsert',
    keys.map((key) => user(key)),
  );

describe('a batch that was refused', () => {
  it('is two batches of its kind with the same changes, in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), (size) => {
        const batch = batchOf(...Array.from({ length: size }, (_, i) => `u${i}`));
        const [a, b] = splitBatch(batch) as [Batch, Batch];
        expect([...a.changes, ...b.changes]).toEqual(batch.changes);
        expect([a.items, b.items]).toEqual([Math.ceil(size / 2), Math.floor(size / 2)]);
        for (const half of [a, b]) expect(half).toEqual(makeBatch(batch.entity, batch.kind, half.changes));
      }),
    );
  });

  it('of one change cannot be split', () => {
    expect(splitBatch(batchOf('a'))).toBeUndefined();
  });
});

describe('memberships that name what Okta refused', () => {
  const refused = () => {
    const references = new NamedReferences();
    references.add(user('u'));
    references.add(profileChange('groups', 'upsert', 'g', 'x'));
    return references;
  };

  it.each([
    ['a refused user', 'other', 'u', true],
    ['a refused group', 'g', 'other', true],
    ['a user by the name of a refused group', 'other', 'g', false],
    ['a group by the name of a refused user', 'u', 'other', false],
    ['neither', 'other', 'another', false],
  ])('%s', (_, group, member, named) => {
    expect(refused().has(membershipChange('upsert', group, member))).toBe(named);
  });

  it('may be deleted all the same', () => {
    expect(refused().has(membershipChange('delete', 'g', 'u'))).toBe(false);
  });

  it('one refusal is enough, of either', () => {
    const users = new NamedReferences();
    users.add(user('u'));
    expect(users.has(membershipChange('upsert', 'g', 'u'))).toBe(true);
    const groups = new NamedReferences();
    groups.add(profileChange('groups', 'upsert', 'g', 'x'));
    expect(groups.has(membershipChange('upsert', 'g', 'u'))).toBe(true);
  });

  it('do not name what Okta holds already, or was to remove', () => {
    const references = new NamedReferences();
    references.add(user('u', false));
    references.add(profileChange('users', 'delete', 'u', 'x'));
    references.add({ ...profileChange('groups', 'delete', 'g', 'x'), created: true });
    references.add(membershipChange('upsert', 'g', 'u'));
    expect(references.has(membershipChange('upsert', 'g', 'u'))).toBe(false);
  });

  it('users and groups are not memberships', () => {
    const references = refused();
    references.add(user('1:gu'));
    expect(references.has(user('1:gu'))).toBe(false);
  });
});
