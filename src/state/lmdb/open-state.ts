import { join, resolve } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { systemClock, type Clock } from '../../core/clock.js';
import { refuseUnknown } from '../../core/check-options.js';
import { StateError } from '../../core/errors.js';
import { requireUnmoved } from '../checks.js';
import { MOVED_TO, type StateStore } from '../store.js';
import { checkPages } from './check-pages.js';
import { readHolder, busy, waitForHolder } from './holder.js';
import { LmdbState } from './lmdb-state.js';
import { emptyHead, FORMAT, openTables, type Head, type Tables } from './lmdb-tables.js';
import { reserveDirectory } from './open-states.js';
import { runAll } from './run-all.js';
import { ENVIRONMENT, hasState, makeDirectory, prepareFiles, removeLeftOvers } from './state-files.js';
import { stateDamage, stateFailure } from './state-failure.js';
import { verifyRows } from './verify-rows.js';
import { WriterPlace } from './writer-place.js';

/** Options of `openState`. */
export interface OpenStateOptions {
  /** @defaultValue the system's clock */
  readonly clock?: Clock;
  /**
   * Checks every page of the file before it is used. After a crash this is always done. `verifyState` checks the rows.
   * @defaultValue false
   */
  readonly verify?: boolean;
  /**
   * With `false`, a directory without a state is an error (`ERR_ROLLCALL_STATE_MISSING`). A new state cannot find people who left
   * before it was created, so a lost state should not be replaced without a message.
   * @defaultValue true
   */
  readonly create?: boolean;
  /**
   * Opens a state that was moved to another place as well, to export it, or to finish the move. It can still not be read by a run.
   * @defaultValue false
   */
  readonly moved?: boolean;
}

/**
 * Opens the state in a directory, or creates it. It is an embedded database: every write is a transaction that survives a crash
 * and a loss of power when its promise resolves. New directories do too. The state contains external ids and keyed
 * fingerprints, but no profile. The mode of the directory is 0700, that of its files 0600.
 *
 * A state has one writer at a time, and can be open once in a process, by any path. If the last writer died, the state can be
 * opened at once on the same machine, and from another host or container after a minute without a sign of life. Then every
 * page and every row is checked before the state is used.
 *
 * @throws {@link BusyError} if another writer has the state open; {@link StateError} if the directory cannot be used (the message
 * contains the path and the code of the system), if there is no state and `create` is false (`ERR_ROLLCALL_STATE_MISSING`), if the
 * state has another format (`ERR_ROLLCALL_STATE_FORMAT`), if it is damaged (`ERR_ROLLCALL_STATE_CORRUPT`), or if it was moved to another
 * place (`ERR_ROLLCALL_STATE_MOVED`). If it throws, nothing stays open.
 */
export async function openState(directory: string, options: OpenStateOptions = {}): Promise<StateStore> {
  refuseUnknown('openState', options, ['clock', 'verify', 'create', 'moved']);
  const { clock = systemClock, verify = false, create = true, moved = false } = options;
  const path = resolve(directory);
  if (!create && !hasState(path)) throw missing(path);
  const undo: (() => unknown)[] = [];
  try {
    makeDirectory(path);
    const free = reserveDirectory(path, clock.now());
    undo.push(free);
    const found = await waitForHolder(path, clock);
    const isLong = prepareFiles(path);
    if (verify || found !== undefined || !isLong) await checkFile(path, found?.id);
    const root = openRoot(path);
    undo.push(() => root.close());
    const tables = openKnownTables(root, path);
    if (found !== undefined) checkRows(tables, path);
    if (!moved) requireUnmoved(tables.head.get(`meta:${MOVED_TO}`) as string | undefined);
    const place = WriterPlace.acquire(path, tables, found, clock);
    undo.push(() => place.release());
    removeLeftOvers(path);
    return new LmdbState(tables, path, place, free);
  } catch (error) {
    await runAll(undo);
    throw stateFailure('the state cannot be opened', path, error);
  }
}

/** Checks the pages. @throws {@link BusyError} if another process opened the state meanwhile, so that the file is changing */
async function checkFile(path: string, found: string | undefined): Promise<void> {
  try {
    await checkPages(join(path, ENVIRONMENT), path);
  } catch (error) {
    const now = readHolder(path);
    throw now !== undefined && now.id !== found ? busy(now) : error;
  }
}

function checkRows(tables: Tables, path: string): void {
  try {
    verifyRows(tables);
  } catch (error) {
    throw stateDamage(path, 'its rows are not what was written', error);
  }
}

function openRoot(path: string): RootDatabase {
  return open({
    path: join(path, ENVIRONMENT),
    noSubdir: true,
    maxDbs: 16,
    permissionsMode: 0o600,
    // So a transaction is on disk when its call returns.
    overlappingSync: false,
  } as Parameters<typeof open>[0]);
}

/** Opens the tables of a state of this format, or creates those of a new state. Writes nothing to a file of another kind. */
function openKnownTables(root: RootDatabase, path: string): Tables {
  const existing = { name: 'head', create: false } as { name: string };
  const table = root.openDB<unknown, string>(existing) as Tables['head'] | undefined;
  const [anyName] = root.getKeys({ limit: 1 });
  if (table === undefined && anyName !== undefined)
    throw format(`${path} holds a database that is not a state`);
  const head = table?.get('head') as Head | undefined;
  if (head !== undefined && head.format !== FORMAT) throw otherFormat(path, head.format);
  const tables = openTables(root);
  if (head === undefined) tables.head.putSync('head', emptyHead());
  return tables;
}

function otherFormat(path: string, found: number): StateError {
  const next =
    found > FORMAT
      ? 'upgrade rollcall'
      : 'export it with the rollcall that wrote it and import that file into a new directory, or start a new state with ' +
        '"rollcall sync --adopt"';
  return format(
    `the state in ${path} has format ${found}, and this rollcall reads format ${FORMAT}: ${next}`,
  );
}

function missing(path: string): StateError {
  return new StateError(`there is no state in ${path}`, { code: 'ERR_ROLLCALL_STATE_MISSING' });
}

function format(message: string): StateError {
  return new StateError(message, { code: 'ERR_ROLLCALL_STATE_FORMAT' });
}
