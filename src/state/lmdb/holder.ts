import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { Clock } from '../../core/clock.js';
import { BusyError } from '../../core/errors.js';

/** The interval at which a holder raises its counter. */
export const BEAT_MS = 10_000;
/** A holder whose process cannot be looked up counts as dead if its counter does not change for this long. */
export const LEASE_MS = 60_000;

/** The file exists while a state is open. If it exists and its holder is dead, the last process crashed. */
const FILE = 'holder.json';

/** The writer of a state: the content of the file. */
export interface Holder {
  /** A random id for each opening. */
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** The pid namespace of the process: in another container the same pid is another process. */
  readonly pids: string;
  /** The start of the process, because a later process may have the same pid. */
  readonly processStart: string;
  readonly thread: number;
  /** The time of the opening by the clock of the holder. It is shown to people, and never compared. */
  readonly openedAt: number;
  /** Rises every {@link BEAT_MS}. */
  readonly beats: number;
}

/** Used for a file that cannot be parsed. A loss of power truncated it, so its holder is dead. */
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

/** Reads the holder of the state in a directory; undefined if there is no file. */
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
 * Writes the file atomically.
 * @param flush - true to wait until it is on disk
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

/** Removes the file. */
export function removeHolder(directory: string): void {
  rmSync(join(directory, FILE), { force: true });
}

/**
 * Waits until it is certain that no other process has the state open. The process of a holder on this machine is looked up. The
 * counter of a holder on another host, or in another container, is watched for {@link LEASE_MS}: it is alive if the counter rises.
 * So the clocks of two hosts are never compared.
 *
 * @returns the dead holder in the file, if the last process crashed; undefined if there is no file
 * @throws {@link BusyError} if the holder is alive
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

/** The error for a holder that is alive. */
export function busy(holder: Holder): BusyError {
  return new BusyError(holder.pid, holder.host, new Date(holder.openedAt));
}

/**
 * Looks up the process of a holder. The result is `'unknown'` for a holder on another host, in another container, or in another
 * thread of this process.
 */
export function lookUp(holder: Holder): 'alive' | 'dead' | 'unknown' {
  if (holder.id === NOBODY.id) return 'dead';
  if (holder.host !== hostname() || holder.pids !== pidNamespace()) return 'unknown';
  const start = processStart(holder.pid);
  if (holder.pid === process.pid && holder.processStart === start) {
    // `reserveDirectory` succeeded before, so this thread does not have the state open any more.
    return holder.thread === threadId ? 'dead' : 'unknown';
  }
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: the process exists, and belongs to another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return 'dead';
  }
  return holder.processStart === start ? 'alive' : 'dead';
}

/** The pid namespace of this process; `''` without /proc. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** The start time of a process in clock ticks since boot; `''` without /proc. */
function processStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name of the program in parentheses, which may contain spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
