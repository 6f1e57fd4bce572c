import { requireNumber } from '../../core/check-options.js';
import { StateError } from '../../core/errors.js';
import type { PostgresPool } from './connection.js';

/** How to connect to a server. */
export interface PostgresConnectionOptions {
  /** How long to wait for a connection, in milliseconds. @defaultValue 10000 */
  readonly connectTimeoutMs?: number | undefined;
  /** Options of the driver that the address does not have, such as `ssl` or `password`. @defaultValue none */
  readonly driverOptions?: Readonly<Record<string, unknown>> | undefined;
}

/** One connection for the lock, one for a reading, and two for lists of rows. */
const CONNECTIONS = 4;

/** The idle time of a connection after which the system asks the other side whether it is there. It gives up 10 s later. */
const KEEP_ALIVE_MS = 20_000;

/**
 * Opens a pool for one state.
 * @throws {@link StateError} if the package `pg` is not installed
 */
export async function openPool(
  url: string,
  { connectTimeoutMs = 10_000, driverOptions = {} }: PostgresConnectionOptions,
): Promise<PostgresPool & { end(): Promise<void> }> {
  requireNumber('connectTimeoutMs', connectTimeoutMs, { min: 1, integer: true });
  const { default: driver } = await loadPg();
  const pool = new driver.Pool({
    connectionString: withPassword(url, driverOptions['password']),
    fallback_application_name: 'rollcall',
    connectionTimeoutMillis: connectTimeoutMs,
    // Otherwise a run would notice only after hours that the machine of the server is gone.
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    max: CONNECTIONS,
    ...driverOptions,
  });
  // A connection that breaks while nobody uses it is replaced. Without this listener, the process would end.
  pool.on('error', () => undefined);
  return pool;
}

/** The driver prefers the address, also where it has no password. */
function withPassword(address: string, password: unknown): string {
  const url = new URL(address);
  if (typeof password !== 'string' || url.password !== '') return address;
  url.password = encodeURIComponent(password);
  return url.href;
}

async function loadPg(): Promise<typeof import('pg')> {
  try {
    return await import('pg');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new StateError(
      'a state in PostgreSQL needs the package pg, which rollcall does not install; run: npm install pg',
      { cause },
    );
  }
}
