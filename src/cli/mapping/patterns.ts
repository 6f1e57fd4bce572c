import { RE2JS } from 're2js';

/** A regular expression whose time grows with the length of the text only: no text can make it run for hours. */
export interface Pattern {
  matches(text: string): boolean;
  /** The first group, or, if the expression has none, the whole match; `''` if it does not match. */
  extract(text: string): string;
}

/** The most patterns that are kept. They can come from columns, so there may be many. */
const MOST_KEPT = 1000;

const patterns = new Map<string, Pattern | undefined>();

/**
 * A pattern in the syntax of RE2, which CEL prescribes. It has neither look-ahead nor back references, which need time that
 * doubles with each letter. Undefined if the pattern is not valid.
 */
export function patternOf(source: string, ignoreCase = false): Pattern | undefined {
  const key = ignoreCase ? `i${source}` : `c${source}`;
  const known = patterns.get(key);
  if (known !== undefined || patterns.has(key)) return known;
  if (patterns.size >= MOST_KEPT) patterns.clear();
  const pattern = compile(source, ignoreCase);
  patterns.set(key, pattern);
  return pattern;
}

function compile(source: string, ignoreCase: boolean): Pattern | undefined {
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch {
    return undefined;
  }
  const group = Math.min(1, expression.groupCount());
  return {
    matches: (text) => expression.test(text),
    extract(text) {
      const matcher = expression.matcher(text);
      return matcher.find() ? (matcher.group(group) ?? matcher.group(0) ?? '') : '';
    },
  };
}
