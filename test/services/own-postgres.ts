import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '../support/free-port.js';
import { postgresBinaries, type POSTGRES } from './available.js';

/** What {@link startPostgres} makes. */
export interface OwnPostgresOptions {
  /** Settings of the server, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A directory for the data, such as a small disk. @defaultValue a new one, which is removed at the end */
  readonly directory?: string;
  /** A directory for the write-ahead log, in segments of 1 MB. @defaultValue with the data */
  readonly walDirectory?: string;
}

/** PostgreSQL refuses to run as root. */
function serverUser(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** A PostgreSQL server of a test's own, which may be stopped. */
export class OwnPostgres implements AsyncDisposable {
  readonly server: typeof POSTGRES;
  readonly #user = serverUser();
  readonly #programs: string;
  /** Removed at the end, with all that is in it. */
  readonly #directory: string;
  readonly #data: string;
  readonly #settings: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;

  private constructor(port: number, { settings = {}, directory }: OwnPostgresOptions) {
    const programs = postgresBinaries();
    if (programs === undefined) throw new Error('PostgreSQL is not installed');
    this.#programs = programs;
    this.#directory = mkdtempSync(join(directory ?? tmpdir(), 'rollcall-postgres-'));
    this.#own(this.#directory);
    this.#data = join(this.#directory, 'data');
    this.#settings = settings;
    this.server = {
      host: '127.0.0.1',
      port,
      user: 'rollcall',
      database: 'postgres',
      connectionTimeoutMillis: 5000,
    };
  }

  /** Makes a cluster and starts its server on a free port of this machine. */
  static async start(options: OwnPostgresOptions): Promise<OwnPostgres> {
    const own = new OwnPostgres(await freePort(), options);
    const { walDirectory } = options;
    if (walDirectory !== undefined) own.#own(walDirectory);
    const wal = walDirectory === undefined ? [] : ['-X', join(walDirectory, 'wal'), '--wal-segsize', '1'];
    const user = ['-U', own.server.user, '-A', 'trust'];
    await own.#run('initdb', ['-D', own.#data, ...user, '--no-sync', '-E', 'UTF8', '--locale', 'C', ...wal]);
    await own.start();
    return own;
  }

  /** Makes a streaming standby of this server and starts it. It has this server's settings. */
  async standby(): Promise<OwnPostgres> {
    const standby = new OwnPostgres(await freePort(), { settings: this.#settings });
    const from = `host=${this.server.host} port=${this.server.port} user=${this.server.user}`;
    await standby.#run('pg_basebackup', [
      '-d',
      from,
      '-D',
      standby.#data,
      '-R',
      '-X',
      'stream',
      '-c',
      'fast',
      '--no-sync',
    ]);
    await standby.start();
    return standby;
  }

  /** Resolves when every standby has all that this server has committed. */
  async replicated(): Promise<void> {
    const behind =
      'SELECT count(*)::int FROM pg_stat_replication WHERE replay_lsn IS DISTINCT FROM pg_current_wal_lsn()';
    while ((await asked(this.server, behind)) !== 0) await setImmediate();
  }

  /** Ends the replication of this standby: what its primary server commits from now on does not come here. */
  async disconnect(): Promise<void> {
    await setForAll(this.server, 'primary_conninfo', '');
    while ((await asked(this.server, 'SELECT count(*)::int FROM pg_stat_wal_receiver')) !== 0)
      await setImmediate();
  }

  /** Makes this standby a primary server. */
  async promote(): Promise<void> {
    await asked(this.server, 'SELECT pg_promote(true)');
  }

  /** Starts the server. Resolves when it takes connections. */
  async start(): Promise<void> {
    const { host, port } = this.server;
    const own = { listen_addresses: host, port, unix_socket_directories: this.#directory };
    const settings = Object.entries({ ...own, ...this.#settings });
    const args = ['-D', this.#data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    const options = { ...this.#user, cwd: this.#directory, stdio: 'ignore' } as const;
    const child = spawn(join(this.#programs, 'postgres'), args, options);
    while (child.exitCode === null && !(await answers(this.server))) await setImmediate();
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    this.#child = child;
  }

  /** Ends the server as a crash does: nothing is written, and the next start recovers from the log. */
  async stop(): Promise<void> {
    // SIGQUIT is PostgreSQL's immediate shutdown.
    this.#child?.kill('SIGQUIT');
    await this.ended();
  }

  /** Resolves when the server has ended, by itself too. */
  async ended(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null)
      await once(child, 'exit');
    this.#child = undefined;
  }

  /** {@link stop} and {@link start}. */
  async crash(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #own(directory: string): void {
    const { uid, gid } = this.#user;
    if (uid !== undefined && gid !== undefined) chownSync(directory, uid, gid);
  }

  async #run(program: string, args: readonly string[]): Promise<void> {
    await promisify(execFile)(join(this.#programs, program), args, { ...this.#user, cwd: this.#directory });
  }
}

/** Starts a server with a cluster of its own. */
export function startPostgres(options: OwnPostgresOptions = {}): Promise<OwnPostgres> {
  return OwnPostgres.start(options);
}

/** Changes a setting of a running server. Resolves when every session has it from its next statement on. */
export async function setForAll(server: pg.ClientConfig, name: string, value: string): Promise<void> {
  await asked(server, `ALTER SYSTEM SET ${name} = '${value}'`, 'SELECT pg_reload_conf()');
  // The server tells its sessions before it takes a connection with the new setting.
  while ((await asked(server, `SHOW ${name}`)) !== value) await setImmediate();
}

/** Runs statements on a connection of their own, and gives the first value of the last one. */
export async function asked(server: pg.ClientConfig, ...statements: readonly string[]): Promise<unknown> {
  const client = new pg.Client(server);
  await client.connect();
  try {
    let value: unknown;
    for (const text of statements) {
      const { rows } = await client.query<unknown[]>({ text, rowMode: 'array' });
      value = rows[0]?.[0];
    }
    return value;
  } finally {
    await client.end();
  }
}

/** True when the server takes connections. */
async function answers(server: pg.ClientConfig): Promise<boolean> {
  const client = new pg.Client(server);
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
