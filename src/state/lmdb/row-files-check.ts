import { statSync } from 'node:fs';
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { StateError } from '../../core/errors.js';
import { asWords } from './extent.js';
import type { Tables } from './lmdb-tables.js';

/** Names that `RowFiles` gives. */
const FILE_NAME = /^(?:users|groups|memberships)-\d+-\d+\.rows$/;

/**
 * Looks whether every file of rows is there, as long as the database says; removes what a process left that died before
 * it named them.
 *
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` when one is missing or was cut off
 */
export async function checkRowFiles(directory: string, { extents }: Tables): Promise<void> {
  const ends = new Map<string, number>();
  for (const { value } of extents.getRange()) {
    const words = asWords(value.pages);
    let end = value.offset;
    for (let i = 1; i < words.length; i += 2) end += words[i] as number;
    ends.set(value.file, Math.max(end, ends.get(value.file) ?? 0));
  }
  for (const [name, end] of ends) {
    const stats = statSync(join(directory, name), { throwIfNoEntry: false });
    if (stats === undefined || stats.size < end) throw cutOff();
  }
  for (const name of await readdir(directory))
    if (FILE_NAME.test(name) && !ends.has(name)) await unlink(join(directory, name));
}

/** What is said of a file that ends before a page does. */
export function cutOff(): StateError {
  return new StateError('the state is damaged: a file of rows is missing or was cut off', {
    code: 'ERR_ROLLCALL_STATE_CORRUPT',
  });
}
