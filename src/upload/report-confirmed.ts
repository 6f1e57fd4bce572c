import type { Entity } from '../core/model.js';
import type { Content } from './replays.js';
import type { ResolvedUploadOptions } from './upload-options.js';
import type { UploadTally } from './upload-tally.js';
import type { WaitRange } from '../state/learned-wait.js';

/**
 * Counts the changes of a session whose import is completed, and emits its events.
 * @param startedAt - the beginning of the upload
 * @param wait - the wait to expect between two sessions, by what was learned so far
 */
export function reportConfirmed(
  options: ResolvedUploadOptions,
  tally: UploadTally,
  { batches }: Content,
  sessionId: string,
  startedAt: number,
  wait: WaitRange,
): void {
  let changes = 0;
  const changesByEntity: Record<Entity, number> = { users: 0, groups: 0, memberships: 0 };
  for (const batch of batches) {
    tally.confirmed(batch.unpack().changes);
    changes += batch.size;
    changesByEntity[batch.entity] += batch.size;
  }
  tally.confirmedSessions++;
  options.events.emit({ type: 'session:completed', sessionId, changes });
  options.events.emit({
    type: 'state:committed',
    sessionId,
    changes,
    changesByEntity,
    remaining: tally.remaining,
    remainingByEntity: tally.remainingByEntity,
    ...tally.expectedEnd(startedAt, options.clock.now(), wait, options.requestsPerSession),
  });
}
