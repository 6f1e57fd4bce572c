/** Characters that no shell changes. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** A word as a POSIX shell needs it. */
export function shellWord(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * A command that can be pasted into a POSIX shell. With a width, it has several lines, joined by a `\` at their ends: they break between
 * words, and inside a long word without quotes, such as a hash.
 */
export function shellCommand(words: readonly string[], width: number | undefined): string {
  const quoted = words.map(shellWord);
  if (width === undefined) return quoted.join(' ');
  // A terminal that is full to its last column may show an empty line after it.
  const most = width - 3;
  const lines: string[] = [];
  let line = '';
  for (const word of quoted) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= most) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(`${line} \\`);
    let rest = `  ${word}`;
    // After a break inside a word the next line must begin at its first column.
    for (; rest.length > most && PLAIN.test(word); rest = rest.slice(most))
      lines.push(`${rest.slice(0, most)}\\`);
    line = rest;
  }
  return [...lines, line].join('\n');
}
