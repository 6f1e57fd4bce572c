/** One way to break a guarantee in the code, and the test that must notice. */
export interface Break {
  /** What the code does wrong then, for a person. */
  readonly what: string;
  /** The file of the library, from its root. */
  readonly file: string;
  /** Text of that file; it is there once. */
  readonly find: string;
  /** What stands there instead. */
  readonly replace: string;
  /** The test that must fail: its file and its title, as `docs/guarantees.md` names it. */
  readonly test: readonly [file: string, title: string];
}

/** The text of a broken file. @throws when the text to be replaced is not there exactly once. */
export function breakText(text: string, { find, replace }: Pick<Break, 'find' | 'replace'>): string {
  const at = text.indexOf(find);
  if (at < 0) throw new Error(`not in the source any more: ${JSON.stringify(find)}`);
  if (text.includes(find, at + 1)) throw new Error(`more than once in the source: ${JSON.stringify(find)}`);
  return text.slice(0, at) + replace + text.slice(at + find.length);
}
