import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { RollcallError, StateError } from '../../core/errors.js';

/** LMDB's error codes for a damaged file: page not found, corrupted, invalid. */
const DAMAGE: readonly unknown[] = [-30797, -30796, -30793];

/**
 * The error for a failure of the disk or of LMDB. Its message contains the path and the code of the system (`ENOSPC`, `EACCES`,
 * `EMFILE`), because the remedy depends on both.
 *
 * @param what - the failed action, such as "the state cannot be opened"
 * @param path - used if the cause contains no path
 */
export function stateFailure(what: string, path: string, cause: unknown): RollcallError {
  if (cause instanceof RollcallError) return cause;
  const { code, errno, path: place = path, message } = cause as Partial<NodeJS.ErrnoException>;
  if (DAMAGE.includes(code)) return stateDamage(path, message ?? String(code), cause);
  return new StateError(`${what}: ${place}: ${systemError(code, errno) ?? message ?? String(cause)}`, {
    cause,
  });
}

/** The error for a damaged state. Its message contains the directory and the remedy. */
export function stateDamage(path: string, what: string, cause?: unknown): StateError {
  return new StateError(
    `the state in ${path} is damaged: ${what}. Move the directory away; then import a copy made by ` +
      '"rollcall state export" into a new one, or start a new state with "rollcall sync --adopt"',
    { code: 'ERR_ROLLCALL_STATE_CORRUPT', cause },
  );
}

/** The name and text of a system error. LMDB's errors have only the number, as their code; so has Node's error for a full quota. */
function systemError(code: unknown, errno: number | undefined): string | undefined {
  const number = typeof code === 'number' ? code : -(errno ?? 0);
  const [name] = Object.entries(constants.errno).find(([, known]) => known === number) ?? [];
  const text = getSystemErrorMap().get(-number)?.[1];
  if (name !== undefined) return text === undefined ? name : `${name} (${text})`;
  return typeof code === 'string' ? code : undefined;
}
