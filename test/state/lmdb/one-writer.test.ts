import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import { BusyError } from '../../../src/core/errors.js';
import { openState } from '../../../src/state/lmdb/open-state.js';
import { readHolder, writeHolder, type Holder } from '../../../src/state/lmdb/holder.js';
import { compiled } from '../../support/compiled.js';

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'rollcall-writer-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Another process that opens the state, writes a row, and holds it until it is killed. */
async function otherProcess(): Promise<{ pid: number; kill(): Promise<void> }> {
  const child = spawn(process.execPath, [compiled('test/support/hold-state.ts'), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    pid: child.pid as number,
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Changes the holder that is entered, as another host would have left it. */
function editHolder(change: (holder: Holder) => Holder): void {
  writeHolder(directory, change(readHolder(directory) as Holder), true);
}

describe('one writer', () => {
  it('a second process gets pid, host and start of the first, and can open the state after that is killed', async () => {
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
    editHolder((holder) => ({ ...holder, pid: process.ppid }));
    await (await openState(directory)).close();
  });

  it('a holder on another host has a minute to give a sign of life', async () => {
    await (await otherProcess()).kill();
    editHolder((holder) => ({ ...holder, host: 'elsewhere' }));
    let slept = 0;
    const clock: Clock = {
      now: () => 0,
      sleep: async (ms) => {
        slept += ms;
        if (slept === 60_000 && beating) editHolder((holder) => ({ ...holder, beats: holder.beats + 1 }));
      },
    };
    let beating = true;
    await expect(openState(directory, { clock })).rejects.toMatchObject({ host: 'elsewhere' });
    expect(slept).toBe(60_000);
    beating = false;
    slept = 0;
    await (await openState(directory, { clock })).close();
    expect(slept).toBe(60_000);
  });

  it('a holder elsewhere with the pid of this process is not taken for this one', async () => {
    await (await otherProcess()).kill();
    // In containers nearly every process is the first of its own, and on one host they may share its name.
    for (const elsewhere of [{ host: 'elsewhere' }, { pids: 'pid:[1]' }]) {
      editHolder((holder) => ({ ...holder, pid: process.pid, ...elsewhere }));
      const sleep = async () => editHolder((holder) => ({ ...holder, beats: holder.beats + 1 }));
      await expect(openState(directory, { clock: { now: () => 0, sleep } })).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_BUSY',
      });
    }
  });
});
