import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSum } from '../../../src/state/lmdb/check-sum.js';
import {
  checkRow,
  checkSumOf,
  decodeKey,
  decodeRow,
  digestOf,
  encodeKey,
  encodeRow,
  isUnknown,
  loginsOf,
  loginWordOf,
  LONGEST_KEY,
  wordOfLogin,
} from '../../../src/state/lmdb/row-codec.js';
import { UNKNOWN, type Held } from '../../../src/state/store.js';
import { confirmed, fingerprint } from '../../support/rows.js';

/** Keys with all that UTF-16 may hold, halves of characters among them. */
const anyKey = fc.string({
  unit: fc.oneof(
    fc.constantFrom('a', 'é', '\u07ff', '汉', '\uffff', '\ud83d', '\ude00', '\0', '\ufffd'),
    fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  ),
  maxLength: 12,
});
const bytes = (length: { minLength?: number; maxLength: number }) =>
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((n) => String.fromCharCode(n)), ...length });
const anyHeld: fc.Arbitrary<Held> = fc.oneof(
  fc.constant(UNKNOWN),
  fc
    .record({ digest: bytes({ minLength: 16, maxLength: 16 }), attributes: bytes({ maxLength: 30 }) })
    .map((of): Held => ({ kind: 'confirmed', fingerprint: of })),
);
const corrupt = expect.objectContaining({ code: 'ERR_ROLLCALL_STATE_CORRUPT' }) as unknown;

function errorOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

describe('the bytes of a key', () => {
  it('are those of no other, and give it back', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyKey), (keys) => {
        const encoded = keys.map((key) => encodeKey(key));
        expect(encoded.map(decodeKey)).toEqual(keys);
        expect(new Set(encoded.map((one) => one.toString('hex'))).size).toBe(keys.length);
        for (const one of encoded) expect(one.length).toBeGreaterThan(0);
      }),
    );
  });

  it('are UTF-8, but for what UTF-8 cannot say', () => {
    expect(encodeKey('aé汉😀').toString('hex')).toBe(Buffer.from('aé汉😀').toString('hex'));
    expect(encodeKey('').toString('hex')).toBe('ff');
    expect(encodeKey('a\ud83d').toString('hex')).toBe('ff61003dd8');
  });

  it('are as many as LMDB takes beside an entity, and not one more', () => {
    expect(LONGEST_KEY).toBe(1977);
    expect(encodeKey('x'.repeat(1977))).toHaveLength(1977);
    expect(encodeKey('汉'.repeat(659))).toHaveLength(1977);
    for (const key of ['x'.repeat(1978), `${'汉'.repeat(659)}x`, '\ud83d'.repeat(989)]) {
      const error = errorOf(() => encodeKey(key));
      expect(error).toMatchObject({ name: 'StateError', code: 'ERR_ROLLCALL_STATE' });
      expect(String(error)).toMatch(/19(78|79) bytes.* at most 1977/);
    }
  });
});

