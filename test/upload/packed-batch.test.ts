import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Batch } from '../../src/core/model.js';
import { makeBatch } from '../../src/okta/bulk-body.js';
import { createsIn, PackedBatch } from '../../src/upload/packed-batch.js';
import { anyChanges } from '../support/changes.js';

it('a packed batch is the same batch again, and knows its size and what it creates', () => {
  fc.assert(
    fc.property(anyChanges(60), (changes) => {
      for (const entity of ['users', 'groups', 'memberships'] as const)
        for (const kind of ['upsert', 'delete'] as const) {
          const own = changes.filter((change) => change.entity === entity && change.kind === kind);
          const batch: Batch = makeBatch(entity, kind, own);
          const packed = new PackedBatch(batch);
          expect(packed).toMatchObject({ entity, kind, size: own.length, creates: createsIn(batch) });
          const unpacked = packed.unpack();
          expect({ ...unpacked, changes: [] }).toEqual({ ...batch, changes: [] });
          expect(unpacked.changes).toEqual(own.map((change) => ({ ...change, changed: undefined })));
        }
    }),
  );
});

it('only users and groups that are created count, as those that memberships may wait for', () => {
  fc.assert(
    fc.property(anyChanges(60), (changes) => {
      const users = changes.filter(({ entity, kind }) => entity === 'users' && kind === 'upsert');
      expect(createsIn(makeBatch('users', 'upsert', users))).toBe(
        users.filter(({ created }) => created).length,
      );
      const members = changes.filter(({ entity, kind }) => entity === 'memberships' && kind === 'upsert');
      expect(createsIn(makeBatch('memberships', 'upsert', members))).toBe(0);
    }),
  );
});
