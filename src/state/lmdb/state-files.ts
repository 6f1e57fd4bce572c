import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { emptyEnvironment, metasOf } from './meta-page.js';

/** LMDB's file in the directory of a state. */
export const ENVIRONMENT = 'state.mdb';
/** Files of a writer that died: its outbox, whose key died with it, and unfinished holder files. */
const LEFT_OVER = /^outbox-|^holder\.json\..*\.tmp$/;

/** The size of the lock file. It is larger than LMDB's table of readers, so that LMDB does not need to extend it. */
const LOCK_BYTES = 16_384;
/** More files than LMDB opens. */
const OPENED_BY_LMDB = 8;

/** True if the directory contains a state. */
export function hasState(path: string): boolean {
  return existsSync(join(path, ENVIRONMENT));
}

/** Creates the directory of a state (mode 0700) and its parents. They survive a loss of power when it returns. */
export function makeDirectory(path: string): void {
  makeWithParents(path);
  if (!statSync(path).isDirectory())
    throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR', path });
  chmodSync(path, 0o700);
}

/** Creates missing parents first. Node's option `recursive` never ends if the file system allows no directories, as in /proc. */
function makeWithParents(path: string): void {
  const parent = dirname(path);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || parent === path) throw error;
    makeWithParents(parent);
    mkdirSync(path, { mode: 0o700 });
  }
  syncDirectory(parent);
}

/** Waits until the entries of a directory are on disk. Does nothing on Windows, which has no such call. */
export function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * Creates LMDB's two files (mode 0600) if they are missing, and opens them for reading and writing as often as LMDB will. LMDB
 * ends the process if one of these operations fails while it opens an environment; here it is an error.
 *
 * @returns false if the file is shorter than its meta page says: it was truncated, or its last pages are free and were never
 * written
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_FORMAT` if it is not a file of LMDB, `ERR_ROLLCALL_STATE_CORRUPT` if its meta
 * pages are damaged; or an error of the system
 */
export function prepareFiles(directory: string): boolean {
  const file = join(directory, ENVIRONMENT);
  const lock = `${file}-lock`;
  createFile(file, emptyEnvironment());
  // Bytes and not a hole: LMDB writes to this file through mapped memory, where a full disk ends the process by a signal.
  createFile(lock, Buffer.alloc(LOCK_BYTES));
  syncDirectory(directory);
  for (const path of [file, lock]) chmodSync(path, 0o600);
  const handles: number[] = [];
  try {
    for (let i = 0; i < OPENED_BY_LMDB; i++) handles.push(openSync(i % 2 === 0 ? file : lock, 'r+'));
    const [handle] = handles as [number];
    const { size } = fstatSync(handle);
    // LMDB fills an empty file itself.
    if (size === 0) return true;
    const [{ lastPage, pageBytes }] = metasOf(handle, directory);
    return BigInt(size) >= (lastPage + 1n) * BigInt(pageBytes);
  } finally {
    for (const handle of handles) closeSync(handle);
  }
}

/** Creates a file with its content, atomically and durably, unless it exists. Of two processes at the same time, one succeeds. */
function createFile(path: string, content: Buffer): void {
  if (existsSync(path)) return;
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, content, { mode: 0o600, flush: true });
    linkSync(temporary, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // On a file system without hard links, LMDB creates its files itself.
    if (code === undefined || !['EEXIST', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code))
      throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Removes the files of writers that died. Only the current writer may call it. */
export function removeLeftOvers(directory: string): void {
  for (const name of readdirSync(directory)) if (LEFT_OVER.test(name)) rmSync(join(directory, name));
}