describe('the value of a row', () => {
  it('gives back what was put in', () => {
    fc.assert(
      fc.property(anyKey, anyHeld, (key, held) => {
        const row = encodeRow(encodeKey(key), held);
        expect(decodeRow(encodeKey(key), row)).toEqual(held);
        expect(isUnknown(row)).toBe(held.kind === 'unknown');
        expect(checkSumOf(row)).toBe(row.readUInt32LE(0));
        if (held.kind === 'confirmed') expect(digestOf(row).toString('latin1')).toBe(held.fingerprint.digest);
      }),
    );
  });

  it('takes as little as it can: a check sum, a kind, and a confirmed row its digest and attributes', () => {
    const key = encodeKey('k');
    expect(encodeRow(key, UNKNOWN)).toHaveLength(5);
    const { held } = confirmed('users', 'k', fingerprint('abcdefghijklmnop', 'xyz'));
    const row = encodeRow(key, held);
    expect(row.toString('latin1', 5)).toBe('abcdefghijklmnopxyz');
    expect([encodeRow(key, UNKNOWN)[4], row[4]]).toEqual([0, 1]);
  });

  it('is found out when any bit of it is another, when it was cut, or stands at another key', () => {
    fc.assert(
      fc.property(anyKey, anyKey, anyHeld, (name, other, held) => {
        const key = encodeKey(name);
        const row = encodeRow(key, held);
        for (let at = 0; at < row.length * 8; at++) {
          const damaged = Buffer.from(row);
          damaged[at >> 3] = (damaged[at >> 3] as number) ^ (1 << (at & 7));
          expect(errorOf(() => checkRow(key, damaged))).toEqual(corrupt);
          expect(errorOf(() => decodeRow(key, damaged))).toEqual(corrupt);
        }
        for (let length = 0; length < row.length; length++)
          expect(errorOf(() => checkRow(key, row.subarray(0, length)))).toEqual(corrupt);
        if (other !== name) expect(errorOf(() => checkRow(encodeKey(other), row))).toEqual(corrupt);
        checkRow(key, row);
      }),
      { numRuns: 30 },
    );
  });

  it('is found out when it is none, though its check sum holds', () => {
    const key = encodeKey('k');
    const withKind = (kind: number, length: number) => {
      const value = Buffer.alloc(length, 7);
      value[4] = kind;
      value.writeUInt32LE(checkSum(key, value, 4), 0);
      return value;
    };
    for (const [kind, length] of [
      [0, 6],
      [0, 21],
      [1, 5],
      [1, 20],
      [2, 21],
    ] as const)
      expect(errorOf(() => checkRow(key, withKind(kind, length)))).toEqual(corrupt);
    checkRow(key, withKind(0, 5));
    checkRow(key, withKind(1, 21));
    checkRow(key, withKind(1, 22));
  });
});

describe('the logins in the value of a row', () => {
  const key = encodeKey('k');
  const confirmedWith = (attributes: string) =>
    encodeRow(key, confirmed('users', 'k', fingerprint('abcdefghijklmnop', attributes)).held);

  it('are the one at the end of a confirmed row, where there is one', () => {
    const row = confirmedWith('attr....0123456789');
    expect(loginsOf(row)).toEqual(['0123456789']);
    expect(loginWordOf(row)).toBe(wordOfLogin('0123456789'));
    expect(loginsOf(confirmedWith('0123456789'))).toEqual(['0123456789']);
    for (const attributes of ['', 'ab', 'abcdef', 'attr....', 'attributes...']) {
      expect(loginsOf(confirmedWith(attributes))).toEqual([]);
      expect(loginWordOf(confirmedWith(attributes))).toBe(0);
    }
  });

  it('are all of an unknown row, which its check sum covers', () => {
    const logins = ['0123456789', '\0\xff\x80*******', 'abcdefghij'];
    for (let count = 0; count <= logins.length; count++) {
      const row = encodeRow(key, UNKNOWN, logins.slice(0, count));
      expect(loginsOf(row)).toEqual(logins.slice(0, count));
      expect(decodeRow(key, row)).toBe(UNKNOWN);
      for (let at = 0; at < row.length; at++) {
        const damaged = Buffer.from(row);
        damaged[at] = (damaged[at] as number) ^ 1;
        expect(errorOf(() => checkRow(key, damaged))).toEqual(corrupt);
      }
      if (count > 0) expect(errorOf(() => checkRow(key, row.subarray(0, row.length - 10)))).toEqual(corrupt);
    }
  });

  it('have a hash that is never that of no login', () => {
    expect(wordOfLogin('\0\0\0\0abcdef')).toBe(1);
    expect(loginWordOf(confirmedWith('attr\0\0\0\0abcdef'))).toBe(1);
    expect(wordOfLogin('\xff\xff\xff\xffabcdef')).toBe(0xffffffff);
  });
});

describe('the check sum of a row', () => {
  it('is the CRC-32 of the key and of what follows', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ maxLength: 90 }),
        fc.nat(6),
        (key, value, start) => {
          expect(checkSum(key, value, start)).toBe(crc32(Buffer.concat([key, value.subarray(start)])));
        },
      ),
    );
  });
});
