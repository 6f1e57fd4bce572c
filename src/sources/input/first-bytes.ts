/** What the first bytes of an input show. */
export type FirstBytes = 'utf-8' | 'utf-16le' | 'utf-16be' | 'gzip' | 'zip' | 'xls';

/** The number of bytes that {@link recognise} needs, unless the input is shorter. */
export const HEAD_BYTES = 512;

const SIGNATURES: readonly (readonly [FirstBytes, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  // An archive without files.
  ['zip', [0x50, 0x4b, 0x05, 0x06]],
  // The compound file of Excel before 2007.
  ['xls', [0xd0, 0xcf, 0x11, 0xe0]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** Recognises the format of an input by its first bytes. Everything that is not recognised counts as UTF-8. */
export function recognise(head: Uint8Array): FirstBytes {
  for (const [format, signature] of SIGNATURES)
    if (signature.every((byte, i) => head[i] === byte)) return format;
  return utf16WithoutMark(head) ?? 'utf-8';
}

/** UTF-16 text of mostly Latin letters has a zero byte in nearly every pair, always on the same side. UTF-8 text has none. */
function utf16WithoutMark(head: Uint8Array): FirstBytes | undefined {
  const pairs = Math.floor(Math.min(head.length, HEAD_BYTES) / 2);
  if (pairs < 2) return undefined;
  const zeros: [number, number] = [0, 0];
  for (let i = 0; i < pairs * 2; i++) if (head[i] === 0) zeros[(i % 2) as 0 | 1]++;
  const [even, odd] = zeros;
  if (even === 0 && odd > pairs / 2) return 'utf-16le';
  if (odd === 0 && even > pairs / 2) return 'utf-16be';
  return undefined;
}

const MARK = [0xef, 0xbb, 0xbf];

/** The number of bytes of the byte order marks (UTF-8) at the start of an input. Some programs write more than one. */
export function marksLength(head: Uint8Array): number {
  let length = 0;
  while (MARK.every((byte, i) => head[length + i] === byte)) length += MARK.length;
  return length;
}
