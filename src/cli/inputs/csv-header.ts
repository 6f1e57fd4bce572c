import { fromCsv } from '../../sources/csv/from-csv.js';

/**
 * The names in the first row of a CSV file. Only the first block of the file is read.
 *
 * @throws SourceError if the file cannot be read, is empty, or is not CSV.
 */
export async function csvHeader(path: string): Promise<readonly string[]> {
  const header: string[] = [];
  const columns = (name: string) => {
    header.push(name);
    return name;
  };
  // The header is read before the first row, or before the end of a file without rows. `break` closes the file.
  for await (const _row of fromCsv(path, { columns })) break;
  return header;
}
