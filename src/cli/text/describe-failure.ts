/** Errors of the language, whose messages quote names of the program and not values. */
const OF_THE_LANGUAGE = new Set(['ReferenceError', 'SyntaxError', 'TypeError']);
/** Codes of Node for modules that are missing, whose messages have only names. */
const OF_MODULES =
  /^(ERR_MODULE_NOT_FOUND|ERR_PACKAGE_PATH_NOT_EXPORTED|MODULE_NOT_FOUND|ERR_UNSUPPORTED_DIR_IMPORT)$/;

/**
 * Describes an error of somebody else's code: its class, code and place. Its message is only part of it where it cannot contain a secret
 * or a value of a row: drivers put addresses with passwords into theirs.
 */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'it threw something that is not an Error';
  const { code } = error as NodeJS.ErrnoException;
  const place = placeOf(error);
  const named =
    typeof code === 'string' && /^[\w.-]{1,60}$/.test(code) ? `${error.name} ${code}` : error.name;
  const text = isSafe(error) ? `: ${error.message.split('\n')[0]}` : '';
  return `${named}${text}${place === undefined ? '' : ` (${place})`}`;
}

function isSafe(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') return OF_MODULES.test(code);
  // `JSON.parse` and `BigInt` quote what they were given.
  const quotes = /JSON|BigInt/.test(error.message) || /at (JSON\.parse|BigInt)\b/.test(error.stack ?? '');
  return OF_THE_LANGUAGE.has(error.name) && !quotes;
}

/** The first place in a file that is neither Node's nor a package's. */
function placeOf(error: Error): string | undefined {
  for (const line of (error.stack ?? '').split('\n')) {
    const place = /(?:file:\/\/)?(\/[^()]+?|[A-Za-z]:[\\/][^()]+?):(\d+)(?::\d+)?\)?$/.exec(line.trim());
    if (place !== null && !/[\\/]node_modules[\\/]|^node:/.test(place[1] as string))
      return `${place[1]}:${place[2]}`;
  }
  return undefined;
}
