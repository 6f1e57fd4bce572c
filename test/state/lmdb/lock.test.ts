import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BEAT_MS, isAlive, isThisProcess, LEASE_MS, thisHolder } from '../../../src/state/lmdb/lock.js';

const NOW = 1_000_000_000;
const at = (now: number) => ({ now: () => now, sleep: async () => undefined });

/** What the system says to a signal: the code of an error, or nothing where the process took it. */
function systemSays(code?: string) {
  return vi.spyOn(process, 'kill').mockImplementation(() => {
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    return true;
  });
}
afterEach(() => {
  vi.restoreAllMocks();
});

describe('the holder of a state', () => {
  it('is this process, since now', () => {
    expect(thisHolder(at(NOW), 7)).toEqual({
      pid: process.pid,
      host: hostname(),
      pids: expect.stringMatching(/^pid:\[\d+\]$/) as string,
      // The 22nd field of what the kernel tells of a process; the first two stand before the bracket.
      processStart: readFileSync('/proc/self/stat', 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[22 - 3],
      openedAt: NOW,
      beatAt: NOW,
      generation: 7,
    });
  });

  it('lives as long as its process, whatever the clocks say', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
    await once(child, 'spawn');
    const mine = thisHolder(at(NOW), 1);
    expect(isAlive(mine, at(NOW + 86_400_000))).toBe(true);
    const gone = { ...mine, pid: child.pid as number };
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(gone, at(NOW))).toBe(false);
  });

  it('is not a later process that was given its pid', () => {
    const mine = thisHolder(at(NOW), 1);
    expect(isAlive({ ...mine, processStart: '1' }, at(NOW))).toBe(false);
    expect(isAlive({ ...mine, pid: process.ppid }, at(NOW))).toBe(false);
  });

  it('on another host lives for a minute after its last sign of life, by a clock that may be off either way', () => {
    const other = { ...thisHolder(at(NOW), 1), host: 'elsewhere', pid: 1 };
    for (const ms of [0, 59_999, -59_999]) expect(isAlive(other, at(NOW + ms))).toBe(true);
    for (const ms of [60_000, -60_000]) expect(isAlive(other, at(NOW + ms))).toBe(false);
    expect(BEAT_MS * 3).toBeLessThan(LEASE_MS);
  });

  it('in another container of this host lives by its signs of life, for its pid means nothing here', () => {
    const other = { ...thisHolder(at(NOW), 1), pids: 'pid:[1]', pid: 1, processStart: '1' };
    expect(isAlive(other, at(NOW + 59_999))).toBe(true);
    expect(isAlive({ ...other, pid: process.pid }, at(NOW + 60_000))).toBe(false);
  });

  it("lives where it is another user's, and may not be sent anything", () => {
    const mine = thisHolder(at(NOW), 1);
    systemSays('EPERM');
    expect(isAlive(mine, at(NOW + 86_400_000))).toBe(true);
    expect(isAlive({ ...mine, processStart: '1' }, at(NOW))).toBe(false);
  });

  it('where starts of processes are not told, is taken for alive as long as its pid is', () => {
    // Larger than any pid: there is nothing about it in /proc.
    const holder = { ...thisHolder(at(NOW), 1), pid: 2 ** 30, processStart: '' };
    systemSays();
    expect(isAlive(holder, at(NOW + 86_400_000))).toBe(true);
    systemSays('ESRCH');
    expect(isAlive(holder, at(NOW))).toBe(false);
  });

  it('is sent no signal that does anything', () => {
    const kill = systemSays();
    isAlive(thisHolder(at(NOW), 1), at(NOW));
    expect(kill.mock.calls).toEqual([[process.pid, 0]]);
  });

  it('is this very process only by its host, its container, its pid and its start', () => {
    const mine = thisHolder(at(NOW), 1);
    expect(isThisProcess(mine)).toBe(true);
    expect(isThisProcess({ ...mine, generation: 2, openedAt: 0, beatAt: 0 })).toBe(true);
    for (const other of [
      { host: 'elsewhere' },
      { pids: 'pid:[1]' },
      { pid: process.ppid },
      { processStart: '1' },
      { host: 'elsewhere', pids: 'pid:[1]' },
    ])
      expect(isThisProcess({ ...mine, ...other }), JSON.stringify(other)).toBe(false);
  });
});
