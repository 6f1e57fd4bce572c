import { SourceError } from '../../core/errors.js';

/** The error of a driver: a code of the system, of the driver, or an SQLSTATE. */
interface DriverError {
  readonly code?: unknown;
  readonly sqlState?: unknown;
  readonly message?: unknown;
}

/**
 * The database could not be reached, or refused the sign-in. The error of the driver is not attached, because it can contain the
 * address with its password.
 */
export function connectFailure(kind: string, server: string, error: unknown): SourceError {
  const code = codeOf(error);
  return new SourceError(`${kind}: cannot connect to ${server} (${code}); ${remedyOf(error, code)}`);
}

/** A query failed, or its connection broke. The error of the driver is not attached, because it can contain values of rows. */
export function queryFailure(query: string, error: unknown): SourceError {
  const { sqlState } = error as DriverError;
  const code = codeOf(error);
  const state = typeof sqlState === 'string' && sqlState !== '' ? `SQLSTATE ${sqlState}, ${code}` : code;
  const text = describesQuery(error) ? `: ${String((error as DriverError).message)}` : '';
  const named = isSqlState(code) ? `SQLSTATE ${code}` : state;
  return new SourceError(`the query failed (${named})${text}`, { file: query });
}

/** The connection ended before the last row. */
export function brokenConnection(query: string, error: unknown): SourceError {
  return new SourceError(
    `the connection broke before the last row (${codeOf(error)}), so nothing counts as removed; run again`,
    { file: query },
  );
}

function codeOf(error: unknown): string {
  const { code } = error as DriverError;
  return typeof code === 'string' && code !== '' ? code : 'the connection ended';
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code);
}

/**
 * Whether the message is about the query and the names in it: a syntax error, or a table or column that does not exist. Other
 * messages can quote values, such as a text that is not a number.
 */
function describesQuery(error: unknown): boolean {
  const { code } = error as DriverError;
  return /^(42601|42703|42P01|42702|42883|42501|3F000|ER_PARSE_ERROR|ER_NO_SUCH_TABLE|ER_BAD_FIELD_ERROR)$/.test(
    String(code),
  );
}

function remedyOf(error: unknown, code: string): string {
  if (/^(28|ER_ACCESS_DENIED|ER_DBACCESS)/.test(code))
    return 'check the user and the password of the address';
  if (/^(3D000|ER_BAD_DB_ERROR)$/.test(code)) return 'check the name of the database';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'check the name of the host';
  if (/CERT|TLS|SSL/.test(code) || /SSL|certificate/i.test(String((error as DriverError).message)))
    return 'check the TLS settings of the address';
  return 'check the host and the port, and that the server accepts connections from this machine';
}
