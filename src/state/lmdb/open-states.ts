import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { BusyError } from '../../core/errors.js';

/** The list is on `globalThis`, so that a second copy of this package in the process uses the same list. */
const OPEN_STATES = Symbol.for('rollcall.openStates');

/**
 * Reserves a directory for one state of this process. Device and inode identify it, because symbolic links and bind mounts are
 * other paths to the same directory. It is synchronous, so that only one of two calls succeeds.
 *
 * @returns a function that ends the reservation
 * @throws {@link BusyError} if this process has the state open, or is opening it
 */
export function reserveDirectory(path: string, now: number): () => void {
  const { dev, ino } = statSync(path, { bigint: true });
  const id = `${dev}:${ino}`;
  const open = openStates();
  const since = open.get(id);
  if (since !== undefined) throw new BusyError(process.pid, hostname(), new Date(since));
  open.set(id, now);
  return () => void open.delete(id);
}

/** The time of the opening of each directory. */
function openStates(): Map<string, number> {
  const shared = globalThis as { [OPEN_STATES]?: Map<string, number> };
  return (shared[OPEN_STATES] ??= new Map());
}
