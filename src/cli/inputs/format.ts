import { OptionsError } from '../../core/errors.js';

/** The format of a file. */
export type InputFormat = 'csv' | 'json' | 'jsonl';

const FORMATS: Readonly<Record<string, InputFormat>> = Object.freeze({
  csv: 'csv',
  json: 'json',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
});

/**
 * The given format; without one, the format of a file by its extension.
 *
 * @throws {@link OptionsError} if neither is known.
 */
export function formatOf(path: string, given: InputFormat | undefined): InputFormat {
  if (given !== undefined) return given;
  const ending = /\.(csv|json|jsonl|ndjson)(\.gz)?$/i.exec(path)?.[1]?.toLowerCase();
  const format = ending === undefined ? undefined : FORMATS[ending];
  if (format !== undefined) return format;
  const what = path === '-' ? 'standard input' : path;
  throw new OptionsError(
    '--format',
    `the format of ${what} is unknown; use csv, json or jsonl, or the extension .csv, .json, .jsonl or .ndjson`,
  );
}

/** Whether the extension is `.gz`. */
export function isGzip(path: string): boolean {
  return /\.gz$/i.test(path);
}
