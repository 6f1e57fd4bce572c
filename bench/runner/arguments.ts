/** The whole number that an option of the command line gives. */
export function count(option: string, text: string): number {
  if (!/^(0|[1-9]\d*)$/.test(text)) throw new Error(`--${option}: expected a whole number, got ${text}`);
  return Number(text);
}
