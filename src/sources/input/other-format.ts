/** Formats that a file may have under the name of another, by the start of its text. */
const FORMATS: readonly (readonly [start: RegExp, sentence: string])[] = [
  [/^\s*<(?:\?xml|!doctype|html)/i, 'this is HTML or XML; if it was fetched, was the request signed in?'],
  [/^%PDF-/, 'this is a PDF file; export the table as CSV'],
  [/^SQLite format 3\0/, 'this is an SQLite database; name it as sqlite in the config file'],
];
const JSON_START = /^\s*(?:\{\s*(?:"|$)|\[\s*(?:[{["]|$))/;

/** What a text is that should be CSV or JSON, and what to do; undefined if its start shows nothing. */
export function otherFormat(start: string): string | undefined {
  return FORMATS.find(([pattern]) => pattern.test(start))?.[1];
}

/** {@link otherFormat} of a text that should be CSV. */
export function otherThanCsv(header: string): string | undefined {
  if (JSON_START.test(header))
    return 'this looks like JSON; read it with fromJson or fromJsonLines (--format json or jsonl)';
  return otherFormat(header);
}
