import { OptionsError } from '../../core/errors.js';

/** What a file holds. */
export type InputFormat = 'csv' | 'json' | 'jsonl';

const FORMATS: Readonly<Record<string, InputFormat>> = Object.freeze({
  csv: 'csv',
  json: 'json',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
});

/**
 * The format that a name tells, else the one that was given: a format given for standard input must not turn the CSV
 * file beside it into JSON lines.
 *
 * @throws {@link OptionsError} when neither is known.
 */
export function formatOf(path: string, given: InputFormat | undefined): InputFormat {
  const ending = /\.(csv|json|jsonl|ndjson)(\.gz)?$/i.exec(path)?.[1]?.toLowerCase();
  const format = ending === undefined ? given : FORMATS[ending];
  if (format !== undefined) return format;
  const what = path === '-' ? 'standard input' : path;
  throw new OptionsError(
    '--format',
    `the format of ${what} is not known; give csv, json or jsonl (names tell it by .csv, .json, .jsonl or .ndjson)`,
  );
}

/** Whether a name says that its file is gzipped. */
export function isGzip(path: string): boolean {
  return /\.gz$/i.test(path);
}
