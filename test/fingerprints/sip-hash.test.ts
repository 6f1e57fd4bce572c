import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestText } from '../../src/fingerprints/digests.js';
import { plainHasher, type Hasher } from '../../src/fingerprints/sip-hash.js';
import { kernelHasher } from '../../src/screening/kernel/kernel-hasher.js';
import { runs } from '../support/runs.js';
import { sipHash128 } from './sip-hash-reference.js';

const KEY = Buffer.from(Array.from({ length: 16 }, (_, i) => i));
const count = (length: number) => Uint8Array.from({ length }, (_, i) => i);
const anyKey = fc.uint8Array({ minLength: 16, maxLength: 16 });
const anyMessage = fc.uint8Array({ maxLength: 700 });

/** The digests of messages that stand one behind the other, with some bytes behind the last. */
function hashed(
  hasherOf: (key: string) => Hasher,
  key: Uint8Array,
  messages: readonly Uint8Array[],
  behind = 0xaa,
): Buffer[] {
  const hasher = hasherOf(Buffer.from(key).toString('hex'));
  const all = Buffer.concat(messages);
  const texts = hasher.bytes(all.length + 16).fill(behind);
  texts.set(all);
  const ends = hasher.words(messages.length);
  let end = 0;
  for (const [i, message] of messages.entries()) ends[i] = end += message.length;
  const digests = hasher.words(messages.length * 4);
  hasher.hashEach(texts, ends, messages.length, digests);
  return messages.map((_, i) => Buffer.from(digestText(digests, i), 'latin1'));
}

describe.each([
  ['plain JavaScript', plainHasher],
  ['WebAssembly', kernelHasher],
])('SipHash-2-4-128 in %s', (_, hasherOf) => {
  it.each([
    [0, 'a3817f04ba25a8e66df67214c7550293'],
    [1, 'da87c1d86b99af44347659119b22fc45'],
  ])('of %i bytes is what its authors published', (length, expected) => {
    expect(sipHash128(KEY, count(length)).toString('hex')).toBe(expected);
    expect(hashed(hasherOf, KEY, [count(length)])[0]?.toString('hex')).toBe(expected);
  });

  it('is that of its description, whatever stands around the text', () => {
    fc.assert(
      fc.property(anyKey, fc.array(anyMessage, { maxLength: 4 }), fc.nat(255), (key, messages, behind) => {
        expect(hashed(hasherOf, key, messages, behind)).toEqual(
          messages.map((message) => sipHash128(key, message)),
        );
      }),
      { numRuns: runs(100) },
    );
  });
});
