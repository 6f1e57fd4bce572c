import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeBatch } from '../../src/okta/bulk-body.js';
import type { Batch } from '../../src/core/model.js';
import { PackedBatch } from '../../src/upload/packed-batch.js';
import { halve, MAX_REPLAYS, RefusedReferences, splitBatch } from '../../src/upload/session-content.js';
import { membershipChange, profileChange } from '../support/changes.js';

const user = (key: string, created = true) => profileChange('users', 'upsert', key, 'x', created);
const batchOf = (...keys: string[]): Batch =>
  makeBatch(
    'users',
    'upsert',
    keys.map((key) => user(key)),
  );

const packed = (key: string) => new PackedBatch(batchOf(key));

describe('the content of a session that was lost', () => {
  it('is in two sessions, in order, neither more than one request longer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 50 }), fc.integer({ min: 0, max: 3 }), (size, attempt) => {
        const batches = Array.from({ length: size }, (_, i) => packed(`u${i}`));
        const halves = halve({ batches, attempt }, 'lost', 's');
        expect(halves.flatMap((half) => half.batches)).toEqual(batches);
        expect(halves.map((half) => half.batches.length)).toEqual([
          Math.ceil(size / 2),
          Math.floor(size / 2),
        ]);
        expect(halves.map((half) => half.attempt)).toEqual([attempt + 1, attempt + 1]);
      }),
    );
  });

  it('of one request goes into one session', () => {
    const batches = [packed('a')];
    expect(halve({ batches, attempt: 0 }, 'lost', 's')).toEqual([{ batches, attempt: 1 }]);
  });

  it('is replayed four times, and no fifth', () => {
    const batches = [packed('a'), packed('b')];
    expect(MAX_REPLAYS).toBe(4);
    expect(halve({ batches, attempt: 3 }, 'lost', 's')[0]?.attempt).toBe(4);
    expect(() => halve({ batches, attempt: 4 }, 'the reason', 's')).toThrow(
      expect.objectContaining({ code: 'ERR_ROLLCALL_SESSION', sessionId: 's' }),
    );
  });
});

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
    const references = new RefusedReferences();
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
    const users = new RefusedReferences();
    users.add(user('u'));
    expect(users.has(membershipChange('upsert', 'g', 'u'))).toBe(true);
    const groups = new RefusedReferences();
    groups.add(profileChange('groups', 'upsert', 'g', 'x'));
    expect(groups.has(membershipChange('upsert', 'g', 'u'))).toBe(true);
  });

  it('do not name what Okta holds already, or was to remove', () => {
    const references = new RefusedReferences();
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
