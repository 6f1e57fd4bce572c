import { RollcallError, StateError } from '../../core/errors.js';

const NOT_ACCEPTED = 'check the host and the port, and that the server accepts connections from this machine';

/** What to do about an error, by the SQLSTATE of PostgreSQL or the code of the system. */
const REMEDIES: Readonly<Record<string, string>> = Object.freeze({
  '25006': 'the server or the role is read-only: use the primary server, and a role that may write',
  '28000': 'check the user, and pg_hba.conf of the server',
  '28P01': 'check the user and the password (PGPASSWORD, or a file that PGPASSFILE names)',
  '3D000': 'check the name of the database',
  '40001': 'another transaction was in its way; run again',
  '40P01': 'another transaction was in its way; run again',
  '42501':
    'the role needs CREATE on the schema once, and later the rights to read and write its tables and TEMPORARY on the database',
  '53100': 'the disk of the server is full: free it; what was confirmed before is there',
  '53300': 'the server accepts no more connections',
  '55P03': 'a lock was held for longer than lock_timeout: raise it for this role',
  '57014': 'the statement was cancelled, or took longer than statement_timeout: raise it for this role',
  '57P01': 'the server ended the connection; run again',
  '57P02': 'the server ended the connection; run again',
  '57P03': 'the server is starting or stopping; run again',
  '58030': 'the disk of the server fails',
  XX001: 'the database is damaged: restore a backup',
  XX002: 'an index of the database is damaged: reindex it',
  ECONNRESET: 'the connection ended; run again',
  EPIPE: 'the connection ended; run again',
  ENOTFOUND: 'check the name of the host',
  EAI_AGAIN: 'check the name of the host',
  ECONNREFUSED: NOT_ACCEPTED,
  EHOSTUNREACH: NOT_ACCEPTED,
  ENETUNREACH: NOT_ACCEPTED,
  ETIMEDOUT: NOT_ACCEPTED,
});

/** What the driver finds out itself has no code, so it gets that of the system for it. */
const CODES: readonly (readonly [RegExp, string])[] = [
  [/\btimeout\b/, 'ETIMEDOUT'],
  [/^Connection terminated|^Client has encountered a connection error/, 'ECONNRESET'],
];

/** A failure of the server of a state, or of the way to it. Its message says what to do. */
export class PostgresFailure extends StateError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'StateError';
  }
}

/**
 * The error for a failure of PostgreSQL. Its message contains the server, the database and the SQLSTATE, and never a password or a value
 * of a row.
 *
 * @param what - the failed action, such as "the state could not be written (settle)"
 * @param place - the server and database
 */
export function postgresFailure(what: string, place: string, cause: unknown): RollcallError {
  if (cause instanceof RollcallError) return cause;
  const code = codeOf(cause);
  // Every SQLSTATE has a digit. EPIPE and the like have none.
  const isSqlState = code !== undefined && /^(?=.*\d)[0-9A-Z]{5}$/.test(code);
  const reason = isSqlState
    ? `SQLSTATE ${code}`
    : (code ?? String((cause as Error | undefined)?.message ?? cause));
  const remedy = REMEDIES[code ?? ''] ?? (isSqlState ? 'see the log of the server' : undefined);
  hideValues(cause);
  return new PostgresFailure(`${what}: ${place}: ${[reason, remedy].filter(Boolean).join('; ')}`, { cause });
}

/** The code of an error of the driver, which has it from now on. */
function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const error: Error & { code?: unknown } = cause;
  error.code ??= CODES.find(([text]) => text.test(error.message))?.[1];
  return typeof error.code === 'string' && error.code !== '' ? error.code : undefined;
}

/** Removes what may quote a row from an error of the driver, because the error is the cause of ours. */
function hideValues(error: unknown): void {
  if (typeof error !== 'object' || error === null) return;
  for (const name of ['detail', 'where', 'internalQuery', 'hint'])
    if (name in error) (error as Record<string, unknown>)[name] = undefined;
}
