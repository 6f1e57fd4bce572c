import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Clock } from '../../core/clock.js';
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
    pids: pidNamespace(),
    processStart: processStart(process.pid),
    openedAt: now,
    beatAt: now,
    generation,
  };
}

/**
 * Whether a holder is still there. Where its pid can be seen its process is looked for, and told from a later one with
 * the same pid by its start; elsewhere all there is to see is when it last told that it lives.
 */
export function isAlive(holder: Holder, clock: Clock): boolean {
  if (!isHere(holder)) return Math.abs(clock.now() - holder.beatAt) < LEASE_MS;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return processStart(holder.pid) === holder.processStart;
}

/** Whether the holder is this very process. Its pid alone does not tell: in containers most are the first of theirs. */
export function isThisProcess(holder: Holder): boolean {
  return isHere(holder) && holder.pid === process.pid && holder.processStart === processStart(process.pid);
}

/** True where the holder's pid means a process of this machine: not on another host, and not in another container. */
function isHere(holder: Holder): boolean {
  return holder.host === hostname() && holder.pids === pidNamespace();
}

/** What the kernel calls the processes that see each other's pids; `''` where there is no /proc. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
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
