import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { StateError } from '../../core/errors.js';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Where a block is in the file. */
export interface SealedBlock {
  readonly at: number;
  readonly length: number;
}

/** How a {@link SealedFile} is created. */
export interface SealedFileOptions {
  /**
   * Removes the name of the file as soon as it is open, so that nothing is left of it when the process ends in any way. Windows does not
   * allow that; there the file is removed when it is closed.
   * @defaultValue false
   */
  readonly isUnlinked?: boolean;
}

/**
 * A file of blocks, each encrypted with AES-256-GCM. The key exists only in this object, so a file that is left after a
 * crash cannot be read. Calls are synchronous: the system keeps what was just written in memory, and copies 64 KB in a
 * fraction of the time that a thread takes to answer.
 */
export class SealedFile {
  readonly #key = randomBytes(32);
  readonly #path: string;
  readonly #file: number;
  #end = 0;
  #open = true;

  /** @throws {@link StateError} when the file cannot be created. */
  constructor(directory: string, { isUnlinked = false }: SealedFileOptions = {}) {
    this.#path = join(directory, `outbox-${randomBytes(8).toString('hex')}`);
    this.#file = named('the outbox could not be written', () => openSync(this.#path, 'wx+', 0o600));
    if (isUnlinked) this.#unlink();
  }

  /** @throws {@link StateError} when the block cannot be written. */
  write(bytes: Uint8Array): SealedBlock {
    const block = { at: this.#end, length: bytes.length + TAG_BYTES };
    const cipher = createCipheriv(CIPHER, this.#key, nonceOf(block));
    const sealed = Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    named('the outbox could not be written', () => {
      for (let done = 0; done < sealed.length;)
        done += writeSync(this.#file, sealed, done, sealed.length - done, block.at + done);
    });
    this.#end += sealed.length;
    return block;
  }

  /** @throws {@link StateError} when the block cannot be read, or is not what was written. */
  read(block: SealedBlock): Buffer {
    const sealed = Buffer.allocUnsafeSlow(block.length);
    const bytesRead = named('the outbox could not be read', () =>
      readSync(this.#file, sealed, 0, block.length, block.at),
    );
    if (bytesRead !== block.length) throw new StateError('the outbox was truncated by another program');
    const decipher = createDecipheriv(CIPHER, this.#key, nonceOf(block));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return named('the outbox was changed by another program', () =>
      Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]),
    );
  }

  /** Closes and removes the file. May be called again. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#file);
    this.#unlink();
  }

  #unlink(): void {
    try {
      unlinkSync(this.#path);
    } catch {
      // The file is unreadable without its key, and the next process that opens the state removes it.
    }
  }
}

/** Each block has its own place, so no nonce is used twice under one key. */
function nonceOf({ at }: SealedBlock): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeBigUInt64LE(BigInt(at), 0);
  return nonce;
}

/** @throws {@link StateError} with this message where `call` throws. */
function named<T>(message: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw new StateError(message, { cause });
  }
}
