import { ENTITIES } from '../../core/model.js';
import { adopt } from '../../sync/adopt.js';
import { openCommandState } from './open-state.js';
import { targetOf } from './connect.js';
import { closeStdin, openSources, readsStdin } from '../inputs/directory-inputs.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import { comparisonOptions } from '../settings/library-options.js';
import { rejectionLines } from '../text/rejections.js';
import { plural } from '../text/words.js';
import { asAborted, type CommandInput } from './command.js';

/** `sync --adopt HASH`: records the plan with that hash as already done in Okta, and sends nothing. */
export async function adoptCommand(input: CommandInput, confirm: string): Promise<ExitCode> {
  const {
    resolved: { settings },
    context,
    display,
    stopping,
  } = input;
  const sources = await openSources(settings, context);
  const target = await targetOf(settings);
  if (readsStdin(settings)) stopping.onStop(() => closeStdin(context));
  const state = await openCommandState(input);
  try {
    const { signal } = stopping;
    const options = { ...sources, ...comparisonOptions(settings), state, target, confirm, signal };
    const { adopted, sources: read, rejections } = await stopping.finished(adopt(options));
    const count = ENTITIES.reduce((total, entity) => total + (read[entity]?.rejected ?? 0), 0);
    const rejected = rejectionLines('Rejected', rejections, count);
    const isPartial = count > 0 && settings.allowRejects !== true;
    display.outcome(
      { type: 'adopt:report', adopted },
      [
        `The state now records ${plural(adopted, 'change')} as confirmed by Okta. Nothing was sent.`,
        ...rejected,
      ].join('\n'),
      isPartial ? rejected.join('\n') : undefined,
    );
    return isPartial ? EXIT.PARTIAL : EXIT.DONE;
  } catch (error) {
    throw asAborted(error, stopping);
  } finally {
    if (!stopping.late) await state.close();
  }
}
