import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrintPage } from '../../../src/state/lmdb/print-page.js';
import { ROWS_PER_PAGE } from '../../../src/state/lmdb/row-page.js';

const anyPrints = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((n) => String.fromCharCode(n)),
  maxLength: 12,
});
const anySlot = fc.nat(ROWS_PER_PAGE - 1);
/** Prints of slots, and after each whether the page is written and read again. */
const anySets = fc.array(fc.tuple(anySlot, anyPrints, fc.boolean()), { maxLength: 40 });

const reread = (page: PrintPage) => PrintPage.over(Buffer.from(page.toBytes()));
const all = (page: PrintPage) => Array.from({ length: ROWS_PER_PAGE }, (_, slot) => page.get(slot));

describe('the prints of a page', () => {
  it('are what was set last, before and after they are written', () => {
    fc.assert(
      fc.property(anySets, (sets) => {
        let page = PrintPage.over(undefined);
        const plain = Array<string>(ROWS_PER_PAGE).fill('');
        for (const [slot, prints, writes] of sets) {
          page.set(slot, prints);
          plain[slot] = prints;
          expect(page.get(slot)).toBe(prints);
          expect(page.isEmpty).toBe(plain.every((each) => each === ''));
          if (writes) page = reread(page);
        }
        expect(all(page)).toEqual(plain);
        expect(all(reread(page))).toEqual(plain);
        expect(all(page)).toEqual(plain);
        expect(reread(page).isEmpty).toBe(plain.every((each) => each === ''));
      }),
    );
  });

  it('of one length are written where they stand, of another anew', () => {
    const page = PrintPage.over(undefined);
    page.set(3, 'abcd');
    const bytes = page.toBytes();
    page.set(3, 'efgh');
    expect(page.toBytes()).toBe(bytes);
    page.set(3, 'x');
    page.set(3, 'ijkl');
    expect(page.get(3)).toBe('ijkl');
    expect(page.toBytes()).toBe(bytes);
    page.set(95, 'last');
    expect(all(reread(page))).toEqual([
      ...['', '', '', 'ijkl'],
      ...Array<string>(ROWS_PER_PAGE - 5).fill(''),
      'last',
    ]);
  });

  it('are none once the last is taken away, before that is written and after', () => {
    const page = PrintPage.over(undefined);
    expect(page.isEmpty).toBe(true);
    page.set(7, 'abcd');
    expect(page.isEmpty).toBe(false);
    const written = reread(page);
    written.set(7, '');
    expect(written.isEmpty).toBe(true);
    expect(reread(written).isEmpty).toBe(true);
    written.set(8, 'x');
    expect(written.isEmpty).toBe(false);
  });

  it('of eight bits take the place of others without touching their neighbours', () => {
    const page = PrintPage.over(undefined);
    for (const slot of [3, 4, 5]) page.set(slot, 'abcd');
    const written = reread(page);
    written.set(4, '\u00ff\u0080\u00e4\u0001');
    expect(all(reread(written)).slice(3, 6)).toEqual(['abcd', '\u00ff\u0080\u00e4\u0001', 'abcd']);
  });

  it('take what they hold, two bytes a row and four of a check sum', () => {
    const page = PrintPage.over(undefined);
    expect(page.toBytes()).toHaveLength(4 + 2 * ROWS_PER_PAGE);
    page.set(0, 'ab');
    page.set(1, 'c');
    expect(page.toBytes()).toHaveLength(4 + 2 * ROWS_PER_PAGE + 3);
    page.set(0, '');
    expect(page.toBytes()).toHaveLength(4 + 2 * ROWS_PER_PAGE + 1);
  });

  it('that are not what was written are refused, whatever byte it is', () => {
    const page = PrintPage.over(undefined);
    for (let slot = 0; slot < ROWS_PER_PAGE; slot += 5) page.set(slot, 'prints');
    const bytes = page.toBytes();
    expect(all(PrintPage.over(Buffer.from(bytes)))[5]).toBe('prints');
    const refusal = expect.objectContaining({ code: 'ERR_ROLLCALL_STATE_CORRUPT' }) as Error;
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      expect(() => PrintPage.over(changed), `byte ${at}`).toThrow(refusal);
    }
    for (const length of [0, 3, 4, 100, 195, 196, bytes.length - 1])
      expect(() => PrintPage.over(bytes.subarray(0, length)), `${length} bytes`).toThrow(refusal);
    // The check sum of nothing is 0.
    expect(() => PrintPage.over(Buffer.alloc(4))).toThrow(refusal);
  });
});
