import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact } from '../../src/okta/redact.js';
import { runs } from '../support/runs.js';

/** Few letters, some of which patterns and JSON treat specially, so that values overlap and appear in each other. */
const letters = fc.constantFrom('a', 'b', 'A', '.', '*', '"', '\\', '…', ' ', '\n', '😀', 'ς');
const value = fc.string({ unit: letters, maxLength: 6 });
const text = fc
  .array(fc.oneof(value, fc.string({ unit: letters, maxLength: 12 })), { maxLength: 8 })
  .map((parts) => parts.join(''));

describe('redact', () => {
  it('leaves no value of three or more characters in any text', () => {
    fc.assert(
      fc.property(text, fc.array(value, { maxLength: 6 }), (given, values) => {
        const seen = redact(given, values);
        for (const one of values) expect(one.length >= 3 && seen.includes(one), one).toBe(false);
      }),
      { numRuns: runs(3000) },
    );
  });

  it('leaves no value that the text contains, between other words', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 3 }), fc.string(), fc.string(), (one, before, after) => {
        expect(redact(`${before}${one}${after}`, [one]).includes(one)).toBe(false);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('alters nothing else', () => {
    const words = fc.stringMatching(/^[a-z ]{0,30}$/);
    fc.assert(
      fc.property(words, words, fc.array(fc.stringMatching(/^[0-9]{3,9}$/)), (before, after, values) => {
        expect(redact(before, values)).toBe(before);
        for (const one of values)
          expect(redact(`${before}${one}${after}`, values)).toBe(`${before}…${after}`);
      }),
      { numRuns: runs(1000) },
    );
  });

  it.each([
    [
      'the longest of values that contain each other',
      'Ada Lovelace is known',
      ['Ada', 'Ada Lovelace'],
      '… is known',
    ],
    ['any case of letters', 'login ADA@X.EXAMPLE', ['ada@x.example'], 'login …'],
    ['a value without the spaces around it', "'Ada'", ['  Ada '], "'…'"],
    ['a value as JSON writes it', String.raw`{"title":"a \"b\""}`, ['a "b"'], '{"title":"…"}'],
    ['a value that its neighbours form', 'abxyzcd', ['xyz', 'b…c'], 'a…d'],
  ])('hides %s', (_, given, values, expected) => {
    expect(redact(given, values)).toBe(expected);
  });

  it('keeps values of one and two characters, and text without values', () => {
    expect(redact('firstName: at most 50 characters, not an', ['50', 'an', ''])).toBe(
      'firstName: at most 50 characters, not an',
    );
  });
});
