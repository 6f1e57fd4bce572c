import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { BEAT_MS, isAlive, LEASE_MS, thisHolder } from '../../src/state/lock.js';

const NOW = 1_000_000_000;
const at = (now: number) => ({ now: () => now, sleep: async () => undefined });

describe('the holder of a state', () => {
  it('is this process, since now', () => {
    expect(thisHolder(at(NOW), 7)).toEqual({
      pid: process.pid,
      host: hostname(),
      pids: expect.any(String) as string,
      processStart: expect.stringMatching(/^\d+$/) as string,
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
});
