import { resolve } from 'node:path';
import type { StateStore } from '../../state/store.js';
import type { StateRowCounts } from '../../state/export-import/export-format.js';
import { exportState } from '../../state/export-import/export-state.js';
import { importState } from '../../state/export-import/import-state.js';
import { verifyState } from '../../state/export-import/verify-state.js';
import { OptionsError, StateError } from '../../core/errors.js';
import { targetOf } from './connect.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import type { SettingKey } from '../settings/settings.js';
import { rowsText } from '../text/words.js';
import { migratePostgresState } from '../../state/postgres/open-postgres-state.js';
import { isPostgresUrl } from '../../state/postgres/postgres-url.js';
import { databasePassword, statePlace } from '../settings/state-place.js';
import { openCommandState } from './open-state.js';
import type { Command, CommandInput } from './command.js';

/** The settings of the commands `state ...`. */
export const STATE_SETTINGS: readonly SettingKey[] = ['state', 'waitLock'];

/** `state export FILE`: writes the whole content of a state to one file. */
export const exportCommand: Command = async (input) =>
  withState(input, (state, file) => exportState(state, file), 'Exported', { create: false, moved: true });

/** `state import FILE`: fills an empty state from an exported file. */
export const importCommand: Command = async (input) =>
  withState(
    input,
    (state, file) => importState(file, state, { asOfNow: input.flags['asOfNow'] === true }),
    'Imported',
    {},
    input.flags['asOfNow'] === true
      ? ''
      : ' It is not known what Okta has of them today: the next sync sends them again, or deletes them if they left the source.',
  );

/** The settings of `state retarget`. */
export const RETARGET_SETTINGS: readonly SettingKey[] = [...STATE_SETTINGS, 'orgUrl', 'identitySource'];

/** `state retarget`: gives the state the new address of its org. */
export const retargetCommand: Command = async (input) => {
  const { resolved, display } = input;
  const { settings } = resolved;
  const state = await openCommandState(input, { create: false });
  try {
    const before = await state.target();
    if (before === undefined) throw new StateError('the state belongs to no org yet');
    const { orgUrl, identitySourceId } = await targetOf({
      identitySource: before.identitySourceId,
      ...settings,
    });
    if (identitySourceId !== before.identitySourceId)
      throw new OptionsError(
        '--identity-source',
        `the state belongs to ${before.identitySourceId}; only its org can change`,
      );
    await state.retarget(orgUrl);
    display.outcome(
      { type: 'state:retargeted', from: before.orgUrl, to: orgUrl },
      `The state belonged to ${before.orgUrl} and now belongs to ${orgUrl}, identity source ${identitySourceId}.`,
    );
    return EXIT.DONE;
  } finally {
    await state.close();
  }
};

/** `state verify`: checks every page of a state, and every row. */
export const verifyStateCommand: Command = async (input) =>
  withState(input, (state) => verifyState(state), 'The state is intact:', { create: false, verify: true });

/** `state migrate`: brings the tables in PostgreSQL to the version of this rollcall. */
export const migrateCommand: Command = async ({ resolved, context, display }) => {
  const { address, shown } = statePlace(resolved.settings, context);
  if (!isPostgresUrl(address))
    throw new OptionsError(
      '--state',
      'only a state in PostgreSQL has tables to migrate; set the address of the database',
    );
  const { from, to } = await migratePostgresState(address, await databasePassword(context.env));
  display.outcome(
    { type: 'state:migrated', from, to },
    from === to
      ? `The tables in ${shown} have version ${to} already.`
      : `The tables in ${shown} ${from === 0 ? 'were created with' : `had version ${from} and now have`} version ${to}.`,
  );
  return EXIT.DONE;
};

async function withState(
  input: CommandInput,
  work: (state: StateStore, file: string) => Promise<StateRowCounts>,
  done: string,
  options: Parameters<typeof openCommandState>[1] = {},
  note = '',
): Promise<ExitCode> {
  const { flags, context, display } = input;
  const state = await openCommandState(input, options);
  try {
    const { file } = flags;
    const rows = await work(state, typeof file === 'string' ? resolve(context.cwd, file) : '');
    display.outcome({ type: 'state:report', rows }, `${done} ${rowsText(rows)}.${note}`);
    return EXIT.DONE;
  } finally {
    await state.close();
  }
}
