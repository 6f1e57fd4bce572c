import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AttributeFingerprints } from '../../src/fingerprints/attribute-fingerprints.js';
import { LoginFingerprints, loginOf, withoutLogin } from '../../src/fingerprints/login-fingerprints.js';

const KEY = '000102030405060708090a0b0c0d0e0f';
const anyProfile = fc.dictionary(fc.string({ minLength: 1 }), fc.option(fc.string()), { maxKeys: 6 });

describe('the fingerprint of a login', () => {
  it('is ten characters, the same in upper and lower case, and another under another key', () => {
    const login = new LoginFingerprints(KEY).of('ann@x.example');
    expect(login).toHaveLength(10);
    expect(new LoginFingerprints(KEY).of('Ann@X.example')).toBe(login);
    expect(new LoginFingerprints(KEY).of('bob@x.example')).not.toBe(login);
    expect(new LoginFingerprints(KEY.replaceAll('0', '1')).of('ann@x.example')).not.toBe(login);
  });

  it('follows the fingerprints of the attributes, and changes nothing of what they say', () => {
    fc.assert(
      fc.property(anyProfile, anyProfile, fc.string({ minLength: 1 }), (one, other, userName) => {
        const fingerprints = new AttributeFingerprints(KEY);
        const before = { ...one, userName };
        const text = fingerprints.ofUser(before);
        expect(withoutLogin(text)).toBe(fingerprints.of(before));
        expect(loginOf(text)).toBe(new LoginFingerprints(KEY).of(userName));
        expect(fingerprints.changed(text, other)).toEqual(
          fingerprints.changed(fingerprints.of(before), other),
        );
      }),
    );
  });

  it('is not there without a login', () => {
    const fingerprints = new AttributeFingerprints(KEY);
    for (const profile of [{ title: 'x' }, { userName: '' }, { userName: null }, {}]) {
      expect(fingerprints.ofUser(profile)).toBe(fingerprints.of(profile));
      expect(loginOf(fingerprints.ofUser(profile))).toBeUndefined();
    }
  });
});
