import { OptionsError } from '../../core/errors.js';

/** Names under which the Encoding Standard knows UTF-8. */
const UTF_8 = 'utf-8';

/**
 * The name of an encoding in the Encoding Standard; undefined for UTF-8, and if none was given.
 * @throws {@link OptionsError} for an encoding that this version of Node does not know
 */
export function requireEncoding(encoding: string | undefined): string | undefined {
  if (encoding === undefined) return undefined;
  try {
    const name = new TextDecoder(encoding).encoding;
    return name === UTF_8 ? undefined : name;
  } catch {
    throw new OptionsError(
      'encoding',
      `unknown encoding ${JSON.stringify(encoding)}; expected one such as "utf-8", "windows-1252" or "utf-16le"`,
    );
  }
}
