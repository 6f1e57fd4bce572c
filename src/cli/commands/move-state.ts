import { OptionsError } from '../../core/errors.js';
import { moveState, requireHere } from '../../state/move-state.js';
import { hasPassword, isPostgresUrl } from '../../state/postgres/postgres-url.js';
import { EXIT } from '../process/exit-codes.js';
import { placeAt, type StatePlace } from '../settings/state-place.js';
import type { SettingKey } from '../settings/settings.js';
import { rowsText } from '../text/words.js';
import { openCommandState } from './open-state.js';
import type { Command, CommandInput } from './command.js';

/** The settings of `state move`, whose two places are arguments. */
export const MOVE_SETTINGS: readonly SettingKey[] = ['waitLock'];

/** `state move FROM TO`: moves a state, and marks the old one as moved. */
export const moveCommand: Command = async (input) => {
  const [from, to] = [argument(input, 'from'), argument(input, 'to')];
  if (from.address === to.address) throw new OptionsError('to', 'the new place is the old one');
  await using old = await openCommandState(input, { create: false, verify: true, moved: true }, from);
  // The new state of a move that was interrupted exists: an empty one must not take its place.
  const create = !(await requireHere(old, { to: to.shown }));
  await using moved = await openCommandState(input, { create, moved: true }, to);
  const rows = await moveState(old, moved, { from: from.shown, to: to.shown });
  input.display.outcome(
    { type: 'state:moved', from: from.shown, to: to.shown, rows },
    `Moved ${rowsText(rows)} to ${to.shown}. Use that place from now on (--state, ROLLCALL_STATE or the config file). ` +
      `The state in ${from.shown} is marked as moved; nothing uses it any more.`,
  );
  return EXIT.DONE;
};

/** @throws {@link OptionsError} for an address with a password, which every process could read in the command line */
function argument({ flags, context }: CommandInput, name: 'from' | 'to'): StatePlace {
  const text = String(flags[name]);
  if (text === '') throw new OptionsError(name, 'expected a directory or an address of PostgreSQL');
  if (isPostgresUrl(text) && hasPassword(text))
    throw new OptionsError(
      name,
      'expected an address without a password; set PGPASSWORD, or PGPASSFILE to a file with the passwords of both servers',
    );
  return placeAt(text, context.cwd);
}
