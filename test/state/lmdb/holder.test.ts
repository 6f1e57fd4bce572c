import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import {
  BEAT_MS,
  LEASE_MS,
  lookUp,
  readHolder,
  removeHolder,
  thisHolder,
  waitForHolder,
  writeHolder,
  type Holder,
} from '../../../src/state/lmdb/holder.js';

const NOW = 1_000_000_000;

/** A clock whose sleeps are counted, and of which each runs what the test wants to happen meanwhile. */
function clockOf(meanwhile: (slept: number) => void = () => undefined): Clock & { slept: number } {
  const clock = {
    slept: 0,
    now: () => NOW,
    sleep: async (ms: number) => {
      clock.slept += ms;
      meanwhile(clock.slept);
    },
  };
  return clock;
}

/** What the system says to a signal: the code of an error, or nothing where the process took it. */
function systemSays(code?: string) {
  return vi.spyOn(process, 'kill').mockImplementation(() => {
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    return true;
  });
}

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'rollcall-holder-'))));
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true, force: true });
});

const mine = () => thisHolder(clockOf());
const enter = (holder: Holder) => writeHolder(directory, holder, true);

describe('the holder of a state', () => {
  it('is this thread of this process, since now, and no two are the same', () => {
    expect(mine()).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      pid: process.pid,
      host: hostname(),
      pids: expect.stringMatching(/^pid:\[\d+\]$/) as string,
      // The 22nd field of the process's line in /proc; the first two stand before the bracket.
      processStart: readFileSync('/proc/self/stat', 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[22 - 3],
      thread: threadId,
      openedAt: NOW,
      beats: 0,
    });
    expect(mine().id).not.toBe(mine().id);
  });

  it('is a file that only its owner may read, and that is there or not, never half', async () => {
    expect(readHolder(directory)).toBeUndefined();
    const holder = mine();
    enter(holder);
    expect(readHolder(directory)).toEqual(holder);
    writeHolder(directory, { ...holder, beats: 7 }, false);
    expect(readHolder(directory)?.beats).toBe(7);
    expect(await readdir(directory)).toEqual(['holder.json']);
    expect((await stat(join(directory, 'holder.json'))).mode & 0o777).toBe(0o600);
    removeHolder(directory);
    removeHolder(directory);
    expect(await readdir(directory)).toEqual([]);
  });

  it.each(['', '{"pid":', 'null', '[]', '"x"'])(
    'that a loss of power cut short is nobody who lives: %j',
    async (text) => {
      await writeFile(join(directory, 'holder.json'), text);
      expect(lookUp(readHolder(directory) as Holder)).toBe('dead');
      expect(await waitForHolder(directory, clockOf())).toBeDefined();
    },
  );

  it('lives as long as its process', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
    await once(child, 'spawn');
    const pid = child.pid as number;
    const processStart = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[21] as string;
    const holder = { ...mine(), pid, processStart };
    expect(lookUp(holder)).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(lookUp(holder)).toBe('dead');
  });

  it('is not a later process that was given its pid', () => {
    expect(lookUp({ ...mine(), processStart: '1' })).toBe('dead');
    expect(lookUp({ ...mine(), pid: process.ppid })).toBe('dead');
  });

  it('lives where it belongs to another user and may be sent no signal', () => {
    systemSays('EPERM');
    const processStart = readFileSync(`/proc/${process.ppid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[19] as string;
    expect(lookUp({ ...mine(), pid: process.ppid, processStart })).toBe('alive');
  });

  it('lives as long as its pid where the system has no starts of processes', () => {
    // Larger than any pid: there is nothing about it in /proc.
    const holder = { ...mine(), pid: 2 ** 30, processStart: '' };
    const kill = systemSays();
    expect(lookUp(holder)).toBe('alive');
    expect(kill.mock.calls).toEqual([[2 ** 30, 0]]);
    systemSays('ESRCH');
    expect(lookUp(holder)).toBe('dead');
  });

  it('cannot be looked up on another host, in another container, or in another thread', () => {
    for (const other of [
      { host: 'elsewhere' },
      { pids: 'pid:[1]' },
      { thread: threadId + 1 },
      { host: 'elsewhere', pids: 'pid:[1]', pid: 1, processStart: '1' },
    ])
      expect(lookUp({ ...mine(), ...other }), JSON.stringify(other)).toBe('unknown');
  });

  it('of this very thread is what an earlier opening left: the thread knows what it has open', () => {
    expect(lookUp(mine())).toBe('dead');
  });
});

describe('an opener', () => {
  const elsewhere = () => ({ ...mine(), host: 'elsewhere', openedAt: NOW });

  it('waits for nobody where no holder is entered, and for none that is dead', async () => {
    const clock = clockOf();
    expect(await waitForHolder(directory, clock)).toBeUndefined();
    const dead = { ...mine(), processStart: '1' };
    enter(dead);
    expect(await waitForHolder(directory, clock)).toEqual(dead);
    expect(clock.slept).toBe(0);
  });

  it('is told of a living holder at once', async () => {
    systemSays();
    enter({ ...mine(), pid: 2 ** 30, processStart: '', openedAt: NOW });
    const clock = clockOf();
    await expect(waitForHolder(directory, clock)).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_BUSY',
      pid: 2 ** 30,
      host: hostname(),
      since: new Date(NOW),
    });
    expect(clock.slept).toBe(0);
  });

  it.each([1, 3, LEASE_MS / BEAT_MS])(
    'takes a holder elsewhere for alive as soon as its counter rises, after %i looks',
    async (looks) => {
      const holder = elsewhere();
      enter(holder);
      const clock = clockOf((slept) => {
        if (slept === looks * BEAT_MS) enter({ ...holder, beats: 1 });
      });
      await expect(waitForHolder(directory, clock)).rejects.toMatchObject({ host: 'elsewhere' });
      expect(clock.slept).toBe(looks * BEAT_MS);
    },
  );

  it('takes it for dead when the counter stands still for the whole lease, whatever any clock says', async () => {
    for (const openedAt of [0, NOW, NOW * 3]) {
      const holder = { ...elsewhere(), openedAt, beats: 41 };
      enter(holder);
      const clock = clockOf();
      expect(await waitForHolder(directory, clock)).toEqual(holder);
      expect(clock.slept).toBe(LEASE_MS);
    }
    expect(BEAT_MS * 3).toBeLessThan(LEASE_MS);
  });

  it('goes on when the holder it waits for closes, and is told of another that was faster', async () => {
    enter(elsewhere());
    const closing = clockOf((slept) => {
      if (slept === 2 * BEAT_MS) removeHolder(directory);
    });
    expect(await waitForHolder(directory, closing)).toBeUndefined();
    expect(closing.slept).toBe(2 * BEAT_MS);
    enter(elsewhere());
    const overtaken = clockOf(() => enter({ ...elsewhere(), host: 'third' }));
    await expect(waitForHolder(directory, overtaken)).rejects.toMatchObject({ host: 'third' });
  });
});
