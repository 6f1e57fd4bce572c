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

/** A PostgreSQL server of a test's own, which may be stopped. */
export interface OwnPostgres extends AsyncDisposable {
  readonly server: typeof POSTGRES;
  /** Ends the server as a crash does, and starts it again. Resolves when it takes connections. */
  crash(): Promise<void>;
}

/** PostgreSQL refuses to run as root. */
function serverUser(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** Starts a server in a directory of its own, on a free port of this machine. */
export async function startPostgres(): Promise<OwnPostgres> {
  const programs = postgresBinaries();
  if (programs === undefined) throw new Error('PostgreSQL is not installed');
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-postgres-'));
  const user = serverUser();
  if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const initdb = ['-D', data, '-U', 'rollcall', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale', 'C'];
  await promisify(execFile)(join(programs, 'initdb'), initdb, { ...user, cwd: directory });
  const server = {
    host: '127.0.0.1',
    port: await freePort(),
    user: 'rollcall',
    database: 'postgres',
    connectionTimeoutMillis: 5000,
  };
  const settings = { listen_addresses: server.host, port: server.port, unix_socket_directories: directory };
  const args = [
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(join(programs, 'postgres'), args, { ...user, cwd: directory, stdio: 'ignore' });
    while (child.exitCode === null && !(await answers(server))) await setImmediate();
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    return child;
  };
  // SIGQUIT is PostgreSQL's immediate shutdown: nothing is written, and the next start recovers from the log.
  const stop = async (child: ChildProcess): Promise<void> => {
    const exited = once(child, 'exit');
    child.kill('SIGQUIT');
    await exited;
  };
  let child = await start();
  return {
    server,
    crash: async () => {
      await stop(child);
      child = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await stop(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
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
