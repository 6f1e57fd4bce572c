import { crc32 } from 'node:zlib';
import { StateError } from '../errors.js';
import { ROWS_PER_PAGE } from './row-page.js';

const LENGTHS = 4;
const PRINTS = LENGTHS + ROWS_PER_PAGE * 2;

/** The attribute prints of a page's rows, as one stretch of a file: a check sum, their lengths, then they. */
export class PrintPage {
  readonly #prints: string[];

  /**
   * @param bytes - undefined for a page without prints
   * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` when they are not what was written
   */
  constructor(bytes: Buffer | undefined) {
    this.#prints = new Array<string>(ROWS_PER_PAGE).fill('');
    if (bytes === undefined) return;
    requireIntact(bytes);
    let start = PRINTS;
    for (let slot = 0; slot < ROWS_PER_PAGE; slot++) {
      const end = start + bytes.readUInt16LE(LENGTHS + slot * 2);
      this.#prints[slot] = bytes.toString('latin1', start, end);
      start = end;
    }
  }

  get(slot: number): string {
    return this.#prints[slot] as string;
  }

  set(slot: number, prints: string): void {
    this.#prints[slot] = prints;
  }

  get isEmpty(): boolean {
    return this.#prints.every((prints) => prints === '');
  }

  toBytes(): Buffer {
    const all = this.#prints.join('');
    const bytes = Buffer.allocUnsafe(PRINTS + all.length);
    for (const [slot, prints] of this.#prints.entries())
      bytes.writeUInt16LE(prints.length, LENGTHS + slot * 2);
    bytes.write(all, PRINTS, 'latin1');
    bytes.writeUInt32LE(crc32(bytes.subarray(LENGTHS)), 0);
    return bytes;
  }

  /** The prints of one row of a page, without reading the others. */
  static one(bytes: Buffer, slot: number): string {
    requireIntact(bytes);
    let start = PRINTS;
    for (let i = 0; i < slot; i++) start += bytes.readUInt16LE(LENGTHS + i * 2);
    return bytes.toString('latin1', start, start + bytes.readUInt16LE(LENGTHS + slot * 2));
  }
}

function requireIntact(bytes: Buffer): void {
  if (bytes.length >= PRINTS && crc32(bytes.subarray(LENGTHS)) === bytes.readUInt32LE(0)) return;
  throw new StateError('the state is damaged: a page of prints is not what was written', {
    code: 'ERR_ROLLCALL_STATE_CORRUPT',
  });
}
