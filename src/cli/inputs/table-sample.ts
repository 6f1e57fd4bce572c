import { SourceError } from '../../core/errors.js';
import { fromCsv } from '../../sources/csv/from-csv.js';
import { fromExcel } from '../../sources/excel/from-excel.js';
import { fromJsonLines } from '../../sources/json/from-json-lines.js';
import { fromJson } from '../../sources/json/from-json.js';
import { formatOfName, type InputFormat } from './format.js';
import { linesBeforeHeader, type CsvStart } from './header-line.js';
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

/** How a file is read: the settings of the same names. */
export interface SampleOptions extends CsvStart {
  /** The path of the records in a JSON document. */
  readonly jsonPath?: string;
}

/**
 * Reads the header and the first ten thousand rows of a file: CSV, JSON, JSON lines or an Excel workbook.
 *
 * @throws SourceError if the file cannot be read, is empty, or is not in its format. If another line of a CSV file looks like the header,
 * the error names it.
 */
export async function tableSample(path: string, options: SampleOptions = {}): Promise<TableSample> {
  const named = formatOfName(path);
  const format = named === undefined ? ({ format: 'csv' } as const) : {};
  return (named ?? 'csv') === 'csv'
    ? { ...(await csvWithHint(path, options)), ...format }
    : sampleRows([], rowsOf(path, named as InputFormat, options));
}

function rowsOf(path: string, format: InputFormat, { jsonPath, encoding }: SampleOptions): Rows {
  if (format === 'xlsx') return fromExcel(path);
  const options = { numbers: 'text', ...(encoding !== undefined && { encoding }) } as const;
  if (format === 'jsonl') return fromJsonLines(path, options);
  return fromJson(path, { ...options, ...(jsonPath !== undefined && { path: jsonPath }) });
}

/** A sample of a CSV file. If it fails or has one column only, and another line looks like the header, the error says so. */
async function csvWithHint(path: string, options: SampleOptions): Promise<TableSample> {
  let sample: TableSample | SourceError;
  try {
    sample = await csvInAnEncoding(path, options);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    sample = error;
  }
  const failure = sample instanceof SourceError ? sample : undefined;
  if (!(sample instanceof SourceError) && sample.header.length > 1) return sample;
  const before = await linesBeforeHeader(path, options);
  if (before !== undefined)
    throw new SourceError(
      `line ${before + 1} looks like a header: use --skip-lines ${before}`,
      { file: path },
      { cause: failure },
    );
  if (sample instanceof SourceError) throw sample;
  return sample;
}

/** A file that is not UTF-8, and whose encoding is not given, is read in {@link OTHER_ENCODING}. */
async function csvInAnEncoding(path: string, options: SampleOptions): Promise<TableSample> {
  try {
    return await csvSample(path, options);
  } catch (error) {
    const isOther = error instanceof SourceError && /is not valid utf-8/i.test(error.message);
    if (!isOther || options.encoding !== undefined) throw error;
    return { ...(await csvSample(path, { ...options, encoding: OTHER_ENCODING })), encoding: OTHER_ENCODING };
  }
}

async function csvSample(path: string, { encoding, delimiter, skipLines }: CsvStart): Promise<TableSample> {
  const header: string[] = [];
  const columns = (name: string) => {
    if (name.trim() === '') return undefined;
    header.push(name);
    return name;
  };
  const options = {
    columns,
    ...(encoding !== undefined && { encoding }),
    ...(delimiter !== undefined && { delimiter }),
    ...(skipLines !== undefined && { skipLines }),
  };
  // The header is read before the first row, or before the end of a file without rows.
  return sampleRows(header, fromCsv(path, options));
}
