import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { BusyError } from '../../core/errors.js';

/** On `globalThis`: a second copy of this package in the process must see the same list. */
const OPEN_STATES = Symbol.for('rollcall.openStates');

/**
 * Reserves a directory for one state of this process. It is known by its device and inode: a symbolic link or a bind mount
 * is another path to the same state. Synchronous, so that no two openers can both find it free.
 *
 * @returns gives the directory free again
 * @throws {@link BusyError} when this process has the state open, or is opening it
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

/** By directory: when it was opened. */
function openStates(): Map<string, number> {
  const shared = globalThis as { [OPEN_STATES]?: Map<string, number> };
  return (shared[OPEN_STATES] ??= new Map());
}
