import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.js';
import { membershipKey, type Entity } from '../../src/core/model.js';
import { createChecker, fieldRules } from '../../src/validate/record-check.js';
import type { ValidateOptions } from '../../src/validate/validate-options.js';

const good = { userName: 'ann', email: 'a@b.cd' };
const withProfile = (profile: object) => ({ externalId: '1', profile: { ...good, ...profile } });
const verdictOf = (entity: Entity, record: unknown, options: ValidateOptions = {}) =>
  createChecker(entity, options)(record);

const NO_ID = 'is missing, empty or not a string';
const NUMBER_ID =
  'is a number; convert it to text, with String(...), because a number can lose zeros and digits';
const NO_RECORD = 'the record is not an object';
const BEYOND = 'contains a character beyond U+FFFF, such as an emoji, which Okta does not accept';
const HALF = 'contains half of a surrogate pair';
const MARKED = "is true, which is allowed in mode 'delta' only";

type Case = readonly [
  entity: Entity,
  record: unknown,
  key: string | undefined,
  field: string | undefined,
  code: string,
  reason: string,
];

describe('what is wrong with a record', () => {
  it.each<Case>([
    ['users', 7, undefined, undefined, 'NOT_A_RECORD', NO_RECORD],
    ['users', null, undefined, undefined, 'NOT_A_RECORD', NO_RECORD],
    ['users', { profile: good }, undefined, 'externalId', 'NO_EXTERNAL_ID', NO_ID],
    ['groups', { externalId: '', profile: {} }, undefined, 'externalId', 'NO_EXTERNAL_ID', NO_ID],
    ['users', { externalId: 'a🦜' }, 'a🦜', 'externalId', 'UNSUPPORTED_CHARACTER', BEYOND],
    ['users', { externalId: 'a\ud800' }, undefined, 'externalId', 'MALFORMED_TEXT', HALF],
    ['users', { externalId: '1', deleted: true }, '1', 'deleted', 'MARKED_DELETED', MARKED],
    ['users', { externalId: '1', profile: 'x' }, '1', 'profile', 'NO_PROFILE', 'is missing or not an object'],
    [
      'users',
      { externalId: '1', profile: null },
      '1',
      'profile',
      'NO_PROFILE',
      'is missing or not an object',
    ],
    ['users', { externalId: '1', profile: {} }, '1', 'profile', 'EMPTY_PROFILE', 'has no attributes'],
    ['users', withProfile({ email: undefined }), '1', 'email', 'REQUIRED', 'is required'],
    [
      'users',
      withProfile({ title: 5 }),
      '1',
      'title',
      'NOT_A_STRING',
      'is a number; Okta accepts strings only',
    ],
    [
      'users',
      withProfile({ title: {} }),
      '1',
      'title',
      'NOT_A_STRING',
      'is an object; Okta accepts strings only',
    ],
    [
      'users',
      withProfile({ title: [] }),
      '1',
      'title',
      'NOT_A_STRING',
      'is an array; Okta accepts strings only',
    ],
    ['users', withProfile({ userName: null }), '1', 'userName', 'NULL_NOT_ALLOWED', 'must not be null'],
    ['users', withProfile({ userName: '' }), '1', 'userName', 'TOO_SHORT', 'has fewer than 1 characters'],
    [
      'users',
      withProfile({ email: 'a'.repeat(101) }),
      '1',
      'email',
      'TOO_LONG',
      'has more than 100 characters',
    ],
    ['users', withProfile({ email: 'a.b.cd' }), '1', 'email', 'NOT_AN_EMAIL', 'is not a valid email address'],
    ['users', withProfile({ title: 'a🦜' }), '1', 'title', 'UNSUPPORTED_CHARACTER', BEYOND],
    ['users', withProfile({ firstName: '\udc00' }), '1', 'firstName', 'MALFORMED_TEXT', HALF],
    ['users', withProfile({ 'a\ud800': 'x' }), '1', 'a\ud800', 'MALFORMED_TEXT', HALF],
    ['users', { externalId: '1', profile: { userName: 'a' } }, '1', 'email', 'REQUIRED', 'is required'],
    [
      'groups',
      { externalId: '1', profile: { description: '' } },
      '1',
      'displayName',
      'REQUIRED',
      'is required',
    ],
    [
      'groups',
      { externalId: '1', profile: { displayName: 'g', email: 'a@b.cd' } },
      '1',
      'email',
      'UNKNOWN_ATTRIBUTE',
      'is not an attribute that a group can have',
    ],
    [
      'users',
      { externalId: '1', profile: JSON.parse('{"__proto__":"x"}') as object },
      '1',
      '__proto__',
      'UNSUPPORTED_ATTRIBUTE',
      'is not a valid attribute name',
    ],
    [
      'users',
      withProfile({ note: 'x'.repeat(200_000) }),
      '1',
      undefined,
      'TOO_LARGE',
      'the record does not fit into one request of 200,000 bytes',
    ],
    ['memberships', 'x', undefined, undefined, 'NOT_A_RECORD', NO_RECORD],
    ['memberships', null, undefined, undefined, 'NOT_A_RECORD', NO_RECORD],
    ['memberships', { memberExternalId: 'a' }, undefined, 'groupExternalId', 'NO_EXTERNAL_ID', NO_ID],
    [
      'memberships',
      { groupExternalId: 'g', memberExternalId: '' },
      undefined,
      'memberExternalId',
      'NO_EXTERNAL_ID',
      NO_ID,
    ],
    [
      'memberships',
      { groupExternalId: 'g🦜', memberExternalId: 'a' },
      membershipKey('g🦜', 'a'),
      'groupExternalId',
      'UNSUPPORTED_CHARACTER',
      BEYOND,
    ],
    [
      'memberships',
      { groupExternalId: 'g', memberExternalId: 'a'.repeat(256) },
      membershipKey('g', 'a'.repeat(256)),
      'memberExternalId',
      'TOO_LONG',
      'has more than 255 characters',
    ],
    [
      'memberships',
      { groupExternalId: 'g', memberExternalId: 'a', deleted: true },
      membershipKey('g', 'a'),
      'deleted',
      'MARKED_DELETED',
      MARKED,
    ],
  ])('of %s, case %#: field, code and reason', (entity, record, key, field, code, reason) => {
    expect(verdictOf(entity, record)).toEqual({ key, field, code, reason });
  });

  it('is nothing where it is good, and it stays as it is', () => {
    const membership = { groupExternalId: 'g', memberExternalId: 'a', more: 1 };
    expect((verdictOf('memberships', membership) as { record: unknown }).record).toBe(membership);
    const user = { ...withProfile({ title: null }), more: 1 };
    expect((verdictOf('users', user) as { record: unknown }).record).toBe(user);
  });

  it.each([
    ['a@b.cd', true],
    ['a@b c.de', false],
    ['a b@c.de', false],
    ['a@b@c.de', false],
    ['abcd@', false],
    ['@abcd', false],
    ['a@b.cd ', false],
    [' a@b.cd', false],
  ])('%j is an email address: %s', (email, is) => {
    expect('code' in verdictOf('users', withProfile({ email }))).toBe(!is);
  });

  it('a group may have a value in `email` of any form where its schema declares it', () => {
    const attributes = { email: { min: 0, max: 10, nullable: true } };
    const record = { externalId: '1', profile: { displayName: 'g', email: 'any' } };
    expect(verdictOf('groups', record, { attributes })).toEqual({ record });
  });

  it('attributes that a schema declares further are held to it', () => {
    const attributes = {
      grade: { min: 2, max: 3, nullable: false },
      firstName: { min: 3, max: 60, nullable: false },
    };
    const codeOf = (profile: object) => {
      const verdict = verdictOf('users', withProfile(profile), { attributes });
      return 'code' in verdict ? verdict.code : undefined;
    };
    expect(codeOf({ grade: 'ab', firstName: 'x'.repeat(60) })).toBeUndefined();
    expect(codeOf({ grade: 'a' })).toBe('TOO_SHORT');
    expect(codeOf({ grade: 'abcd' })).toBe('TOO_LONG');
    expect(codeOf({ grade: null })).toBe('NULL_NOT_ALLOWED');
    expect(codeOf({ firstName: 'ab' })).toBe('TOO_SHORT');
    expect(codeOf({ userName: 'x'.repeat(101) })).toBe('TOO_LONG');
  });

  it('what is required must be there, not empty and not null', () => {
    const options = { required: ['title'] };
    for (const title of [null, '', undefined]) {
      const profile = title === undefined ? { nickName: 'x' } : { title };
      expect(verdictOf('users', { externalId: '1', profile }, options)).toMatchObject({
        field: 'title',
        code: 'REQUIRED',
      });
    }
    expect(verdictOf('users', { externalId: '1', profile: { title: 'x' } }, options)).not.toHaveProperty(
      'code',
    );
  });
});

