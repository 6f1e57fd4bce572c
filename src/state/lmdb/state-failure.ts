import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { RollcallError, StateError } from '../../core/errors.js';

/** LMDB's own codes that mean that the file is not what LMDB wrote: page not found, corrupted, invalid. */
const DAMAGE: readonly unknown[] = [-30797, -30796, -30793];

/**
 * A failure of the disk or of LMDB as an error of the state. The message names the path and the system's code (`ENOSPC`,
 * `EACCES`, `EMFILE`): what to do follows from these two.
 *
 * @param what - a sentence without its end, such as "the state cannot be opened"
 * @param path - the path where the cause names none
 */
export function stateFailure(what: string, path: string, cause: unknown): RollcallError {
  if (cause instanceof RollcallError) return cause;
  const { code, errno, path: place = path, message } = cause as Partial<NodeJS.ErrnoException>;
  if (DAMAGE.includes(code)) return stateDamage(path, message ?? String(code), cause);
  return new StateError(`${what}: ${place}: ${systemError(code, errno) ?? message ?? String(cause)}`, {
    cause,
  });
}

/** The error of a state whose file is not what was written. It says which state that is and how to go on. */
export function stateDamage(path: string, what: string, cause?: unknown): StateError {
  return new StateError(
    `the state in ${path} is damaged: ${what}. Move the directory away; then import a copy made by ` +
      '"rollcall state export" into a new one, or start a new state with "rollcall sync --adopt"',
    { code: 'ERR_ROLLCALL_STATE_CORRUPT', cause },
  );
}

/** Name and text of a system's error. LMDB gives its number as the code; of a full quota Node has no name, and the number too. */
function systemError(code: unknown, errno: number | undefined): string | undefined {
  const number = typeof code === 'number' ? code : -(errno ?? 0);
  const [name] = Object.entries(constants.errno).find(([, known]) => known === number) ?? [];
  const text = getSystemErrorMap().get(-number)?.[1];
  if (name !== undefined) return text === undefined ? name : `${name} (${text})`;
  return typeof code === 'string' ? code : undefined;
}
