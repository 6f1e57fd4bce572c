import { columnSample, FaultCounter, type ColumnSample } from './column-sample.js';

/** The most rows of a sample. */
const MOST_ROWS = 10_000;

/** The columns of the first rows of an input. */
export interface RowsSample {
  readonly header: readonly string[];
  readonly columns: ReadonlyMap<string, ColumnSample>;
  /** The number of rows of the sample. */
  readonly rows: number;
}

/**
 * Reads the first ten thousand rows.
 * @param header - the names of the columns; names that only rows have are added
 */
export async function sampleRows(header: string[], table: AsyncIterable<object>): Promise<RowsSample> {
  const cells = new Map<string, Map<string, number>>();
  const faults = new Map<string, FaultCounter>();
  let rows = 0;
  // `break` closes the input.
  for await (const row of table) {
    const texts = textsOf(row, '');
    if ([...texts.values()].every((text) => text.trim() === '')) continue;
    for (const [name, text] of texts) {
      let counts = cells.get(name);
      if (counts === undefined) cells.set(name, (counts = new Map<string, number>()));
      counts.set(text, (counts.get(text) ?? 0) + 1);
      let counter = faults.get(name);
      if (counter === undefined) faults.set(name, (counter = new FaultCounter()));
      counter.add(text, rows + 1);
    }
    if (++rows === MOST_ROWS) break;
  }
  for (const name of cells.keys()) if (!header.includes(name)) header.push(name);
  const columns = new Map(
    header.map((name) => [name, columnSample(cells.get(name) ?? new Map(), rows, faults.get(name)?.faults)]),
  );
  return { header, columns, rows };
}

/**
 * The cells of a row as texts. Those of an object in it have names such as `dept.name`; a list is its items with semicolons; bytes have no
 * text.
 */
function textsOf(row: object, before: string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [name, cell] of Object.entries(row) as [string, unknown][]) {
    if (Array.isArray(cell)) texts.set(before + name, cell.map(String).join(';'));
    else if (isObject(cell) && before === '')
      for (const [inner, text] of textsOf(cell, `${name}.`)) texts.set(inner, text);
    else texts.set(before + name, textOf(cell));
  }
  return texts;
}

function isObject(cell: unknown): cell is object {
  return typeof cell === 'object' && cell !== null && !(cell instanceof Uint8Array);
}

function textOf(cell: unknown): string {
  return typeof cell === 'string' ? cell : typeof cell === 'boolean' ? String(cell) : '';
}
