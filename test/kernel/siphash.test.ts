import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernel, KernelMemory } from '../../src/kernel/kernel.js';
import type { Entity, RecordOf } from '../../src/model.js';
import { createFingerprinter, fingerprintText } from '../../src/state/fingerprint.js';
import { runs } from '../support/runs.js';
import { sipHash128 } from './siphash.js';

const KEY = Buffer.from(Array.from({ length: 16 }, (_, i) => i));
const count = (length: number) => Uint8Array.from({ length }, (_, i) => i);
const anyKey = fc.uint8Array({ minLength: 16, maxLength: 16 });

/** What the kernel answers for some bytes that have others behind them. */
function byKernel(key: Uint8Array, message: Uint8Array, behind = 0xaa): Buffer {
  const memory = new KernelMemory();
  const at = memory.allocate(message.length);
  const out = memory.allocate(16);
  memory.bytes(at, message.length + 16).fill(behind);
  memory.bytes(at, message.length).set(message);
  createKernel(memory, Buffer.from(key).toString('hex')).sipHash(at, message.length, out);
  return Buffer.from(memory.bytes(out, 16));
}

describe('SipHash-2-4-128', () => {
  it.each([
    [0, 'a3817f04ba25a8e66df67214c7550293'],
    [1, 'da87c1d86b99af44347659119b22fc45'],
  ])('of %i bytes is what its authors published', (length, expected) => {
    expect(sipHash128(KEY, count(length)).toString('hex')).toBe(expected);
    expect(byKernel(KEY, count(length)).toString('hex')).toBe(expected);
  });

  it('in the kernel is that of its description, whatever stands behind the text', () => {
    fc.assert(
      fc.property(anyKey, fc.uint8Array({ maxLength: 700 }), fc.nat(255), (key, message, behind) => {
        expect(byKernel(key, message, behind)).toEqual(sipHash128(key, message));
      }),
      { numRuns: runs(200) },
    );
  });
});

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.constant('n'.repeat(1000)),
);
const anyProfile = fc.dictionary(anyText, fc.option(anyText), { maxKeys: 5 });
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

  it('is the same for many at once as for each alone, however much text and however many', () => {
    const key = KEY.toString('hex');
    const users = Array.from({ length: 3000 }, (_, i) => ({
      externalId: `u${i}`,
      profile: { title: '漢'.repeat(i % 40 === 0 ? 5000 : 3) },
    }));
    const all = createFingerprinter(key);
    const each = createFingerprinter(key);
    for (const part of [users.slice(0, 2), users, users.slice(5, 9)]) {
      const words = all.ofEach('users', part);
      for (const [i, user] of part.entries()) expect(fingerprintText(words, i)).toBe(each.of('users', user));
    }
  });
});
