import type { SyncEvent, WaitReason } from '../../events/events.js';
import { describePlan } from '../../core/results.js';
import { formatDuration } from '../text/duration.js';
import { count, formatTime, plural } from '../text/words.js';
import type { ProgressEvent } from './display.js';

/** Waits within a call that are shorter than this are not worth a line. */
const WORTH_TELLING_MS = 5000;

/** One line for a log; undefined for what is not worth one. */
export function eventText(event: ProgressEvent, now: number): string | undefined {
  switch (event.type) {
    case 'source:progress':
      return `reading ${event.entity}: ${count(event.read)} so far`;
    case 'source:end':
      return `read ${count(event.read)} ${event.entity}${event.rejected > 0 ? `, ${count(event.rejected)} rejected` : ''}`;
    case 'journal:settled':
      return `settled session ${event.sessionId ?? '(without an id)'} of an earlier run: ${event.outcome}`;
    case 'plan:ready':
      return `plan: ${describePlan(event.plan)}`;
    case 'session:created':
      return `session ${event.number} created (${event.sessionId})`;
    case 'session:triggered':
      return `session ${event.sessionId} is being imported`;
    case 'state:committed':
      return committedText(event);
    case 'session:replayed':
      return `session ${event.sessionId ?? '(without an id)'} is sent again: ${event.reason}`;
    case 'session:cancelled':
      return `session ${event.sessionId} cancelled`;
    case 'session:failed':
      return `session ${event.sessionId} ended as ${event.status}`;
    case 'batch:refused':
      return `Okta refused ${count(event.items)} of ${event.entity}`;
    case 'wait:start':
      return waitText(event, now);
    case 'abort:requested':
      return `${event.signal}: ending; once more ends at once`;
    default:
      return undefined;
  }
}

function committedText({
  sessionId,
  changes,
  remaining,
  estimatedEnd,
}: Extract<SyncEvent, { type: 'state:committed' }>): string {
  const confirmed = `session ${sessionId}: Okta confirmed ${plural(changes, 'change')}`;
  return remaining === 0
    ? confirmed
    : `${confirmed}, ${count(remaining)} to go, until ${formatTime(estimatedEnd)} or so`;
}

function waitText(event: Extract<SyncEvent, { type: 'wait:start' }>, now: number): string | undefined {
  // Its end is the longest it may take, not what it will take; that the import runs was told before.
  if (event.reason === 'import') return undefined;
  const ms = event.until.getTime() - now;
  if (event.reason !== 'session-cooldown' && ms < WORTH_TELLING_MS) return undefined;
  return `waiting ${formatDuration(ms)}, until ${formatTime(event.until)}: ${waitReason(event.reason)}`;
}

/** Why a run waits, as a clause. */
export function waitReason(reason: WaitReason): string {
  switch (reason) {
    case 'session-cooldown':
      return 'Okta spaces its sessions';
    case 'import':
      return 'Okta imports a session';
    case 'rate-limit':
      return "the window of Okta's rate limit is used up";
    case 'back-off':
      return 'Okta had a fault, and is asked again';
  }
}
