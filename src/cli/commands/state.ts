import { resolve } from 'node:path';
import { StateError } from '../../core/errors.js';
import { ENTITIES } from '../../core/model.js';
import type { StateStore } from '../../state/store.js';
import { exportState, importState, verifyState, type StateRowCounts } from '../../state/export-import.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import type { SettingKey } from '../settings/settings.js';
import { stateDirectory, stateExists } from '../settings/state-dir.js';
import { count } from '../text/words.js';
import { openCommandState } from './open-state.js';
import type { Command, CommandInput } from './command.js';

/** The settings of the commands `state ...`. */
export const STATE_SETTINGS: readonly SettingKey[] = ['state', 'waitLock'];

/** `state export FILE`: writes the whole content of a state to one file. */
export const exportCommand: Command = async (input) => {
  await requireState(input);
  return withState(input, (state, file) => exportState(state, file), 'Exported');
};

/** `state import FILE`: fills an empty state from an exported file. */
export const importCommand: Command = async (input) =>
  withState(input, (state, file) => importState(file, state), 'Imported');

/** `state verify`: checks every page of a state, and every row. */
export const verifyCommand: Command = async (input) => {
  await requireState(input);
  return withState(input, (state) => verifyState(state), 'The state is intact:', true);
};

/** Throws if there is no state: a command that only reads must not create one. */
async function requireState({ resolved, context }: CommandInput): Promise<void> {
  const directory = stateDirectory(resolved.settings, context);
  if (!(await stateExists(directory))) throw new StateError(`there is no state in ${directory}`);
}

async function withState(
  input: CommandInput,
  work: (state: StateStore, file: string) => Promise<StateRowCounts>,
  done: string,
  verify = false,
): Promise<ExitCode> {
  const { flags, context, display } = input;
  const state = await openCommandState(input, { verify });
  try {
    const { file } = flags;
    const rows = await work(state, typeof file === 'string' ? resolve(context.cwd, file) : '');
    const text = ENTITIES.map((entity) => `${count(rows[entity])} ${entity}`).join(', ');
    display.outcome({ type: 'state:report', rows }, `${done} ${text}.`);
    return EXIT.DONE;
  } finally {
    await state.close();
  }
}
