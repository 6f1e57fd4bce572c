import { SourceError } from '../../core/errors.js';
import { fromCsv } from '../../sources/csv/from-csv.js';
import { fromExcel } from '../../sources/excel/from-excel.js';
import { fromJsonLines } from '../../sources/json/from-json-lines.js';
import { fromJson } from '../../sources/json/from-json.js';
import { formatOfName, type InputFormat } from './format.js';
import { sampleRows, type RowsSample } from './sample-rows.js';

/** The encoding of a file that is not UTF-8 and does not show another one: that of Windows in western Europe and America. */
const OTHER_ENCODING = 'windows-1252';

/** The columns and the first rows of a file or another source, and how it was read. */
export interface TableSample extends RowsSample {
  /** Set if the extension of the file says no format. */
  readonly format?: InputFormat;
  /** Set if the file is not UTF-8, and no mark at its start shows its encoding. */
  readonly encoding?: string;
  /** Set if the source is no file. */
  readonly source?: SampledSource;
}

/** What is known of a source that is no file. */
export interface SampledSource {
  readonly kind: 'query' | 'ldap';
  /** True if a directory was read without an account. */
  readonly isAnonymous: boolean;
  /** Set if the time for the sample ended before the rows did: that time, in milliseconds. */
  readonly endedAfterMs?: number;
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
  if ((named ?? 'csv') !== 'csv') return sampleRows([], rowsOf(path, named as InputFormat, jsonPath));
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
  return sampleRows(header, fromCsv(path, { columns, ...(encoding !== undefined && { encoding }) }));
}
