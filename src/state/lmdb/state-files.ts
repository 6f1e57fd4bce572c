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
/** What a writer may leave behind when it dies: the key of an outbox is gone with it, and a holder was not entered. */
const LEFT_OVER = /^outbox-|^holder\.json\..*\.tmp$/;

/** Bytes of LMDB's table of readers, and more: LMDB grows it where it is shorter. */
const LOCK_BYTES = 16_384;
/** Files that LMDB opens, and some more. */
const OPENED_BY_LMDB = 8;

/** Makes the directory of a state, 0700, with its parents. When it returns, they survive a loss of power. */
export function makeDirectory(path: string): void {
  makeWithParents(path);
  if (!statSync(path).isDirectory())
    throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR', path });
  chmodSync(path, 0o700);
}

/** Node's own recursion does not end where a file system has no room for directories, such as /proc. */
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

/** Waits until the entries of a directory are on disk. Windows has no such call. */
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
 * Makes LMDB's two files where they are missing, 0600, and tries what LMDB is going to do with them: read them, write them, and
 * open them as often as it does. LMDB ends the process when one of these fails while it opens an environment.
 *
 * @returns false where LMDB's file is shorter than it says: it was cut off, or its last pages are free and were never written
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_FORMAT` for a file of something else, `ERR_ROLLCALL_STATE_CORRUPT` for one whose
 * first pages are damaged; an error of the system
 */
export function prepareFiles(directory: string): boolean {
  const file = join(directory, ENVIRONMENT);
  const lock = `${file}-lock`;
  createFile(file, emptyEnvironment());
  // Real bytes and no hole: LMDB writes to it through memory, and there a full disk is a signal.
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

/** Makes a file with its whole content, on disk, unless there is one: of two processes that do so at once one succeeds. */
function createFile(path: string, content: Buffer): void {
  if (existsSync(path)) return;
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, content, { mode: 0o600, flush: true });
    linkSync(temporary, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Of a file system without links LMDB makes its files itself.
    if (code === undefined || !['EEXIST', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code))
      throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Removes what earlier writers left behind. Only for the holder of the writer's place. */
export function removeLeftOvers(directory: string): void {
  for (const name of readdirSync(directory)) if (LEFT_OVER.test(name)) rmSync(join(directory, name));
}
