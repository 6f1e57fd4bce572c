import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { fromCsv } from '../../sources/csv/from-csv.js';

/**
 * The names in the first row of a CSV file; `.gz` is unpacked. Only the first block of the file is read.
 *
 * @throws SourceError if the file cannot be read, is empty, or is not CSV.
 */
export async function csvHeader(path: string): Promise<readonly string[]> {
  const header: string[] = [];
  const columns = (name: string) => {
    header.push(name);
    return name;
  };
  const rows = fromCsv(path.toLowerCase().endsWith('.gz') ? unpacked(path) : path, { columns });
  // The header is read before the first row, or before the end of a file without rows. `break` closes the file.
  for await (const _row of rows) break;
  return header;
}

function unpacked(path: string): NodeJS.ReadableStream {
  // `pipeline` passes an error of either stream on to the reader.
  return pipeline(createReadStream(path), createGunzip(), () => undefined);
}
