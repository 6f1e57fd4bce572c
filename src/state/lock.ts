import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Clock } from '../clock.js';
import type { Holder } from './lmdb-tables.js';

/** A holder on another host that has not been heard of for this long is taken for dead. */
export const LEASE_MS = 60_000;
/** How often a holder tells that it lives. */
export const BEAT_MS = 10_000;

/** This process as the holder of a generation. */
export function thisHolder(clock: Clock, generation: number): Holder {
  const now = clock.now();
  return {
    pid: process.pid,
    host: hostname(),
    processStart: processStart(process.pid),
    openedAt: now,
    beatAt: now,
    generation,
  };
}

/**
 * Whether a holder is still there. On this host its process is looked for, and told from a later one with the same
 * pid by its start; on another host all there is to see is when it last told that it lives.
 */
export function isAlive(holder: Holder, clock: Clock): boolean {
  if (holder.host !== hostname()) return Math.abs(clock.now() - holder.beatAt) < LEASE_MS;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return processStart(holder.pid) === holder.processStart;
}

/** When a process started, in the kernel's own count; `''` where there is no /proc. */
function processStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold spaces: count from behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
