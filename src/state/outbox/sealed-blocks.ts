import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readSync } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { StateError } from '../../core/errors.js';

/** Blocks are gathered in pages of this size. */
const PAGE_BYTES = 1024 * 1024;
/** Full pages in memory; with more the oldest go to the file. A plan that is smaller never touches the disk. */
const PAGES_IN_MEMORY = 4;
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;

/** File names of outboxes, for those that clear up after a crashed process. */
export const OUTBOX_PREFIX = 'outbox-';

interface Page {
  /** Undefined once it is in the file. */
  bytes: Buffer | undefined;
  used: number;
  /** Where it is in the file, or will be. */
  readonly offset: number;
}

/** Where a sealed block is. */
export interface SealedBlock {
  readonly number: number;
  readonly page: Page;
  readonly at: number;
  readonly length: number;
  readonly tag: Buffer;
}

/**
 * Blocks of bytes, sealed with AES-256-GCM under a key that only this process holds, so that what a crash leaves behind is
 * unreadable. With a directory they move to a file there once they outgrow a few megabytes; a write goes on while the next
 * blocks are made. Pages are used again: were every block a buffer of its own, hundreds of megabytes of them would wait for the
 * garbage collector.
 */
export class SealedBlocks {
  readonly #directory: string | undefined;
  readonly #key = randomBytes(32);
  #page: Page | undefined;
  #full: Page[] = [];
  #unused: Buffer[] = [];
  /** What is read from the file, until it is opened. */
  #scratch = Buffer.alloc(0);
  #count = 0;
  #end = 0;
  #file: FileHandle | undefined;
  #path: string | undefined;
  /** The write under way; it never rejects, what failed is kept. */
  #writing: Promise<void> | undefined;
  #failure: StateError | undefined;

  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /** Seals a block; `bytes` may be used again once the call has returned. */
  seal(bytes: Buffer): SealedBlock {
    const number = this.#count++;
    const cipher = createCipheriv(CIPHER, this.#key, nonceOf(number));
    const sealed = cipher.update(bytes);
    cipher.final();
    const page = this.#pageFor(sealed.length);
    const at = page.used;
    (page.bytes as Buffer).set(sealed, at);
    page.used += sealed.length;
    return { number, page, at, length: sealed.length, tag: cipher.getAuthTag() };
  }

  /** Starts to write what is too much for the memory. Waits only while the write before it is under way. */
  async spill(): Promise<void> {
    if (this.#directory === undefined || this.#full.length < PAGES_IN_MEMORY) return;
    await this.flushed();
    const pages = this.#full;
    this.#full = [];
    this.#writing = this.#write(pages, this.#directory).catch((cause: unknown) => {
      this.#failure = new StateError('the outbox could not be written', { cause });
    });
  }

  /** Waits for the write under way, and tells when one failed. */
  async flushed(): Promise<void> {
    await this.#writing;
    this.#writing = undefined;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * What was sealed. It is read synchronously, as the database beside it is: it was just written, so the system has it in
   * memory, and to ask another thread for 64 KB takes several times as long as to copy them.
   */
  open({ number, page, at, length, tag }: SealedBlock): Buffer {
    const sealed = page.bytes?.subarray(at, at + length) ?? this.#read(page.offset + at, length);
    const decipher = createDecipheriv(CIPHER, this.#key, nonceOf(number));
    decipher.setAuthTag(tag);
    try {
      const bytes = decipher.update(sealed);
      decipher.final();
      return bytes;
    } catch (cause) {
      throw new StateError('the outbox was changed from outside', { cause });
    }
  }

  async close(): Promise<void> {
    await this.#writing;
    this.#page = undefined;
    this.#full = [];
    this.#unused = [];
    this.#scratch = Buffer.alloc(0);
    await this.#file?.close();
    if (this.#path !== undefined) await unlink(this.#path).catch(() => undefined);
    this.#file = undefined;
    this.#path = undefined;
  }

  /** The page with room for so many bytes. */
  #pageFor(length: number): Page {
    let page = this.#page;
    if (page?.bytes !== undefined && page.used + length <= page.bytes.length) return page;
    if (page !== undefined) {
      this.#full.push(page);
      this.#end += page.used;
    }
    const bytes =
      length <= PAGE_BYTES
        ? (this.#unused.pop() ?? Buffer.allocUnsafeSlow(PAGE_BYTES))
        : Buffer.allocUnsafeSlow(length);
    this.#page = page = { bytes, used: 0, offset: this.#end };
    return page;
  }

  /** Valid until the next read. */
  #read(position: number, length: number): Buffer {
    if (this.#file === undefined) throw new StateError('the outbox is closed');
    if (this.#scratch.length < length) this.#scratch = Buffer.allocUnsafeSlow(length);
    let bytesRead: number;
    try {
      bytesRead = readSync(this.#file.fd, this.#scratch, 0, length, position);
    } catch (cause) {
      throw new StateError('the outbox could not be read', { cause });
    }
    if (bytesRead !== length) throw new StateError('the outbox was truncated from outside');
    return this.#scratch.subarray(0, length);
  }

  async #write(pages: readonly Page[], directory: string): Promise<void> {
    if (this.#file === undefined) {
      this.#path = join(directory, `${OUTBOX_PREFIX}${randomBytes(8).toString('hex')}`);
      this.#file = await open(this.#path, 'wx+', 0o600);
    }
    for (const page of pages) {
      const bytes = page.bytes as Buffer;
      const { bytesWritten } = await this.#file.write(bytes, 0, page.used, page.offset);
      if (bytesWritten !== page.used) throw new Error(`${bytesWritten} of ${page.used} bytes were written`);
      page.bytes = undefined;
      if (bytes.length === PAGE_BYTES) this.#unused.push(bytes);
    }
  }
}

/** A number that is used once under its key is all that the cipher asks for. */
function nonceOf(number: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32LE(number, 0);
  return nonce;
}
