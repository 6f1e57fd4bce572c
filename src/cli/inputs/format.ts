import { OptionsError } from '../../core/errors.js';

/** The format of a file. */
export type InputFormat = 'csv' | 'json' | 'jsonl' | 'xlsx';

const FORMATS: Readonly<Record<string, InputFormat>> = Object.freeze({
  csv: 'csv',
  tsv: 'csv',
  json: 'json',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  xlsx: 'xlsx',
  xlsm: 'xlsx',
});

/** The format that the extension of a file says; undefined without a known one. */
export function formatOfName(path: string): InputFormat | undefined {
  const [, text, workbook] =
    /\.(?:(csv|tsv|json|jsonl|ndjson)(?:\.(?:gz|zip))?|(xlsx|xlsm))$/i.exec(path) ?? [];
  const ending = text ?? workbook;
  return ending === undefined ? undefined : FORMATS[ending.toLowerCase()];
}

/** A name that says only that the file is text. It has a delimiter, unless a format is given; its first bytes show if it is JSON. */
const IS_TEXT = /\.txt(?:\.(?:gz|zip))?$/i;

/**
 * The format of a file: the one that is given for all files; otherwise that of its name, and the one that is given for other names. A
 * `.txt` file without any is CSV.
 *
 * @throws {@link OptionsError} if none is known.
 */
export function formatOf(path: string, given: InputFormat | undefined, forAll: boolean): InputFormat {
  const named = formatOfName(path);
  const format = forAll ? (given ?? named) : (named ?? given);
  if (format !== undefined) return format;
  if (IS_TEXT.test(path)) return 'csv';
  const what = path === '-' ? 'standard input' : path;
  throw new OptionsError(
    '--format',
    `the format of ${what} is unknown; use csv, json, jsonl or xlsx, or the extension .csv, .tsv, .txt, .json, .jsonl, .ndjson or .xlsx`,
  );
}