describe('values that are turned into strings', () => {
  const record = withProfile({ number: 7, flag: false });
  it.each([
    [true, { number: '7', flag: 'false' }],
    [
      { numbers: true, booleans: true },
      { number: '7', flag: 'false' },
    ],
  ])('coerce %o', (coerce, profile) => {
    expect(verdictOf('users', record, { coerce })).toEqual({ record: withProfile(profile) });
    expect(record).toEqual(withProfile({ number: 7, flag: false }));
  });

  it.each([
    [false, 'number'],
    [{}, 'number'],
    [{ booleans: true }, 'number'],
    [{ numbers: false, booleans: true }, 'number'],
    [{ numbers: true }, 'flag'],
    [{ numbers: true, booleans: false }, 'flag'],
  ])('coerce %o leaves %s, which is refused', (coerce, field) => {
    expect(verdictOf('users', record, { coerce })).toMatchObject({ field, code: 'NOT_A_STRING' });
  });

  it.each([Number.NaN, Infinity, -Infinity])('%s is no number to send', (number) => {
    expect(verdictOf('users', withProfile({ number }), { coerce: true })).toMatchObject({ field: 'number' });
  });

  it('only what is at fault is replaced, and the rest of the record stays', () => {
    const options = { unsupportedCharacters: { replaceWith: '_' } };
    const faulty = { ...withProfile({ title: 'a🦜', nickName: 'b' }), more: 1 };
    expect(verdictOf('users', faulty, options)).toEqual({
      record: { ...withProfile({ title: 'a_', nickName: 'b' }), more: 1 },
    });
    const clean = withProfile({ title: 'ä' });
    expect(verdictOf('users', clean, options)).toHaveProperty('record', clean);
    expect((verdictOf('users', clean, options) as { record: unknown }).record).toBe(clean);
  });
});

