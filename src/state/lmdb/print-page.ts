import { crc32 } from 'node:zlib';
import { StateError } from '../../core/errors.js';
import { ROWS_PER_PAGE } from './row-page.js';

const LENGTHS = 4;
const PRINTS = LENGTHS + ROWS_PER_PAGE * 2;

/** The attribute prints of a page's rows, as one stretch of a file: a check sum, their lengths, then they. */
export class PrintPage {
  #bytes: Buffer;
  /** Prints that were set and have another length than those they replace, by slot. */
  readonly #resized = new Map<number, string>();

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /**
   * Takes a page as it was read, without copying it; undefined for a page without prints.
   * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` when it is not what was written
   */
  static over(bytes: Buffer | undefined): PrintPage {
    if (bytes === undefined) return new PrintPage(Buffer.alloc(PRINTS));
    if (bytes.length < PRINTS || crc32(bytes.subarray(LENGTHS)) !== bytes.readUInt32LE(0)) {
      throw new StateError('the state is damaged: a page of prints is not what was written', {
        code: 'ERR_ROLLCALL_STATE_CORRUPT',
      });
    }
    return new PrintPage(bytes);
  }

  /** True when no row of the page has any. */
  get isEmpty(): boolean {
    if (this.#resized.size === 0) return this.#bytes.length === PRINTS;
    return this.#all().every((prints) => prints === '');
  }

  get(slot: number): string {
    const resized = this.#resized.get(slot);
    if (resized !== undefined) return resized;
    const start = this.#start(slot);
    return this.#bytes.toString('latin1', start, start + this.#length(slot));
  }

  set(slot: number, prints: string): void {
    // Nearly always the record has as many attributes as before.
    if (prints.length !== this.#length(slot)) {
      this.#resized.set(slot, prints);
      return;
    }
    this.#resized.delete(slot);
    this.#bytes.write(prints, this.#start(slot), 'latin1');
  }

  /** The bytes to write. */
  toBytes(): Buffer {
    if (this.#resized.size > 0) this.#resize();
    this.#bytes.writeUInt32LE(crc32(this.#bytes.subarray(LENGTHS)), 0);
    return this.#bytes;
  }

  #length(slot: number): number {
    return this.#bytes.readUInt16LE(LENGTHS + slot * 2);
  }

  #start(slot: number): number {
    let start = PRINTS;
    for (let i = 0; i < slot; i++) start += this.#length(i);
    return start;
  }

  #all(): string[] {
    return Array.from({ length: ROWS_PER_PAGE }, (_, slot) => this.get(slot));
  }

  #resize(): void {
    const all = this.#all();
    const text = all.join('');
    const bytes = Buffer.allocUnsafe(PRINTS + text.length);
    for (const [slot, prints] of all.entries()) bytes.writeUInt16LE(prints.length, LENGTHS + slot * 2);
    bytes.write(text, PRINTS, 'latin1');
    this.#bytes = bytes;
    this.#resized.clear();
  }
}
