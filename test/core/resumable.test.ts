import { describe, expect, it } from 'vitest';
import { EXIT, exitCodeOf } from '../../src/cli/process/exit-codes.js';
import {
  AbortedError,
  BusyError,
  ForeignSessionError,
  GuardError,
  OktaAuthError,
  OktaGatewayError,
  OktaHttpError,
  OktaNetworkError,
  PollTimeoutError,
  SessionError,
  SourceError,
  StateError,
} from '../../src/core/errors.js';
import { isResumable } from '../../src/core/resumable.js';
import { postgresFailure } from '../../src/state/postgres/failure.js';

const ofPostgres = (code: string) =>
  postgresFailure('the state could not be used', 'the database', Object.assign(new Error(code), { code }));

describe('another run gets further by itself', () => {
  it.each<[string, unknown]>([
    ['an aborted run', new AbortedError()],
    ['a state in use', new BusyError(1, 'host', new Date(0))],
    ['a long import', new PollTimeoutError('session', 'TRIGGERED', 1)],
    ['a failed session', new SessionError('it failed', 'session', 'ERROR')],
    ['a fault of Okta', new OktaHttpError('getSession', 503)],
    ['a rate limit', new OktaHttpError('getSession', 429)],
    ['a lost answer', new OktaNetworkError('getSession', true, 'ECONNRESET')],
    ['a state that another process took over', new StateError('lost', { code: 'ERR_ROLLCALL_STATE_LOST' })],
    ...[
      ...['57P01', '57P03', '40001', '40P01', '53300'],
      ...['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'EAI_AGAIN'],
    ].map((code): [string, unknown] => [`a failure ${code} of the server of the state`, ofPostgres(code)]),
  ])('after %s', (_, error) => {
    expect(isResumable(error)).toBe(true);
    expect(exitCodeOf(error)).toBe(EXIT.INCOMPLETE);
  });

  it.each<[string, unknown, number]>([
    ['a stopped plan', new GuardError([], 'hash'), EXIT.GUARD],
    ['a source that is cut off', new SourceError('cut off'), EXIT.FAILED],
    ['refused credentials', new OktaAuthError('getSession', 401), EXIT.FAILED],
    ['a refused request', new OktaHttpError('getSession', 400), EXIT.FAILED],
    ['a proxy that refuses', new OktaGatewayError('getSession', 403, 'refused'), EXIT.FAILED],
    [
      'a certificate that is not trusted',
      new OktaNetworkError('getSession', false, 'SELF_SIGNED', true),
      EXIT.FAILED,
    ],
    ['another session', new ForeignSessionError('session', 'CREATED'), EXIT.FAILED],
    ['a state of another org', new StateError('x', { code: 'ERR_ROLLCALL_STATE_TARGET' }), EXIT.FAILED],
    ...['25006', '28P01', '42501', '53100', 'ENOTFOUND'].map((code): [string, unknown, number] => [
      `a failure ${code} of the server of the state`,
      ofPostgres(code),
      EXIT.FAILED,
    ]),
    ['an error of a program', new TypeError('x is undefined'), EXIT.FAILED],
  ])('but not after %s', (_, error, code) => {
    expect(isResumable(error)).toBe(false);
    expect(exitCodeOf(error)).toBe(code);
  });
});
