import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kernelHasher } from '../../src/screening/kernel/kernel-hasher.js';
import type { Entity, Profile, RecordOf, UserRecord } from '../../src/core/model.js';
import { createDigester, digestText } from '../../src/fingerprints/digests.js';
import { plainHasher } from '../../src/fingerprints/sip-hash.js';
import { sipHash128 } from './sip-hash-reference.js';
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

/** Hashes one record by itself, by the hasher that is held to the published hash elsewhere. */
function alone(entity: Entity, record: RecordOf[Entity]): string {
  const hasher = plainHasher(KEY);
  const text = Buffer.from(canonical(entity, record));
  const digest = hasher.words(4);
  hasher.hashEach(text, Uint32Array.of(text.length), 1, digest);
  return digestText(digest, 0);
}

/** Digests as they stand among the words. */
const among = (words: Uint32Array, count: number) =>
  Array.from({ length: count }, (_, i) =>
    Buffer.from(words.slice(i * 4, i * 4 + 4).buffer).toString('latin1'),
  );
const user = (i: number, title: string): UserRecord => ({ externalId: `u${i}`, profile: { title } });
const users = (count: number, title: string) => Array.from({ length: count }, (_, i) => user(i, title));

const HASHERS = { 'plain JavaScript': plainHasher, WebAssembly: kernelHasher };

describe.each(Object.entries(HASHERS))('the digest of a record, in %s,', (_, hasherOf) => {
  const createOne = () => createDigester(KEY, hasherOf(KEY));

  it('is the SipHash of its canonical content under the key of the state', () => {
    fc.assert(
      fc.property(anyKey, anyRecord, (key, [entity, record]) => {
        const hex = Buffer.from(key).toString('hex');
        const digest = createDigester(hex, hasherOf(hex)).of(entity, record);
        expect(Buffer.from(digest, 'latin1')).toEqual(
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
        const digester = createOne();
        for (const { records, times, large } of batches)
          for (const entity of ['users', 'groups', 'memberships'] as const) {
            const once = records.filter(([of]) => of === entity).map(([, record]) => record);
            const all = Array.from({ length: times }, () => once).flat();
            if (entity === 'users') all.push(user(0, large));
            expect(among(digester.ofEach(entity, all), all.length)).toEqual(
              all.map((record) => alone(entity, record)),
            );
          }
      }),
      { numRuns: runs(30) },
    );
  });

  it('is the same however many there are, and however few come after', () => {
    const digester = createOne();
    for (const count of [0, 2, 1023, 1024, 1025, 3000, 4]) {
      const batch = users(count, 'x');
      const words = digester.ofEach('users', batch);
      const expected = batch.map((one) => alone('users', one));
      expect(among(words, count)).toEqual(expected);
      expect(batch.map((_, i) => digestText(words, i))).toEqual(expected);
    }
  });

  it.each([
    ['that is many texts', users(2000, 'n'.repeat(1000))],
    ['that is many texts of characters of three bytes', users(2000, '漢'.repeat(300))],
    ['that is one text alone', [user(1, '漢'.repeat(400_000))]],
    ['that is one text behind others', [...users(3, 'x'), user(3, '漢'.repeat(400_000)), ...users(3, 'y')]],
  ])('is the same however much text there is, %s', (_, batch) => {
    const digester = createOne();
    for (const records of [users(3, 'x'), batch, users(5, 'y'), batch])
      expect(among(digester.ofEach('users', records), records.length)).toEqual(
        records.map((record) => alone('users', record)),
      );
  });

  it('does not depend on the order of attributes, nor on the shapes that came before', () => {
    const digester = createOne();
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
    expect(records.map((record) => digester.of('users', record))).toEqual(expected);
    expect(among(digester.ofEach('users', records), records.length)).toEqual(expected);
  });

  it('takes an attribute that is undefined for null, and not for an empty text', () => {
    const digester = createOne();
    const of = (title: unknown) => digester.of('users', user(1, title as string));
    expect(of(undefined)).toBe(of(null));
    expect(of(undefined)).not.toBe(of(''));
  });

  it('is made in memory that is used again, and is little beside the texts', () => {
    const hasher = hasherOf(KEY);
    let allocated = 0;
    const counted = <T>(bytes: number, memory: T): T => {
      allocated += bytes;
      return memory;
    };
    const digester = createDigester(KEY, {
      bytes: (length) => counted(length, hasher.bytes(length)),
      words: (length) => counted(length * 4, hasher.words(length)),
      hashEach: (...texts) => hasher.hashEach(...texts),
    });
    digester.ofEach('users', users(1024, 'x'));
    expect(allocated).toBeLessThanOrEqual(MEGABYTE);
    for (const batch of [users(1024, 'x'), users(3000, 'n'.repeat(1000)), users(5000, 'x')]) {
      digester.ofEach('users', batch);
      const once = allocated;
      expect(once).toBeLessThan(16 * MEGABYTE);
      for (let i = 0; i < 20; i++) digester.ofEach('users', batch);
      expect(allocated).toBe(once);
    }
  });
});
