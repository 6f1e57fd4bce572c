import { isAscii } from 'node:buffer';
import { SourceError } from '../../core/errors.js';

/** The encodings of the Encoding Standard with one byte for each character. Nearly all bytes are valid in them. */
const ONE_BYTE = /^(?:windows-(?:125\d|874)|iso-8859-|koi8-|ibm866|macintosh|x-mac-cyrillic)/;

/**
 * Notices that an input is UTF-8 although its reader was told an encoding with one byte for each character. Such an encoding has hardly
 * any invalid byte, so `ü` would become `Ã¼` without an error. A text that is really in such an encoding is hardly ever valid UTF-8: each
 * of its letters beyond ASCII would have to stand beside another one that fits.
 */
export class Utf8Instead {
  readonly #encoding: string;
  #utf8: InstanceType<typeof TextDecoder> | undefined;
  /** The line of the first character beyond ASCII. */
  #line: number | undefined;

  constructor(encoding: string) {
    this.#encoding = encoding;
    if (ONE_BYTE.test(encoding)) this.#utf8 = new TextDecoder('utf-8', { fatal: true });
  }

  /** @param line - the line on which the bytes begin, from 1 */
  add(bytes: Uint8Array, line: number): void {
    if (this.#utf8 === undefined || (this.#line === undefined && isAscii(bytes))) return;
    try {
      this.#utf8.decode(bytes, { stream: true });
    } catch {
      this.#utf8 = undefined;
      return;
    }
    this.#line ??= line + lineFeedsBeforeOther(bytes);
  }

  /**
   * Ends the input.
   * @throws {@link SourceError} if it is UTF-8 with characters beyond ASCII
   */
  end(file: string | undefined): void {
    if (this.#utf8 === undefined || this.#line === undefined) return;
    try {
      this.#utf8.decode();
    } catch {
      return;
    }
    throw new SourceError(
      `is UTF-8 and not ${this.#encoding}: here is the first character that would be read as others; leave the encoding out, or say utf-8`,
      { file, line: this.#line },
    );
  }
}

/** The number of line feeds before the first byte beyond ASCII. */
function lineFeedsBeforeOther(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) {
    if (byte >= 0x80) break;
    if (byte === 0x0a) count++;
  }
  return count;
}
