import { ROWS_PER_PAGE } from './row-page.js';

const LENGTHS_BYTES = ROWS_PER_PAGE * 2;

/** The attribute prints of a page's rows, as one value of the database: their lengths, then they. */
export class PrintPage {
  readonly #prints: string[];

  constructor(bytes: Buffer | undefined) {
    this.#prints = new Array<string>(ROWS_PER_PAGE).fill('');
    if (bytes === undefined) return;
    let start = LENGTHS_BYTES;
    for (let slot = 0; slot < ROWS_PER_PAGE; slot++) {
      const end = start + bytes.readUInt16LE(slot * 2);
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

  toBytes(): Buffer {
    const bytes = Buffer.allocUnsafe(
      LENGTHS_BYTES + this.#prints.reduce((sum, { length }) => sum + length, 0),
    );
    let start = LENGTHS_BYTES;
    for (const [slot, prints] of this.#prints.entries()) {
      bytes.writeUInt16LE(prints.length, slot * 2);
      start += bytes.write(prints, start, 'latin1');
    }
    return bytes;
  }
}
