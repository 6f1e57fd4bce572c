import { adopt } from '../../sync/adopt.js';
import { openState } from '../../state/lmdb/open-state.js';
import { targetOf } from './connect.js';
import { closeStdin, openSources, readsStdin } from '../inputs/directory-inputs.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import { comparisonOptions } from '../settings/library-options.js';
import { stateDirectory } from '../settings/state-dir.js';
import { count, plural } from '../text/words.js';
import { asAborted, type CommandInput } from './command.js';

/** `sync --adopt HASH`: records the plan with that hash as already done in Okta, and sends nothing. */
export async function adoptCommand(
  { resolved: { settings }, context, display, stopping }: CommandInput,
  confirm: string,
): Promise<ExitCode> {
  const sources = await openSources(settings, context);
  const target = await targetOf(settings);
  if (readsStdin(settings)) stopping.onStop(() => closeStdin(context));
  const state = await openState(stateDirectory(settings, context), { clock: context.clock });
  try {
    const { signal } = stopping;
    const options = { ...sources, ...comparisonOptions(settings), state, target, confirm, signal };
    const { adopted, rejections } = await stopping.finished(adopt(options));
    const rejected = rejections.length === 0 ? '' : `; ${count(rejections.length)} records were rejected`;
    display.outcome(
      { type: 'adopt:report', adopted },
      `The state now records ${plural(adopted, 'change')} as confirmed by Okta. Nothing was sent${rejected}.`,
    );
    return EXIT.DONE;
  } catch (error) {
    throw asAborted(error, stopping);
  } finally {
    if (!stopping.late) await state.close();
  }
}
