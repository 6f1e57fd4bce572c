import { existsSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { SmallDisk } from '../support/small-disk.js';

/** Where the tests' PostgreSQL is; the environment's usual names say otherwise. */
export const POSTGRES = {
  host: process.env.PGHOST ?? '127.0.0.1',
  port: Number(process.env.PGPORT ?? 5432),
  user: process.env.PGUSER ?? userInfo().username,
  database: process.env.PGDATABASE ?? 'test',
  connectionTimeoutMillis: 5000,
};

/** Where the tests' MariaDB is. */
export const MARIADB = {
  host: process.env.MYSQL_HOST ?? '127.0.0.1',
  port: Number(process.env.MYSQL_TCP_PORT ?? 3306),
  user: process.env.MYSQL_USER ?? 'root',
  password: process.env.MYSQL_PWD ?? '',
  connectTimeout: 5000,
};

/** The address of the tests' PostgreSQL. */
export function urlOf({ host, port, user, database }: typeof POSTGRES): string {
  return `postgres://${encodeURIComponent(user)}@${host}:${port}/${encodeURIComponent(database)}`;
}

/** Where Debian has PostgreSQL's programs, by version. */
const POSTGRES_VERSIONS = '/usr/lib/postgresql';

/** The directory of the programs of a PostgreSQL server; undefined if there is none. */
export function postgresBinaries(): string | undefined {
  if (!existsSync(POSTGRES_VERSIONS)) return undefined;
  const directories = readdirSync(POSTGRES_VERSIONS).map((version) =>
    join(POSTGRES_VERSIONS, version, 'bin'),
  );
  return directories.find((directory) => existsSync(join(directory, 'postgres')));
}

/** Debian's slapd, which the tests start themselves. */
export const SLAPD = '/usr/sbin/slapd';

/** A service that tests need. */
export interface Service {
  readonly name: string;
  /** What keeps it from answering; undefined when it answers. */
  readonly missing: string | undefined;
  /** True where it must be there: then it is a failure when it is not. */
  readonly required: boolean;
}

const required = process.env.ROLLCALL_REQUIRE_SERVICES === '1';

/** Whether PostgreSQL answers. */
export const postgres = () =>
  probe('PostgreSQL', required, async () => {
    const client = new pg.Client(POSTGRES);
    await client.connect();
    await client.end();
  });

/** Whether MariaDB answers. */
export const mariadb = () =>
  probe('MariaDB', required, async () => {
    const connection = await mysql.createConnection(MARIADB);
    await connection.end();
  });

/** Whether the programs of a PostgreSQL server are installed, so that a test can start one of its own. */
export const postgresPrograms = () =>
  probe('PostgreSQL to start', required, async () => {
    if (postgresBinaries() === undefined) throw new Error(`there is no ${POSTGRES_VERSIONS}/*/bin/postgres`);
  });

/** Whether this process may mount a small disk. Many containers do not allow it, so nothing requires it. */
export const smallDisk = () =>
  probe('a small disk', false, async () => {
    SmallDisk.mount(1)[Symbol.dispose]();
  });

/** Whether slapd is installed. */
export const slapd = () =>
  probe('slapd', required, async () => {
    if (!existsSync(SLAPD)) throw new Error(`there is no ${SLAPD}`);
  });

async function probe(name: string, required: boolean, ask: () => Promise<void>): Promise<Service> {
  try {
    await ask();
    return { name, missing: undefined, required };
  } catch (error) {
    const missing = (error as { code?: string }).code ?? (error as Error).message;
    return { name, missing, required };
  }
}

/** Tests that need a service: skipped, with a line that says so, where it does not answer and need not. */
export function describeWith({ name, missing, required }: Service, title: string, tests: () => void): void {
  if (missing !== undefined && !required)
    process.stderr.write(`${name} does not answer (${missing}): the tests of ${title} are skipped\n`);
  it.runIf(missing === undefined || required)(`${name} answers`, () => expect(missing).toBeUndefined());
  describe.skipIf(missing !== undefined)(title, tests);
}

/** A name that no other run uses. */
export function uniqueName(): string {
  return `rollcall_test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`;
}
