/** The text in place of a redacted value. It is shorter than the shortest value that is redacted, so it never contains one. */
const REDACTED = '…';
/** Shorter values stay: they would blacken half of every sentence, and tell nothing about anybody. */
const SHORTEST = 3;

/**
 * The text without these values, in any case of letters, and also as JSON writes them. Every value of three or more characters
 * is replaced by `…`; the rest of the text stays as it is.
 */
export function redact(text: string, values: readonly string[]): string {
  const hidden = new Set<string>();
  for (const value of values) {
    for (const form of [value, value.trim(), JSON.stringify(value).slice(1, -1)])
      if (form.length >= SHORTEST && contains(text, form)) hidden.add(form);
  }
  if (hidden.size === 0) return text;
  const longestFirst = [...hidden].sort((a, b) => b.length - a.length);
  const redacted = text.replace(new RegExp(longestFirst.map(escaped).join('|'), 'gi'), REDACTED);
  // The text on both sides of a value may now form another value.
  return redacted === text ? text : redact(redacted, values);
}

function contains(text: string, value: string): boolean {
  return text.includes(value) || text.toLowerCase().includes(value.toLowerCase());
}

function escaped(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
