import { describe, expect, it } from 'vitest';
import { AttributeFingerprints } from '../../src/fingerprints/attribute-fingerprints.js';
import { createDigester } from '../../src/fingerprints/digests.js';
import { createKeyHasher } from '../../src/fingerprints/key-hash.js';

// A state outlives versions of the code: were one of these to change, every record would count as changed, or no row be found.
const KEY = '0123456789abcdef'.repeat(2);
const hex = (text: string) => Buffer.from(text, 'latin1').toString('hex');

describe('what a state keeps of a record stays the same from version to version', () => {
  const person = {
    externalId: '1',
    profile: { userName: 'ann', title: '', manager: null, straße: '汉字 ä' },
  };

  it('its fingerprint', () => {
    const fingerprinter = createDigester(KEY);
    expect(hex(fingerprinter.of('users', person))).toBe('26518f78fc42b5b51a56593d079ac3bb');
    const group = { externalId: '1', profile: { displayName: 'g' } };
    expect(hex(fingerprinter.of('groups', group))).toBe('6302733c007240e8acd536b3fc8197d6');
    const membership = { groupExternalId: 'g1', memberExternalId: 'ä' };
    expect(hex(fingerprinter.of('memberships', membership))).toBe('4e86df97b2be7996bfacfebb97bb10e7');
  });

  it('the prints of its attributes', () => {
    expect(hex(new AttributeFingerprints(KEY).of(person.profile))).toBe('0874c0a08b01d4e8eee300007a2d1719');
  });

  it('the fingerprint of its login, which follows them', () => {
    const fingerprints = new AttributeFingerprints(KEY);
    expect(hex(fingerprints.ofUser(person.profile).slice(-10))).toBe('2722c908ebd292d7d35d');
  });

  it.each([
    ['', 3213090593, 1078597293],
    ['a', 2431488961, 3172207711],
    ['ann@x.example', 3948770994, 854092829],
    ['2:g1ä', 388631174, 2641594447],
    ['汉字', 3881002585, 3866803221],
  ])('the hash of its key: %j', (key, high, low) => {
    const into = { high: 0, low: 0 };
    createKeyHasher(KEY)(key, into);
    expect(into).toEqual({ high, low });
  });
});
