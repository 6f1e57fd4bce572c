import { isAscii, isUtf8 } from 'node:buffer';
import { SourceError } from '../../core/errors.js';
import type { InputChunk } from './input-chunk.js';

/** The most characters per block, so that an input in one piece is not parsed all at once. */
const BLOCK = 128 * 1024;
const LF = 0x0a;
const EMPTY = Buffer.alloc(0);

/** The place of the reader, for errors. */
export interface TextPlace {
  readonly file: string | undefined;
  /** 1-based line on which the next text begins. */
  line?(): number;
}

/**
 * Decodes UTF-8 bytes in chunks that may end anywhere. `TextDecoder` is not used: a block that is ASCII becomes a one-byte
 * string, which all later code reads faster.
 *
 * @throws {@link SourceError} if the bytes are not UTF-8; the lines before are yielded first.
 */
export async function* decodeText(
  chunks: AsyncIterable<InputChunk>,
  place: TextPlace,
): AsyncGenerator<string, void, undefined> {
  let rest: Buffer = EMPTY;
  for await (const chunk of chunks) {
    if (typeof chunk === 'string') {
      if (rest.length > 0) throw notUtf8(place);
      for (let start = 0; start < chunk.length; start += BLOCK) yield chunk.slice(start, start + BLOCK);
      continue;
    }
    const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const bytes = rest.length === 0 ? view : Buffer.concat([rest, view]);
    let start = 0;
    while (start < bytes.length) {
      const end = wholeCharacters(bytes, start, Math.min(bytes.length, start + BLOCK));
      if (end === start) break;
      const block = bytes.subarray(start, end);
      if (!isUtf8(block)) {
        const good = block.subarray(0, goodLines(block));
        if (good.length > 0) yield decode(good);
        throw notUtf8(place);
      }
      yield decode(block);
      start = end;
    }
    // Copied, because the owner may reuse the memory of the chunk.
    rest = start < bytes.length ? Buffer.from(bytes.subarray(start)) : EMPTY;
  }
  if (rest.length > 0) throw notUtf8(place);
}

/** Decodes complete, valid UTF-8. */
export function decode(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
}

/** The end of the last complete character; a character has at most four bytes. */
function wholeCharacters(bytes: Buffer, start: number, end: number): number {
  for (let back = 1; back <= 3 && end - back >= start; back++) {
    const byte = bytes[end - back] ?? 0;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? end - back : end;
    }
  }
  return end;
}

/** The end of the last line before the first byte that is not UTF-8. */
function goodLines(bytes: Buffer): number {
  let good = 0;
  for (;;) {
    const end = bytes.indexOf(LF, good) + 1;
    if (end === 0 || !isUtf8(bytes.subarray(good, end))) return good;
    good = end;
  }
}

function notUtf8(place: TextPlace): SourceError {
  return new SourceError(
    'is not valid UTF-8; if the file has another encoding, say which, such as windows-1252',
    {
      file: place.file,
      line: place.line?.(),
    },
  );
}

/** The number of line feeds in a part of a text. */
export function countLineFeeds(text: string, start = 0, end = text.length): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
