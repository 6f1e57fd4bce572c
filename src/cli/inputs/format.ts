import { OptionsError } from '../../core/errors.js';

/** The format of a file. */
export type InputFormat = 'csv' | 'json' | 'jsonl';

const FORMATS: Readonly<Record<string, InputFormat>> = Object.freeze({
  csv: 'csv',
  json: 'json',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
});

/** The format that the extension of a file says; undefined without a known one. */
export function formatOfName(path: string): InputFormat | undefined {
  const ending = /\.(csv|json|jsonl|ndjson)(\.(gz|zip))?$/i.exec(path)?.[1]?.toLowerCase();
  return ending === undefined ? undefined : FORMATS[ending];
}

/**
 * The format of a file: the one that is given for all files; otherwise that of its name, and the one that is given for other names.
 *
 * @throws {@link OptionsError} if none is known.
 */
export function formatOf(path: string, given: InputFormat | undefined, forAll: boolean): InputFormat {
  const named = formatOfName(path);
  const format = forAll ? (given ?? named) : (named ?? given);
  if (format !== undefined) return format;
  const what = path === '-' ? 'standard input' : path;
  throw new OptionsError(
    '--format',
    `the format of ${what} is unknown; use csv, json or jsonl, or the extension .csv, .json, .jsonl or .ndjson`,
  );
}
