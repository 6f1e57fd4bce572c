import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { Clock } from '../../core/clock.js';
import { BusyError } from '../../core/errors.js';

/** How often the counter of a living holder rises. */
export const BEAT_MS = 10_000;
/** A holder that cannot be looked up is dead when its counter stands still for this long. */
export const LEASE_MS = 60_000;

/** There from the opening of a state to its close: an opener that finds it, and nobody alive behind it, follows a crash. */
const FILE = 'holder.json';

/** The writer of a state, as the file says. */
export interface Holder {
  /** Tells one opening from every other. */
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** In which of the host's containers the pid has its meaning. */
  readonly pids: string;
  /** Tells a process from a later one with the same pid. */
  readonly processStart: string;
  readonly thread: number;
  /** By the holder's own clock; for people, never compared. */
  readonly openedAt: number;
  /** Rises every {@link BEAT_MS}. */
  readonly beats: number;
}

/** What a file says that is no holder: it was cut short by a loss of power, which nobody of this host survived. */
const NOBODY: Holder = {
  id: '',
  pid: 0,
  host: '',
  pids: '',
  processStart: '',
  thread: 0,
  openedAt: 0,
  beats: 0,
};

/** This thread as a new holder. */
export function thisHolder(clock: Clock): Holder {
  return {
    id: randomBytes(8).toString('hex'),
    pid: process.pid,
    host: hostname(),
    pids: pidNamespace(),
    processStart: processStart(process.pid),
    thread: threadId,
    openedAt: clock.now(),
    beats: 0,
  };
}

/** The holder of the state in a directory; undefined where none is entered. */
export function readHolder(directory: string): Holder | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return { ...NOBODY, ...(JSON.parse(text) as Holder) };
  } catch {
    return NOBODY;
  }
}

/**
 * Enters a holder, whole or not at all.
 * @param flush - wait until the file is on disk
 */
export function writeHolder(directory: string, holder: Holder, flush: boolean): void {
  const file = join(directory, FILE);
  const temporary = `${file}.${holder.id}.tmp`;
  try {
    writeFileSync(temporary, JSON.stringify(holder), { mode: 0o600, flush });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Strikes the holder out. */
export function removeHolder(directory: string): void {
  rmSync(join(directory, FILE), { force: true });
}

/**
 * Waits until it is certain that no other holder lives. One of this machine is looked up by its process. One of another host or
 * container is watched: a counter that rises is a holder that lives, and no clocks of two hosts are compared.
 *
 * @returns the dead holder that is still entered, after an unclean end; undefined where there is none
 * @throws {@link BusyError} as soon as the holder is known to live
 */
export async function waitForHolder(directory: string, clock: Clock): Promise<Holder | undefined> {
  const found = readHolder(directory);
  if (found === undefined) return undefined;
  const sighting = lookUp(found);
  if (sighting === 'alive') throw busy(found);
  if (sighting === 'dead') return found;
  for (let waited = 0; waited < LEASE_MS; waited += BEAT_MS) {
    await clock.sleep(BEAT_MS);
    const now = readHolder(directory);
    if (now === undefined) return undefined;
    if (now.id !== found.id || now.beats !== found.beats) throw busy(now);
  }
  return found;
}

/** The error that names a holder. */
export function busy(holder: Holder): BusyError {
  return new BusyError(holder.pid, holder.host, new Date(holder.openedAt));
}

/**
 * Whether a holder lives; `'unknown'` where its process cannot be looked up: on another host, in another container, or in
 * another thread of this process.
 */
export function lookUp(holder: Holder): 'alive' | 'dead' | 'unknown' {
  if (holder.id === NOBODY.id) return 'dead';
  if (holder.host !== hostname() || holder.pids !== pidNamespace()) return 'unknown';
  const start = processStart(holder.pid);
  if (holder.pid === process.pid && holder.processStart === start) {
    // This thread knows what it has open, and reserved the directory before it asked.
    return holder.thread === threadId ? 'dead' : 'unknown';
  }
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: the process is there and belongs to another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return 'dead';
  }
  return holder.processStart === start ? 'alive' : 'dead';
}

/** The kernel's name for the processes that see each other's pids; `''` where there is no /proc. */
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
