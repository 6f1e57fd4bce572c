import { describe, expect, it } from 'vitest';
import { OktaAuthError, OktaHttpError } from '../../src/core/errors.js';
import { isNotDone } from '../../src/okta/lost-answer.js';
import { isRefused, isTransient, isUnanswered } from '../../src/upload/error-kinds.js';
import { FAILURES } from './scripted.js';

describe('a failure of a call', () => {
  it.each([
    ['lost', 'says nothing'],
    ['page', 'says nothing'],
    ['fault', 'says nothing'],
    ['timedOut', 'says nothing'],
    ['redirect', 'says nothing'],
    ['tooMany', 'says that nothing was done'],
    ['unsent', 'says that nothing was done'],
    ['readOnly', 'says that nothing was done'],
    ['refused', 'is a refusal'],
    ['unknown', 'is a refusal'],
    ['unenveloped', 'is a refusal'],
    ['conflict', 'is a refusal'],
    ['signIn', 'is none of these'],
    ['unauthorized', 'is none of these'],
    ['forbidden', 'is none of these'],
    ['bug', 'is none of these'],
  ] as const)('%s %s', (kind, verdict) => {
    expect(isTransient(FAILURES[kind])).toBe(verdict === 'says nothing');
    expect(isNotDone(FAILURES[kind])).toBe(verdict === 'says that nothing was done');
    expect(isRefused(FAILURES[kind])).toBe(verdict === 'is a refusal');
  });

  it.each([403, 410, 499])('%i is neither', (status) => {
    const error = new OktaHttpError('op', status);
    expect([isTransient(error), isRefused(error)]).toEqual([false, false]);
  });

  it('a sign-in that is refused is no refusal of the call, whatever its status', () => {
    expect(isRefused(new OktaAuthError('op', 404))).toBe(false);
  });
});

describe('a look at a session', () => {
  it.each(['lost', 'page', 'fault', 'timedOut', 'forbidden', 'unenveloped', 'unknown'] as const)(
    'that met %s may be answered later',
    (kind) => {
      expect(isUnanswered(FAILURES[kind])).toBe(true);
    },
  );

  it.each(['redirect', 'signIn', 'unauthorized', 'refused', 'tooMany', 'unsent', 'readOnly', 'bug'] as const)(
    'that met %s will not',
    (kind) => {
      expect(isUnanswered(FAILURES[kind])).toBe(false);
    },
  );
});
