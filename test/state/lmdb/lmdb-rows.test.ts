import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENTITIES } from '../../../src/core/model.js';
import { packRows, unpackRows } from '../../../src/state/lmdb/lmdb-rows.js';

const row = fc.record({
  entity: fc.constantFrom(...ENTITIES),
  kind: fc.constantFrom('upsert' as const, 'delete' as const),
  key: fc.string(),
  fingerprint: fc.string(),
});

describe('rows as the journal keeps them', () => {
  it('come back as they were, in order', () => {
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        expect(unpackRows(packRows(rows))).toEqual(rows);
      }),
    );
  });

  it('say what neighbours share once', () => {
    const users = Array.from({ length: 5 }, (_, i) => ({
      entity: 'users' as const,
      kind: 'upsert' as const,
      key: `u${i}`,
      fingerprint: 'f',
    }));
    expect(
      packRows([...users, { ...users[0]!, entity: 'groups' }, { ...users[0]!, kind: 'delete' }]),
    ).toEqual([
      {
        entity: 'users',
        kind: 'upsert',
        keys: users.map(({ key }) => key),
        lengths: Array(5).fill(1),
        fingerprints: Buffer.from('fffff'),
      },
      { entity: 'groups', kind: 'upsert', keys: ['u0'], lengths: [1], fingerprints: Buffer.from('f') },
      { entity: 'users', kind: 'delete', keys: ['u0'], lengths: [1], fingerprints: Buffer.from('f') },
    ]);
  });
});
