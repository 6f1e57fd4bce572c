/**
 * A distinguished name in a form that can be compared, because servers accept the same name in several: `CN=Ann\2C B , DC=example` is
 * `cn=ann\, b,dc=example` (RFC 4514, and case-insensitive as the attributes of names are). Two names of the same form are the same entry.
 * A text that is not a name is its own form.
 */
export function dnKey(dn: string): string {
  const names: string[] = [];
  for (const rdn of split(dn, /[,;]/)) {
    const parts: string[] = [];
    for (const part of split(rdn, /\+/)) {
      const [, type, value] = /^\s*([^=\\]*?)\s*=([^]*)$/.exec(part) ?? [];
      if (type === undefined || value === undefined) return dn;
      parts.push(`${type.toLowerCase()}=${normalValue(value)}`);
    }
    names.push(parts.sort().join('+'));
  }
  // No value has this character, because a DN writes it as an escape.
  return names.join('\0');
}

/** Splits at separators that are neither escaped nor quoted. */
function split(text: string, separator: RegExp): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (character === '\\') i++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && separator.test(character)) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** A value without escapes and quotes; blanks around it do not count, and blanks inside count once. */
function normalValue(written: string): string {
  const trimmed = written.trim();
  const unquoted = /^"([^]*)"$/.exec(trimmed)?.[1] ?? trimmed;
  const bytes: Buffer[] = [];
  for (const [, hex, escaped, plain] of unquoted.matchAll(/\\([0-9a-f]{2})|\\([^])|([^\\]+)/gi)) {
    bytes.push(hex === undefined ? Buffer.from(escaped ?? plain ?? '') : Buffer.from(hex, 'hex'));
  }
  return Buffer.concat(bytes).toString('utf8').replace(/\s+/g, ' ').trim().toLowerCase();
}
