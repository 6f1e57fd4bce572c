import { chmod, mkdir, readdir, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { open } from 'lmdb';
import { systemClock, type Clock } from '../../core/clock.js';
import { BusyError, RollcallError, StateError } from '../../core/errors.js';
import { refuseUnknown } from '../../core/check-options.js';
import { checkStateFile } from './lmdb-file.js';
import { LmdbState } from './lmdb-state.js';
import { emptyHead, FORMAT, openTables, type Head, type Holder, type Tables } from './lmdb-tables.js';
import { isAlive, isThisProcess, thisHolder } from './lock.js';
import { OUTBOX_PREFIX } from '../outbox/outbox.js';
import { checkRowFiles } from './row-files-check.js';
import type { StateStore } from '../store.js';

/** Options of {@link openState}. */
export interface OpenStateOptions {
  /** @defaultValue the system's clock */
  readonly clock?: Clock;
}

const FILE = 'state.mdb';
/** States that this process has open: a pid alone does not tell two openers of one process apart. */
const openPaths = new Set<string>();

/**
 * Opens the state in a directory, and makes it where there is none. It is embedded and crash-safe: every write is one
 * transaction that is on disk, power loss included, when its promise resolves. It holds external ids and keyed
 * fingerprints, no profile. The directory is 0700 and its files 0600.
 *
 * One process at a time writes it. A holder that died is taken over; on another host it counts as dead once it has
 * not told that it lives for a minute.
 *
 * @throws {@link BusyError} when another holder lives; {@link StateError} when the directory cannot be used, or holds a
 * state of another format (`ERR_ROLLCALL_STATE_FORMAT`).
 */
export async function openState(directory: string, options: OpenStateOptions = {}): Promise<StateStore> {
  refuseUnknown('openState', options, ['clock']);
  const clock = options.clock ?? systemClock;
  const path = resolve(directory);
  const tables = await openDirectory(path);
  try {
    const holder = await takeOver(tables, path, clock);
    openPaths.add(path);
    try {
      await removeOldOutboxes(path);
      await checkRowFiles(path, tables);
      return new LmdbState(tables, path, clock, holder, () => openPaths.delete(path));
    } catch (error) {
      openPaths.delete(path);
      throw error;
    }
  } catch (error) {
    await tables.root.close();
    throw error instanceof RollcallError
      ? error
      : new StateError('the state cannot be opened', { cause: error });
  }
}

async function openDirectory(path: string): Promise<Tables> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
    const file = join(path, FILE);
    await checkStateFile(file);
    const root = open({ path: file, noSubdir: true, maxDbs: 16, permissionsMode: 0o600 } as Parameters<
      typeof open
    >[0]);
    const tables = openTables(root);
    await Promise.all([chmod(file, 0o600), chmod(`${file}-lock`, 0o600)]);
    return tables;
  } catch (cause) {
    if (cause instanceof StateError) throw cause;
    throw new StateError(`the state directory cannot be opened`, { cause });
  }
}

/** Becomes the writer, in one transaction. */
async function takeOver(tables: Tables, path: string, clock: Clock): Promise<Holder> {
  let refusal: RollcallError | undefined;
  let holder = thisHolder(clock, 1);
  await tables.root.transaction(() => {
    const head = tables.head.get('head') as Head | undefined;
    if (head !== undefined && head.format !== FORMAT) {
      refusal = new StateError(`the state has format ${head.format}; this version reads ${FORMAT}`, {
        code: 'ERR_ROLLCALL_STATE_FORMAT',
      });
      return;
    }
    const before = tables.head.get('holder') as Holder | undefined;
    if (before !== undefined && isHeld(before, path, clock)) {
      refusal = new BusyError(before.pid, before.host, new Date(before.openedAt));
      return;
    }
    holder = thisHolder(clock, ((tables.head.get('generation') as number | undefined) ?? 0) + 1);
    void tables.head.put('generation', holder.generation);
    void tables.head.put('holder', holder);
    if (head === undefined) void tables.head.put('head', emptyHead());
  });
  if (refusal !== undefined) throw refusal;
  await tables.root.flushed;
  return holder;
}

function isHeld(holder: Holder, path: string, clock: Clock): boolean {
  if (isThisProcess(holder) && !openPaths.has(path)) return false;
  return isAlive(holder, clock);
}

/** What a crashed process left: unreadable, for its key is gone with it. */
async function removeOldOutboxes(path: string): Promise<void> {
  for (const name of await readdir(path)) if (name.startsWith(OUTBOX_PREFIX)) await unlink(join(path, name));
}
