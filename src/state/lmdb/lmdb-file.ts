import { open } from 'node:fs/promises';
import { StateError } from '../../core/errors.js';

/** Where LMDB's two meta pages keep what they are and how much of the file belongs to them, in its data version 2. */
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;
const VERSION_AT = 28;
const PAGE_SIZE_AT = 48;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
const META_BYTES = 160;
const KNOWN_VERSION = 2;

/**
 * Looks at a state file before LMDB maps it into memory: a file of something else, or one that was cut off, would end the
 * process and not the call.
 *
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_FORMAT` for a file of something else, `ERR_ROLLCALL_STATE_CORRUPT` for one
 * that is shorter than it says
 */
export async function checkStateFile(file: string): Promise<void> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined) return;
  try {
    const { size } = await handle.stat();
    if (size === 0) return;
    const first = Buffer.alloc(META_BYTES);
    await handle.read(first, 0, META_BYTES, 0);
    if (size < META_BYTES || first.readUInt32LE(MAGIC_AT) !== MAGIC) {
      throw new StateError('the state directory holds a file of something else by the name of its own', {
        code: 'ERR_ROLLCALL_STATE_FORMAT',
      });
    }
    if (first.readUInt32LE(VERSION_AT) !== KNOWN_VERSION) return;
    const pageSize = first.readUInt32LE(PAGE_SIZE_AT);
    const second = Buffer.alloc(META_BYTES);
    await handle.read(second, 0, META_BYTES, pageSize);
    const newer =
      second.readBigUInt64LE(TRANSACTION_AT) > first.readBigUInt64LE(TRANSACTION_AT) ? second : first;
    const pages = newer.readBigUInt64LE(LAST_PAGE_AT) + 1n;
    if (BigInt(size) < pages * BigInt(pageSize)) {
      throw new StateError('the state is damaged: its file was cut off', {
        code: 'ERR_ROLLCALL_STATE_CORRUPT',
      });
    }
  } finally {
    await handle.close();
  }
}
