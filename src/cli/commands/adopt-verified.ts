import type { Rejection } from '../../core/rejection.js';
import { adoptVerified } from '../../verify/adopt-verified.js';
import { closeStdin, openSources, readsStdin } from '../inputs/directory-inputs.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import { rejectionLines } from '../text/rejections.js';
import { verifyText } from '../text/verify-text.js';
import { plural } from '../text/words.js';
import { asAborted, type CommandInput } from './command.js';
import { connect } from './connect.js';
import { openCommandState } from './open-state.js';
import { showReadProgress } from './read-progress.js';

/** The most rejected records that are shown one by one. */
const MOST_SHOWN = 1000;

/** `sync --adopt verified`: reads what Okta holds, and records what is the same as in the sources as confirmed. Sends nothing. */
export async function adoptVerifiedCommand(input: CommandInput): Promise<ExitCode> {
  const {
    resolved: { settings },
    context,
    display,
    stopping,
  } = input;
  const sources = await openSources(settings, context);
  const okta = await connect(settings, context);
  try {
    if (readsStdin(settings)) stopping.onStop(() => closeStdin(context));
    const state = await openCommandState(input);
    try {
      const rejections: Rejection[] = [];
      const { adopted, leavers, verified } = await stopping.finished(
        adoptVerified({
          ...sources,
          ...(settings.onDuplicate !== undefined && { onDuplicate: settings.onDuplicate }),
          okta,
          state,
          signal: stopping.signal,
          clock: context.clock,
          onProgress: showReadProgress(display),
          onReject: (rejection) => void (rejections.length < MOST_SHOWN && rejections.push(rejection)),
        }),
      );
      const rejected = rejectionLines('Rejected', rejections, verified.rejected);
      const isPartial = verified.rejected > 0 && settings.allowRejects !== true;
      const lines = [
        verifyText(verified),
        '',
        `The state now records ${plural(adopted, 'row')} as confirmed by Okta. Nothing was sent.`,
        ...(leavers === 0
          ? []
          : [`The next sync deletes ${plural(leavers, 'row')} that only Okta has, if the guard allows it.`]),
        ...rejected,
      ];
      display.outcome(
        { type: 'adopt:report', adopted, leavers },
        lines.join('\n'),
        isPartial ? rejected.join('\n') : undefined,
      );
      return isPartial ? EXIT.PARTIAL : EXIT.DONE;
    } catch (error) {
      throw asAborted(error, stopping);
    } finally {
      if (!stopping.late) await state.close();
    }
  } finally {
    await okta.close();
  }
}
