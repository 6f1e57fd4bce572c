import { crc32, deflateRawSync } from 'node:zlib';

/** A file for {@link zipOf}. */
export interface ZippedFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** The check sum that the archive claims. @defaultValue the right one */
  readonly crc?: number;
  /** Flags of the entry: 1 encrypted, 8 sizes after the content. @defaultValue 0 */
  readonly flags?: number;
  /** The method that the archive claims. @defaultValue 8, Deflate */
  readonly method?: number;
}

/** A ZIP archive, by APPNOTE 6.3: files, the central directory, and its end. */
export function zipOf(files: readonly ZippedFile[], comment = ''): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, crc, flags = 0, method = 8 } of files) {
    const bytes = Buffer.from(content);
    const packed = method === 0 ? bytes : deflateRawSync(bytes);
    const sum = crc ?? crc32(bytes);
    const streamed = (flags & 8) !== 0;
    const common = numbers([2, 20], [2, flags], [2, method], [4, 0x5a210000]);
    const sizes = numbers([4, sum], [4, packed.length], [4, bytes.length]);
    const names = numbers([2, Buffer.byteLength(name)], [2, 0]);
    const local = Buffer.concat([
      numbers([4, 0x04034b50]),
      common,
      streamed ? Buffer.alloc(12) : sizes,
      names,
      Buffer.from(name),
      packed,
      streamed ? Buffer.concat([numbers([4, 0x08074b50]), sizes]) : Buffer.alloc(0),
    ]);
    const rest = numbers([2, 0], [2, 0], [2, 0], [4, 0], [4, offset]);
    directory.push(
      Buffer.concat([numbers([4, 0x02014b50], [2, 20]), common, sizes, names, rest, Buffer.from(name)]),
    );
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const count = files.length;
  const end = numbers(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, central.length],
    [4, offset],
    [2, comment.length],
  );
  return Buffer.concat([...parts, central, end, Buffer.from(comment)]);
}

/** Little-endian numbers of two or four bytes. */
function numbers(...pairs: readonly (readonly [size: 2 | 4, value: number])[]): Buffer {
  return Buffer.concat(
    pairs.map(([size, value]) => {
      const bytes = Buffer.alloc(size);
      if (size === 2) bytes.writeUInt16LE(value);
      else bytes.writeUInt32LE(value);
      return bytes;
    }),
  );
}
