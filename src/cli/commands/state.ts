import { resolve } from 'node:path';
import { ENTITIES } from '../../core/model.js';
import type { StateStore } from '../../state/store.js';
import { exportState, importState, verifyState, type StateRowCounts } from '../../state/export-import.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import type { SettingKey } from '../settings/settings.js';
import { count } from '../text/words.js';
import { openCommandState } from './open-state.js';
import type { Command, CommandInput } from './command.js';

/** The settings of the commands `state ...`. */
export const STATE_SETTINGS: readonly SettingKey[] = ['state', 'waitLock'];

/** `state export FILE`: writes the whole content of a state to one file. */
export const exportCommand: Command = async (input) =>
  withState(input, (state, file) => exportState(state, file), 'Exported', { create: false });

/** `state import FILE`: fills an empty state from an exported file. */
export const importCommand: Command = async (input) =>
  withState(input, (state, file) => importState(file, state), 'Imported');

/** `state verify`: checks every page of a state, and every row. */
export const verifyCommand: Command = async (input) =>
  withState(input, (state) => verifyState(state), 'The state is intact:', { create: false, verify: true });

async function withState(
  input: CommandInput,
  work: (state: StateStore, file: string) => Promise<StateRowCounts>,
  done: string,
  options: Parameters<typeof openCommandState>[1] = {},
): Promise<ExitCode> {
  const { flags, context, display } = input;
  const state = await openCommandState(input, options);
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
