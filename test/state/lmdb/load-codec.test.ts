import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENTITIES } from '../../../src/core/model.js';
import { packRows, unpackRows } from '../../../src/state/lmdb/load-codec.js';
import type { PendingRow } from '../../../src/state/journal.js';
import { deleted, fingerprint, upserted } from '../../support/rows.js';

const byte = fc.integer({ min: 0, max: 255 }).map((n) => String.fromCharCode(n));
const anyRow = fc
  .record({
    entity: fc.constantFrom(...ENTITIES),
    kind: fc.constantFrom('upsert', 'delete'),
    key: fc.oneof(fc.string({ maxLength: 9 }), fc.constantFrom('', '汉', '\ud83d', '\ufffd')),
    digest: fc.string({ unit: byte, minLength: 16, maxLength: 16 }),
    attributes: fc.string({ unit: byte, maxLength: 20 }),
  })
  .map(({ entity, kind, key, digest, attributes }): PendingRow =>
    kind === 'delete' ? deleted(entity, key) : upserted(entity, key, { digest, attributes }),
  );

describe('the rows of a load', () => {
  it('come back as they were, in their order', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 30 }), (rows) => {
        expect(unpackRows(packRows(rows))).toEqual(rows);
      }),
    );
  });

  it('come back from bytes that LMDB returns without the methods of a Buffer', () => {
    const rows = [upserted('users', 'bc', fingerprint('d', 'xy')), deleted('users', '汉')];
    const bare = packRows(rows).map((part) => ({
      ...part,
      keys: new Uint8Array(part.keys),
      fingerprints: new Uint8Array(part.fingerprints),
    }));
    expect(unpackRows(bare)).toEqual(rows);
  });

  it('are kept together as long as they are of one entity and kind', () => {
    const rows = [
      upserted('users', 'a', fingerprint('a', 'xy')),
      upserted('users', 'bc'),
      deleted('users', 'd'),
      deleted('groups', 'e'),
    ];
    const packed = packRows(rows);
    expect(packed.map(({ entity, kind, keyLengths }) => [entity, kind, keyLengths])).toEqual([
      ['users', 'upsert', [1, 2]],
      ['users', 'delete', [1]],
      ['groups', 'delete', [1]],
    ]);
    expect(packed.map(({ fingerprints }) => fingerprints.length)).toEqual([16 + 2 + 16, 0, 0]);
    expect(packRows([])).toEqual([]);
  });

  it('are refused before they are sent when a key is too long to be committed', () => {
    expect(() => packRows([deleted('users', 'x'.repeat(1978))])).toThrow(/1978 bytes/);
  });
});
