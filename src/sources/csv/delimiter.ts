import { OptionsError } from '../../core/errors.js';

/** The delimiters that are recognised, the most common first. */
const CANDIDATES = [',', ';', '\t', '|'] as const;
const DEFAULT = ',';

/** @throws {@link OptionsError} if the option is not one character that can separate fields. */
export function requireDelimiter(delimiter: string | undefined): string | undefined {
  if (delimiter === undefined) return undefined;
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || '"\r\n'.includes(delimiter))
    throw new OptionsError('delimiter', `expected one character, got ${JSON.stringify(delimiter)}`);
  return delimiter;
}

/** The delimiter of a header: the one that appears most often in it outside of quotes; a comma if none does. */
export function delimiterOf(header: string): string {
  const unquoted = header.replace(/"(?:[^"]|"")*("|$)/g, '');
  let best: string = DEFAULT;
  let most = 0;
  for (const candidate of CANDIDATES) {
    const count = unquoted.split(candidate).length - 1;
    if (count > most) [best, most] = [candidate, count];
  }
  return best;
}
