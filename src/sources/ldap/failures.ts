import { SourceError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';

/** The server's result of an operation is not success. */
export class ResultFailure extends Error {
  /** @param detail - Active Directory's own code of a failed sign-in, such as `52e`; undefined if there is none */
  constructor(
    readonly code: number,
    readonly detail?: string | undefined,
  ) {
    super(`LDAP result ${code}`);
  }
}

/** The connection does not exist any more. */
export class LostConnection extends Error {
  /** @param code - such as ECONNRESET, or what happened */
  constructor(readonly code: string) {
    super(code);
  }
}

/** The results of RFC 4511 that people meet, by their codes. */
export const RESULT = Object.freeze({
  success: 0,
  operationsError: 1,
  timeLimitExceeded: 3,
  sizeLimitExceeded: 4,
  strongerAuthRequired: 8,
  referral: 10,
  adminLimitExceeded: 11,
  unavailableCriticalExtension: 12,
  confidentialityRequired: 13,
  noSuchObject: 32,
  invalidDNSyntax: 34,
  inappropriateAuthentication: 48,
  invalidCredentials: 49,
  insufficientAccessRights: 50,
  busy: 51,
  unavailable: 52,
  unwillingToPerform: 53,
});

const NAMES = new Map<number, string>(Object.entries(RESULT).map(([name, code]) => [code, name]));

/** Active Directory's reasons for a refused sign-in. */
const SIGN_IN: Readonly<Record<string, string>> = Object.freeze({
  '525': 'there is no such account',
  '52e': 'the password is wrong',
  '530': 'the account may not sign in at this time',
  '531': 'the account may not sign in from this machine',
  '532': 'the password has expired',
  '533': 'the account is disabled',
  '701': 'the account has expired',
  '773': 'the password must be changed first',
  '775': 'the account is locked',
});

/** What to do about a search that the server ended early. The read then says nothing about the entries that are missing. */
const REMEDIES: Readonly<Record<number, string>> = Object.freeze({
  [RESULT.operationsError]: 'sign in with bind, because many servers show nothing to others',
  [RESULT.timeLimitExceeded]:
    'raise the time limit of this account at the server, or use a filter with indexed attributes',
  [RESULT.sizeLimitExceeded]:
    'raise the size limit of paged searches for this account at the server, or split the search into several bases',
  [RESULT.adminLimitExceeded]:
    "raise the server's administrative limit for this account, or use a filter with indexed attributes",
  [RESULT.strongerAuthRequired]: 'use ldaps:// or startTls, because the server requires it',
  [RESULT.confidentialityRequired]: 'use ldaps:// or startTls, because the server requires it',
  [RESULT.referral]: 'use the server that has the base, or a base that this server has',
  [RESULT.unavailableCriticalExtension]:
    'use a server with paged results (RFC 2696), because otherwise a search that was cut off looks complete',
  [RESULT.noSuchObject]: 'check the base, and that the account may read it',
  [RESULT.invalidDNSyntax]: 'check the base',
  [RESULT.insufficientAccessRights]: 'let the account read these entries',
});

/** The server could not be reached, or refused the sign-in. The error of the system is not attached. */
export function connectFailure(server: string, error: unknown): SourceError {
  if (error instanceof SourceError) return error;
  if (error instanceof ResultFailure) return new SourceError(`${server}: ${refusedSignIn(error)}`);
  const code = codeOf(error);
  return new SourceError(`cannot connect to ${server} (${code}); ${remedyOf(code)}`);
}

function refusedSignIn({ code, detail }: ResultFailure): string {
  if (code !== RESULT.invalidCredentials)
    return `the sign-in failed (${named(code)}); ${REMEDIES[code] ?? 'see the log of the server'}`;
  const reason = detail === undefined ? undefined : SIGN_IN[detail];
  return `the server refused the sign-in (${reason ?? named(code)}); check bind.dn and the password`;
}

/** A search failed, or its connection broke. Messages of the server are left out, because they can quote values. */
export function searchFailure(name: string, base: string, error: unknown): unknown {
  const place = { file: name };
  if (error instanceof LostConnection)
    return new SourceError(
      `the connection broke before the last entry (${error.code}), so nothing counts as removed; run again`,
      place,
    );
  if (!(error instanceof ResultFailure)) return error;
  const remedy = REMEDIES[error.code] ?? 'see the log of the server';
  return new SourceError(
    `the search below ${quoted(base)} is incomplete (${named(error.code)}), so nothing counts as removed; ${remedy}`,
    place,
  );
}

function named(code: number): string {
  const name = NAMES.get(code);
  return name === undefined ? `LDAP result ${code}` : `${name}, LDAP result ${code}`;
}

function codeOf(error: unknown): string {
  if (error instanceof LostConnection) return error.code;
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && code !== '' ? code : 'the connection ended';
}

function remedyOf(code: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'check the name of the host';
  if (/CERT|SIGN|ISSUER/.test(code))
    return 'the certificate is not trusted: name the CA that signed it with ca (caFile in a config file), and use the host name that it has';
  if (/SSL|TLS|EPROTO/.test(code)) return 'check that the port speaks TLS: 636 is usual for ldaps://';
  return 'check the host and the port, and that the server accepts connections from this machine';
}
