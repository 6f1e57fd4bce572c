import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernel, KernelMemory } from '../../src/screening/kernel/kernel.js';
import type { Entity, Profile, RecordOf, UserRecord } from '../../src/core/model.js';
import { createFingerprinter, fingerprintText } from '../../src/fingerprints/fingerprint.js';
import { sipHash128 } from '../screening/kernel/siphash.js';
import { runs } from '../support/runs.js';

const KEY = '000102030405060708090a0b0c0d0e0f';
const MEGABYTE = 1 << 20;
const anyKey = fc.uint8Array({ minLength: 16, maxLength: 16 });
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.constant('n'.repeat(1000)),
);
// Few names, so that shapes meet again in another order.
const anyProfile: fc.Arbitrary<Profile> = fc
  .uniqueArray(fc.tuple(fc.oneof(fc.constantFrom('a', 'b', 'ä'), anyText), fc.option(anyText)), {
    selector: ([name]) => name,
    maxLength: 5,
  })
  .map((pairs) => Object.fromEntries(pairs));
const anyRecord: fc.Arbitrary<[Entity, RecordOf[Entity]]> = fc.oneof(
  fc.tuple(
    fc.constantFrom('users' as const, 'groups' as const),
    fc.record({ externalId: anyText, profile: anyProfile }),
  ),
  fc.tuple(
    fc.constant('memberships' as const),
    fc.record({ groupExternalId: anyText, memberExternalId: anyText }),
  ),
);

/** The canonical content of a record, as the state's format has it. */
function canonical(entity: Entity, record: RecordOf[Entity]): string {
  const counted = (text: string) => `${text.length}:${text}`;
  if ('groupExternalId' in record) return `m${counted(record.groupExternalId)}${record.memberExternalId}`;
  const attributes = Object.entries(record.profile)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => counted(name) + (value === null ? '-' : counted(value)));
  return `${entity === 'users' ? 'u' : 'g'}${counted(record.externalId)}${attributes.join('')}`;
}

/** Hashes one record after another by the kernel's hash of one text, which is held to the published one elsewhere. */
function hashedAlone(): (entity: Entity, record: RecordOf[Entity]) => string {
  const most = 4 * MEGABYTE;
  const memory = new KernelMemory(most);
  const [at, out] = [memory.allocate(most), memory.allocate(16)];
  const kernel = createKernel(memory, KEY);
  return (entity, record) => {
    kernel.sipHash(at, memory.bytes(at, most).write(canonical(entity, record)), out);
    return memory.bytes(out, 16).toString('latin1');
  };
}
const alone = hashedAlone();

/** Fingerprints as they stand among the words. */
const among = (words: Uint32Array, count: number) =>
  Array.from({ length: count }, (_, i) =>
    Buffer.from(words.slice(i * 4, i * 4 + 4).buffer).toString('latin1'),
  );
const user = (i: number, title: string): UserRecord => ({ externalId: `u${i}`, profile: { title } });
const users = (count: number, title: string) => Array.from({ length: count }, (_, i) => user(i, title));

describe('the fingerprint of a record', () => {
  it('is the SipHash of its canonical content under the key of the state', () => {
    fc.assert(
      fc.property(anyKey, anyRecord, (key, [entity, record]) => {
        const fingerprint = createFingerprinter(Buffer.from(key).toString('hex')).of(entity, record);
        expect(Buffer.from(fingerprint, 'latin1')).toEqual(
          sipHash128(key, Buffer.from(canonical(entity, record))),
        );
      }),
      { numRuns: runs(200) },
    );
  });

  it('is the same among any others, whatever came before', () => {
    const anyBatch = fc.record({
      records: fc.array(anyRecord, { maxLength: 12 }),
      times: fc.constantFrom(1, 1, 1, 200),
      // Larger than the room for all texts, in some batches.
      large: fc.constantFrom('', '', '', '漢'.repeat(300_000)),
    });
    fc.assert(
      fc.property(fc.array(anyBatch, { maxLength: 4 }), (batches) => {
        const fingerprinter = createFingerprinter(KEY);
        for (const { records, times, large } of batches)
          for (const entity of ['users', 'groups', 'memberships'] as const) {
            const once = records.filter(([of]) => of === entity).map(([, record]) => record);
            const all = Array.from({ length: times }, () => once).flat();
            if (entity === 'users') all.push(user(0, large));
            expect(among(fingerprinter.ofEach(entity, all), all.length)).toEqual(
              all.map((record) => alone(entity, record)),
            );
          }
      }),
      { numRuns: runs(30) },
    );
  });

  it('is the same however many there are, and however few come after', () => {
    const fingerprinter = createFingerprinter(KEY);
    for (const count of [0, 2, 1023, 1024, 1025, 3000, 4]) {
      const batch = users(count, 'x');
      const words = fingerprinter.ofEach('users', batch);
      const expected = batch.map((one) => alone('users', one));
      expect(among(words, count)).toEqual(expected);
      expect(batch.map((_, i) => fingerprintText(words, i))).toEqual(expected);
    }
  });

  it.each([
    ['that is many texts', users(2000, 'n'.repeat(1000))],
    ['that is many texts of characters of three bytes', users(2000, '漢'.repeat(300))],
    ['that is one text alone', [user(1, '漢'.repeat(400_000))]],
    ['that is one text behind others', [...users(3, 'x'), user(3, '漢'.repeat(400_000)), ...users(3, 'y')]],
  ])('is the same however much text there is, %s', (_, batch) => {
    const fingerprinter = createFingerprinter(KEY);
    for (const records of [users(3, 'x'), batch, users(5, 'y'), batch])
      expect(among(fingerprinter.ofEach('users', records), records.length)).toEqual(
        records.map((record) => alone('users', record)),
      );
  });

  it('does not depend on the order of attributes, nor on the shapes that came before', () => {
    const fingerprinter = createFingerprinter(KEY);
    const profiles: Profile[] = [
      {},
      { a: '1' },
      { a: '1', b: '2' },
      { b: '2', a: '1' },
      { a: '1' },
      { b: '2' },
      { b: '2', a: '1', c: null },
      { b: '2', a: '1', d: null },
      {},
      { a: '1', b: '2' },
    ];
    const records = profiles.map((profile) => ({ externalId: 'u', profile }));
    const expected = records.map((record) => alone('users', record));
    expect(new Set(expected).size).toBe(6);
    expect(records.map((record) => fingerprinter.of('users', record))).toEqual(expected);
    expect(among(fingerprinter.ofEach('users', records), records.length)).toEqual(expected);
  });

  it('takes an attribute that is undefined for null, and not for an empty text', () => {
    const fingerprinter = createFingerprinter(KEY);
    const of = (title: unknown) => fingerprinter.of('users', user(1, title as string));
    expect(of(undefined)).toBe(of(null));
    expect(of(undefined)).not.toBe(of(''));
  });

  it('is made in memory that is used again, and is little beside the texts', () => {
    const fingerprinter = createFingerprinter(KEY);
    const size = (records: UserRecord[]) => fingerprinter.ofEach('users', records).buffer.byteLength;
    expect(size(users(1024, 'x'))).toBeLessThanOrEqual(MEGABYTE);
    for (const batch of [users(1024, 'x'), users(3000, 'n'.repeat(1000)), users(5000, 'x')]) {
      const once = size(batch);
      expect(once).toBeLessThan(16 * MEGABYTE);
      for (let i = 0; i < 20; i++) expect(size(batch)).toBe(once);
    }
  });
});
