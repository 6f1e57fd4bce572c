import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernel, KernelMemory } from '../../../src/screening/kernel/kernel.js';
import { runs } from '../../support/runs.js';
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