describe('a record that fits in a request', () => {
  // `{"externalId":"1","profile":{"":""}}`, and what a request has around it at most.
  const AROUND = 36 + 200;
  const options = { required: [] };
  const fits = (profile: object, externalId = '1') =>
    !('code' in verdictOf('users', { externalId, profile }, options));

  it.each([
    ['value', (text: string) => ({ n: text })],
    ['name', (text: string) => ({ [text]: 'v' })],
  ])('takes 200,000 bytes and no more, escapes counted, by a long %s', (_, profileOf) => {
    // Each takes three bytes, which is the most that a character can; one more is the other text.
    const most = Math.floor((LIMITS.bytesPerRequest - AROUND - 1) / 3);
    const left = LIMITS.bytesPerRequest - AROUND - 1 - most * 3;
    const text = (more: number) => '漢'.repeat(most) + 'x'.repeat(left + more);
    expect(fits(profileOf(text(0)))).toBe(true);
    expect(fits(profileOf(text(1)))).toBe(false);
    expect(fits(profileOf(`${text(0)}"`))).toBe(false);
  });

  it('is measured as it is sent: after what is replaced, and with its id', () => {
    const birds = '🦜'.repeat(60_000);
    const replaced = { ...options, unsupportedCharacters: { replaceWith: 'ab' } };
    const verdict = (text: string) => verdictOf('users', { externalId: '1', profile: { n: text } }, replaced);
    expect(verdict(birds)).not.toHaveProperty('code');
    expect(verdict(birds.repeat(2))).toMatchObject({ code: 'TOO_LARGE' });
    const text = 'x'.repeat(LIMITS.bytesPerRequest - AROUND - 1);
    expect(fits({ n: text })).toBe(true);
    expect(fits({ n: text }, '12')).toBe(false);
  });
});

