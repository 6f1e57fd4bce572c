import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Profile } from '../../src/core/model.js';
import { AttributeFingerprints } from '../../src/fingerprints/attribute-fingerprints.js';

const KEY = '0123456789abcdef'.repeat(2);
const attributes = (key = KEY) => new AttributeFingerprints(key);

const names = ['userName', 'email', 'title', 'ä', 'department'];
const profile: fc.Arbitrary<Profile> = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom(...names), fc.option(fc.constantFrom('', 'a', 'b', 'aa', '汉', 'x'.repeat(99)))),
    {
      selector: ([name]) => name,
    },
  )
  .map((pairs) => Object.fromEntries(pairs));

describe('the fingerprints of attributes', () => {
  it('name exactly the attributes that differ, those that are gone last', () => {
    fc.assert(
      fc.property(profile, profile, (before, after) => {
        const known = attributes();
        const old = known.of(before);
        const changed = Object.keys(after).filter(
          (name) => !(name in before) || before[name] !== after[name],
        );
        const gone = Object.keys(before).filter((name) => !(name in after));
        const told = known.changed(old, after);
        expect(told.slice(0, changed.length)).toEqual(changed);
        expect(told.slice(changed.length).sort()).toEqual(gone.sort());
      }),
    );
  });

  it('are four characters of eight bits for each attribute', () => {
    fc.assert(
      fc.property(profile, (one) => {
        const text = attributes().of(one);
        expect(text).toHaveLength(4 * Object.keys(one).length);
        for (const character of text) expect(character.charCodeAt(0)).toBeLessThan(256);
      }),
    );
  });

  it('hold nothing for null but that, and something for every text', () => {
    expect(attributes().of({ title: null }).slice(2)).toBe('\0\0');
    expect(attributes().of({ title: undefined } as never)).toBe(attributes().of({ title: null }));
    // Of these two the 16 bits are 0.
    for (const title of ['v17559', 'v33812']) expect(attributes().of({ title }).slice(2)).toBe('\u0001\0');
  });

  it('are keyed: another state has others, of names and of values', () => {
    const [mine, other] = [attributes(), attributes(`${KEY.slice(0, 16)}fedcba98${KEY.slice(24)}`)];
    const one = { title: 'chief' };
    expect(mine.of(one).slice(0, 2)).not.toBe(other.of(one).slice(0, 2));
    expect(mine.of(one).slice(2)).not.toBe(other.of(one).slice(2));
  });

  it('of a name and of the same text as a value differ', () => {
    const text = attributes().of({ title: 'title' });
    expect(text.slice(0, 2)).not.toBe(text.slice(2));
  });

  it('of an attribute that nobody knows the name of any more say that it is gone', () => {
    const old = attributes().of({ title: 'x', email: 'y' });
    expect(attributes().changed(old, { email: 'y' })).toEqual(['(removed)']);
  });

  it('that were cut off name what they do not tell of', () => {
    const known = attributes();
    const old = known.of({ email: 'y', title: 'x' });
    expect(known.changed(old.slice(0, -1), { email: 'y', title: 'x' })).toEqual(['title']);
    expect(known.changed('', { email: null })).toEqual(['email']);
  });

  it('rarely meet: of 2,000 values next to each other, no more than chance has it', () => {
    const values = Array.from({ length: 2000 }, (_, i) =>
      attributes()
        .of({ title: `value ${i}` })
        .slice(2),
    );
    // Thirty pairs of 2,000 are expected to meet in 16 bits.
    expect(new Set(values).size).toBeGreaterThan(1940);
    const columns = Array.from({ length: 300 }, (_, i) =>
      attributes()
        .of({ [`extensionAttribute${i}`]: null })
        .slice(0, 2),
    );
    expect(new Set(columns).size).toBeGreaterThan(295);
  });
});
