import type { Content } from './replays.js';
import type { ResolvedUploadOptions } from './upload-options.js';
import type { UploadTally } from './upload-tally.js';

/** Counts the changes of a session whose import is completed, and emits its events. `startedAt`: the begin of the upload. */
export function reportConfirmed(
  options: ResolvedUploadOptions,
  tally: UploadTally,
  { batches }: Content,
  sessionId: string,
  startedAt: number,
): void {
  let changes = 0;
  for (const batch of batches) {
    tally.confirmed(batch.unpack().changes);
    changes += batch.size;
  }
  tally.confirmedSessions++;
  options.events.emit({ type: 'session:completed', sessionId, changes });
  options.events.emit({
    type: 'state:committed',
    sessionId,
    changes,
    remaining: tally.remaining,
    estimatedEnd: tally.estimatedEnd(startedAt, options.clock.now(), options),
  });
}
