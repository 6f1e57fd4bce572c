import { fromCsv } from '../../sources/csv/from-csv.js';

/** The most rows of a sample, and the most values of a column that are counted. */
const MOST_ROWS = 10_000;
const MOST_VALUES = 20;

/** The values of a column in the first rows of a file. */
export interface ColumnSample {
  /** The number of rows with each value, the most frequent first; undefined if there are more than twenty. */
  readonly values: ReadonlyMap<string, number> | undefined;
  /** True if no row has an empty cell, and no two rows the same. */
  readonly isUnique: boolean;
}

/** The header and the first rows of a CSV file. */
export interface CsvSample {
  readonly header: readonly string[];
  readonly columns: ReadonlyMap<string, ColumnSample>;
  /** The number of rows of the sample. */
  readonly rows: number;
}

/**
 * Reads the header and the first ten thousand rows of a CSV file.
 *
 * @throws SourceError if the file cannot be read, is empty, or is not CSV.
 */
export async function csvSample(path: string): Promise<CsvSample> {
  const header: string[] = [];
  const columns = (name: string) => {
    if (name.trim() === '') return undefined;
    header.push(name);
    return name;
  };
  const cells = new Map<string, Map<string, number>>();
  let rows = 0;
  // The header is read before the first row, or before the end of a file without rows. `break` closes the file.
  for await (const row of fromCsv(path, { columns })) {
    for (const [name, cell] of Object.entries(row)) {
      const counts = cells.get(name) ?? new Map<string, number>();
      counts.set(cell, (counts.get(cell) ?? 0) + 1);
      cells.set(name, counts);
    }
    if (++rows === MOST_ROWS) break;
  }
  const samples = header.map((name) => [name, sampleOf(cells.get(name) ?? new Map(), rows)] as const);
  return { header, columns: new Map(samples), rows };
}

function sampleOf(counts: ReadonlyMap<string, number>, rows: number): ColumnSample {
  const values = new Map([...counts].sort(([, a], [, b]) => b - a));
  return {
    values: values.size > MOST_VALUES ? undefined : values,
    isUnique: counts.size === rows && !counts.has(''),
  };
}