describe('a record of a delta feed', () => {
  const options: ValidateOptions = { mode: 'delta' };

  it.each([
    ['users', { externalId: '1', deleted: true }],
    ['users', { externalId: 'x'.repeat(LIMITS.userExternalIdLength), deleted: true, profile: 'anything' }],
    ['groups', { externalId: 'x'.repeat(LIMITS.groupExternalIdLength), deleted: true }],
    ['memberships', { groupExternalId: 'g', memberExternalId: 'a', deleted: true }],
  ] as const)('%s: needs no more than its ids where it is marked, and stays as it is', (entity, record) => {
    expect((verdictOf(entity, record, options) as { record: unknown }).record).toBe(record);
  });

  it.each<Case>([
    ['users', { deleted: true }, undefined, 'externalId', 'NO_EXTERNAL_ID', NO_ID],
    ['users', { externalId: '', deleted: true }, undefined, 'externalId', 'NO_EXTERNAL_ID', NO_ID],
    ['groups', { externalId: 5, deleted: true }, undefined, 'externalId', 'NO_EXTERNAL_ID', NUMBER_ID],
    [
      'users',
      { externalId: 'x'.repeat(513), deleted: true },
      'x'.repeat(513),
      'externalId',
      'TOO_LONG',
      'has more than 512 characters',
    ],
    [
      'groups',
      { externalId: 'x'.repeat(256), deleted: true },
      'x'.repeat(256),
      'externalId',
      'TOO_LONG',
      'has more than 255 characters',
    ],
    [
      'memberships',
      { groupExternalId: 'g', deleted: true },
      undefined,
      'memberExternalId',
      'NO_EXTERNAL_ID',
      NO_ID,
    ],
    [
      'users',
      { externalId: '1', deleted: 'true' },
      '1',
      'profile',
      'NO_PROFILE',
      'is missing or not an object',
    ],
    ['users', 'x', undefined, undefined, 'NOT_A_RECORD', NO_RECORD],
    ['users', null, undefined, undefined, 'NOT_A_RECORD', NO_RECORD],
  ])('%s %o: is refused', (entity, record, key, field, code, reason) => {
    expect(verdictOf(entity, record, options)).toEqual({ key, field, code, reason });
  });
});

describe('the rules of fields', () => {
  it('are those of the entity, with what the options add', () => {
    expect(fieldRules('memberships', {})).toEqual({ limits: new Map(), required: [] });
    expect(fieldRules('users', {})).toEqual({
      limits: new Map(Object.entries(LIMITS.userProfile)),
      required: ['userName', 'email'],
    });
    const attributes = { grade: { min: 0, max: 1, nullable: true } };
    expect(fieldRules('groups', { attributes, required: ['grade'] })).toEqual({
      limits: new Map(Object.entries({ ...LIMITS.groupProfile, ...attributes })),
      required: ['grade'],
    });
    expect(fieldRules('groups', {}).required).toEqual(['displayName']);
  });
});
