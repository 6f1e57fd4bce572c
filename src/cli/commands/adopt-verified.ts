import type { Rejection } from '../../core/rejection.js';
import { adoptVerified } from '../../verify/adopt-verified.js';
import type { ExitCode } from '../process/exit-codes.js';
import { verifyText } from '../text/verify-text.js';
import { showAdopted } from './adopted.js';
import { asAborted, type CommandInput } from './command.js';
import { connect } from './connect.js';
import { openCommandSources } from './open-sources.js';
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
  const sources = await openCommandSources(input);
  const okta = await connect(settings, context);
  try {
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
      const { rejected } = verified;
      return showAdopted({ adopted, leavers, rejected, rejections, unit: 'row' }, input, [
        verifyText(verified),
        '',
      ]);
    } catch (error) {
      throw asAborted(error, stopping);
    } finally {
      if (!stopping.late) await state.close();
    }
  } finally {
    await okta.close();
  }
}
