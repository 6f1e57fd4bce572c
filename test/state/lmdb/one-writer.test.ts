import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open as openLmdb } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import { BusyError } from '../../../src/core/errors.js';
import { openState } from '../../../src/state/lmdb/lmdb.js';
import type { Holder } from '../../../src/state/lmdb/lmdb-tables.js';

const here = dirname(fileURLToPath(import.meta.url));
let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'rollcall-writer-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Another process that opens the state, writes a row, and holds it until it is killed. */
async function otherProcess(): Promise<{ pid: number; kill(): Promise<void> }> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(here, '../../support/hold-state.ts'), directory],
    {
      cwd: join(here, '../../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await once(child.stdout, 'data');
  return {
    pid: child.pid as number,
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Changes the holder that the state has on disk, as another host would have left it. */
async function editHolder(change: (holder: Holder) => Holder): Promise<void> {
  const root = openLmdb({ path: join(directory, 'state.mdb'), noSubdir: true, maxDbs: 16 });
  const head = root.openDB<Holder, string>({ name: 'head' });
  await head.put('holder', change(head.get('holder') as Holder));
  await root.close();
}

describe('one writer', () => {
  it('a second process is told pid, host and start of the first; once that is killed its lock is taken over', async () => {
    const before = Date.now();
    const other = await otherProcess();
    const refused = await openState(directory).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(BusyError);
    expect(refused).toMatchObject({ code: 'ERR_ROLLCALL_BUSY', pid: other.pid, host: hostname() });
    expect((refused as BusyError).since.getTime()).toBeGreaterThanOrEqual(before);
    await other.kill();
    const state = await openState(directory);
    // What it had confirmed is there.
    expect((await state.counts()).users.known).toBe(1);
    await state.close();
  });

  it('a pid that was given to another process since is not taken for the holder', async () => {
    await (await otherProcess()).kill();
    await editHolder((holder) => ({ ...holder, pid: process.ppid }));
    await (await openState(directory)).close();
  });

  it('a holder on another host is alive for a minute after its last sign of life', async () => {
    let now = 1_000_000;
    const clock: Clock = { now: () => now, sleep: () => Promise.resolve() };
    await (await openState(directory, { clock })).close();
    await (await otherProcess()).kill();
    await editHolder((holder) => ({ ...holder, host: 'elsewhere', beatAt: now }));
    now += 59_000;
    await expect(openState(directory, { clock })).rejects.toMatchObject({ host: 'elsewhere' });
    now += 2_000;
    await (await openState(directory, { clock })).close();
  });

  it('a holder elsewhere with the pid of this process is not taken for this one', async () => {
    await (await otherProcess()).kill();
    // In containers nearly every process is the first of its own, and on one host they may share its name.
    for (const elsewhere of [{ host: 'elsewhere' }, { pids: 'pid:[1]' }]) {
      await editHolder((holder) => ({ ...holder, pid: process.pid, ...elsewhere, beatAt: Date.now() }));
      await expect(openState(directory)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_BUSY' });
    }
  });
});
