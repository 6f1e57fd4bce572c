import type { Check, CheckReport } from '../checks/check.js';
import { plural, printable } from './words.js';

/** The column in which messages begin. */
const INDENT = 26;

/** The outcome of `check`, as text: a line for each check, and below it what to do. */
export function checkText({ checks, faults, warnings }: CheckReport): string {
  const found = faults === 0 ? 'No fault' : plural(faults, 'fault');
  const more = warnings === 0 ? '' : `, ${plural(warnings, 'warning')}`;
  return [...checks.flatMap(checkLines), '', `${found}${more}.`].join('\n');
}

/** The faults alone: what `--quiet` writes. */
export function faultLines({ checks }: CheckReport): string[] {
  return checks.filter(({ result }) => result === 'fault').flatMap(checkLines);
}

function checkLines({ result, name, message, advice }: Check): string[] {
  const head = `${result.padEnd(8)} ${name.padEnd(INDENT - 10)} ${printable(message)}`;
  return advice === undefined ? [head] : [head, `${' '.repeat(INDENT)}${printable(advice)}`];
}
