import { throwIfAborted } from '../../src/core/clock.js';
import { AbortedError } from '../../src/core/errors.js';
import { SAMPLE_MS } from '../../src/cli/inputs/source-sample.js';
import { ManualClock } from '../simulator/caller.js';

/** How long a command that was told to end may take (`src/cli/process/stopping.ts`). */
export const SETTLE_MS = 5000;
/** How much of it the open session has to be cancelled in (`src/upload/cancel-session.ts`). */
const ABORT_CANCEL_MS = 4000;

/**
 * The time of a command and of its org. It moves by what is slept, and a sleep takes none of the machine's time: what a
 * run meets does not depend on how fast the machine is. The two limits of a run that is told to end are the exception:
 * they run beside work that takes the machine's time and none of this, so they are never over. The same holds for the time of a sample.
 */
export class CommandClock extends ManualClock {
  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    if (ms === SETTLE_MS || ms === ABORT_CANCEL_MS || ms === SAMPLE_MS) await aborted(signal);
    else await super.sleep(ms);
  }
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal?.addEventListener('abort', () => reject(new AbortedError()), { once: true }),
  );
}
