import { RollcallError, StateError } from '../../core/errors.js';

/** What to do about an error of PostgreSQL, by its SQLSTATE. */
const REMEDIES: Readonly<Record<string, string>> = Object.freeze({
  '25006': 'the server or the role is read-only: use the primary server, and a role that may write',
  '28000': 'check the user, and pg_hba.conf of the server',
  '28P01': 'check the user and the password (PGPASSWORD, or a file that PGPASSFILE names)',
  '3D000': 'check the name of the database',
  '40001': 'another transaction was in its way; run again',
  '40P01': 'another transaction was in its way; run again',
  '42501':
    'the role needs CREATE on the schema once, and later the rights to read and write its tables and TEMPORARY on the database',
  '53100': 'the disk of the server is full',
  '53300': 'the server accepts no more connections',
  '57014': 'the statement was cancelled, or took longer than statement_timeout: raise it for this role',
  '57P03': 'the server is starting or stopping; run again',
});

/**
 * The error for a failure of PostgreSQL. Its message contains the server, the database and the SQLSTATE, and never a password or a value
 * of a row.
 *
 * @param what - the failed action, such as "the state could not be written (settle)"
 * @param place - the server and database
 */
export function postgresFailure(what: string, place: string, cause: unknown): RollcallError {
  if (cause instanceof RollcallError) return cause;
  const { code, message } = cause as { code?: unknown; message?: unknown };
  const state = typeof code === 'string' && code !== '' ? code : undefined;
  const isSqlState = state !== undefined && /^[0-9A-Z]{5}$/.test(state);
  const reason = isSqlState ? `SQLSTATE ${state}` : (state ?? String(message ?? cause));
  const remedy = state === undefined ? undefined : (REMEDIES[state] ?? networkRemedy(state));
  hideValues(cause);
  return new StateError(`${what}: ${place}: ${[reason, remedy].filter(Boolean).join('; ')}`, { cause });
}

function networkRemedy(code: string): string | undefined {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'check the name of the host';
  if (code === 'ECONNREFUSED' || code === 'ETIMEDOUT')
    return 'check the host and the port, and that the server accepts connections from this machine';
  return undefined;
}

/** Removes what may quote a row from an error of the driver, because the error is the cause of ours. */
function hideValues(error: unknown): void {
  if (typeof error !== 'object' || error === null) return;
  for (const name of ['detail', 'where', 'internalQuery', 'hint'])
    if (name in error) (error as Record<string, unknown>)[name] = undefined;
}
