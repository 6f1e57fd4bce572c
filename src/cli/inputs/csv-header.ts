import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { fromCsv } from '../../sources/csv/from-csv.js';

/**
 * The names in the first row of a CSV file; `.gz` is unpacked. Nothing behind the first block is read.
 *
 * @throws SourceError when it cannot be read, is empty, or is no CSV.
 */
export async function csvHeader(path: string): Promise<readonly string[]> {
  const header: string[] = [];
  const columns = (name: string) => {
    header.push(name);
    return name;
  };
  const rows = fromCsv(path.toLowerCase().endsWith('.gz') ? unpacked(path) : path, { columns });
  // The header is read with the first row, or with the end of a file without rows; leaving closes the file.
  for await (const _row of rows) break;
  return header;
}

function unpacked(path: string): NodeJS.ReadableStream {
  // A failure of either ends the other, and reaches who reads.
  return pipeline(createReadStream(path), createGunzip(), () => undefined);
}
