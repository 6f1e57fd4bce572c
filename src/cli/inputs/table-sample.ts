import { SourceError } from '../../core/errors.js';
import { fromCsv } from '../../sources/csv/from-csv.js';
import { fromExcel } from '../../sources/excel/from-excel.js';
import { fromJsonLines } from '../../sources/json/from-json-lines.js';
import { fromJson } from '../../sources/json/from-json.js';
import { columnSample, type ColumnSample } from './column-sample.js';
import { formatOfName, type InputFormat } from './format.js';

/** The most rows of a sample. */
const MOST_ROWS = 10_000;
/** The encoding of a file that is not UTF-8 and does not show another one: that of Windows in western Europe and America. */
const OTHER_ENCODING = 'windows-1252';

/** The header and the first rows of a file, and how it was read. */
export interface TableSample {
  readonly header: readonly string[];
  readonly columns: ReadonlyMap<string, ColumnSample>;
  /** The number of rows of the sample. */
  readonly rows: number;
  /** Set if the extension of the file says no format. */
  readonly format?: InputFormat;
  /** Set if the file is not UTF-8, and no mark at its start shows its encoding. */
  readonly encoding?: string;
}

type Rows = AsyncIterable<Readonly<Record<string, unknown>>>;

/**
 * Reads the header and the first ten thousand rows of a file: CSV, JSON, JSON lines or an Excel workbook.
 *
 * @param jsonPath - the path of the records in a JSON document
 * @throws SourceError if the file cannot be read, is empty, or is not in its format.
 */
export async function tableSample(path: string, jsonPath: string | undefined): Promise<TableSample> {
  const named = formatOfName(path);
  const format = named === undefined ? ({ format: 'csv' } as const) : {};
  if ((named ?? 'csv') !== 'csv') return sampleOf([], rowsOf(path, named as InputFormat, jsonPath));
  try {
    return { ...(await csvSample(path)), ...format };
  } catch (error) {
    if (!(error instanceof SourceError) || !/is not valid utf-8/i.test(error.message)) throw error;
    return { ...(await csvSample(path, OTHER_ENCODING)), ...format, encoding: OTHER_ENCODING };
  }
}

function rowsOf(path: string, format: InputFormat, jsonPath: string | undefined): Rows {
  if (format === 'xlsx') return fromExcel(path);
  if (format === 'jsonl') return fromJsonLines(path, { numbers: 'text' });
  return fromJson(path, { numbers: 'text', ...(jsonPath !== undefined && { path: jsonPath }) });
}

async function csvSample(path: string, encoding?: string): Promise<TableSample> {
  const header: string[] = [];
  const columns = (name: string) => {
    if (name.trim() === '') return undefined;
    header.push(name);
    return name;
  };
  // The header is read before the first row, or before the end of a file without rows.
  return sampleOf(header, fromCsv(path, { columns, ...(encoding !== undefined && { encoding }) }));
}

/** @param header - the names of the columns; names that only rows have are added */
async function sampleOf(header: string[], table: Rows): Promise<TableSample> {
  const cells = new Map<string, Map<string, number>>();
  let rows = 0;
  // `break` closes the file.
  for await (const row of table) {
    const texts = textsOf(row, '');
    if ([...texts.values()].every((text) => text.trim() === '')) continue;
    for (const [name, text] of texts) {
      let counts = cells.get(name);
      if (counts === undefined) cells.set(name, (counts = new Map<string, number>()));
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    if (++rows === MOST_ROWS) break;
  }
  for (const name of cells.keys()) if (!header.includes(name)) header.push(name);
  const columns = new Map(header.map((name) => [name, columnSample(cells.get(name) ?? new Map(), rows)]));
  return { header, columns, rows };
}

/** The cells of a row as texts. Those of an object in it have names such as `dept.name`; a list is its items with semicolons. */
function textsOf(row: object, before: string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [name, cell] of Object.entries(row) as [string, unknown][]) {
    if (Array.isArray(cell)) texts.set(before + name, cell.map(String).join(';'));
    else if (typeof cell === 'object' && cell !== null && before === '')
      for (const [inner, text] of textsOf(cell, `${name}.`)) texts.set(inner, text);
    else texts.set(before + name, textOf(cell));
  }
  return texts;
}

function textOf(cell: unknown): string {
  return typeof cell === 'string' ? cell : typeof cell === 'boolean' ? String(cell) : '';
}
