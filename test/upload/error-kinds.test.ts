import { describe, expect, it } from 'vitest';
import { OktaAuthError, OktaHttpError } from '../../src/core/errors.js';
import { isRefused, isTransient } from '../../src/upload/error-kinds.js';
import { FAILURES } from './scripted.js';

describe('a failure of a call', () => {
  it.each([
    ['lost', 'says nothing'],
    ['page', 'says nothing'],
    ['fault', 'says nothing'],
    ['tooMany', 'says nothing'],
    ['refused', 'is a refusal'],
    ['unknown', 'is a refusal'],
    ['conflict', 'is a refusal'],
    ['signIn', 'is neither'],
    ['bug', 'is neither'],
  ] as const)('%s %s', (kind, verdict) => {
    expect(isTransient(FAILURES[kind])).toBe(verdict === 'says nothing');
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
