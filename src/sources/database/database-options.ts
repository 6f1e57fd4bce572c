import { OptionsError } from '../../core/errors.js';
import { refuseUnknown, requireNumber } from '../../core/check-options.js';

/** Where a database server is. */
export interface DatabaseOptions {
  /** The address with user and password, such as `postgres://reader:secret@db.example.com:5432/hr`. It never appears in errors. */
  readonly url: string;
  /** How long to wait for a connection, in milliseconds. @defaultValue 10000 */
  readonly connectTimeoutMs?: number;
  /** Options of the driver that the address does not have, such as `ssl`. @defaultValue none */
  readonly driverOptions?: Readonly<Record<string, unknown>>;
}

/** The options, checked, and the server as errors name it. */
export interface CheckedDatabase extends Required<DatabaseOptions> {
  readonly host: string;
  readonly port: number;
}

/**
 * Checks the options of a server.
 *
 * @throws {@link OptionsError} without the address, which contains a password.
 */
export function checkDatabase(
  where: string,
  options: DatabaseOptions,
  schemes: readonly string[],
  usualPort: number,
): CheckedDatabase {
  refuseUnknown(where, options, ['url', 'connectTimeoutMs', 'driverOptions']);
  const { url, connectTimeoutMs = 10_000, driverOptions = {} } = options;
  requireNumber('connectTimeoutMs', connectTimeoutMs, { min: 1, integer: true });
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !schemes.includes(parsed.protocol.slice(0, -1)))
    throw new OptionsError('url', `expected an address that begins with ${schemes[0]}://`);
  return {
    url,
    connectTimeoutMs,
    driverOptions,
    host: decodeURIComponent(parsed.hostname) || '127.0.0.1',
    port: Number(parsed.port || usualPort),
  };
}
