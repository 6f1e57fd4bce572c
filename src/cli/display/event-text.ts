import type { SyncEvent, WaitReason } from '../../events/events.js';
import { entityList } from '../../core/entity-list.js';
import { describePlan } from '../../core/results.js';
import { formatDuration } from '../text/duration.js';
import { count, formatTime, plural } from '../text/words.js';
import { rejectionText } from '../text/rejections.js';
import type { ProgressEvent } from './display.js';

/** Waits within a call that are shorter than this, in milliseconds, are not shown. */
const SHORTEST_SHOWN_WAIT_MS = 5000;

/** The notice of a run with a new state. */
export const NEW_STATE = 'new state: people who left before today cannot be found';

/** An event as one line; undefined for events that are not shown. */
export function eventText(event: ProgressEvent, now: number): string | undefined {
  switch (event.type) {
    case 'state:new':
      return NEW_STATE;
    case 'source:progress':
      return `reading ${event.entity}: ${count(event.read)} so far`;
    case 'source:end':
      return `read ${plural(event.read, event.entity.slice(0, -1))}${event.rejected > 0 ? `, ${count(event.rejected)} rejected` : ''}`;
    case 'journal:settled':
      return `session ${event.sessionId ?? '(without an id)'} of an earlier run settled: ${event.outcome}`;
    case 'plan:ready':
      return `plan: ${describePlan(event.plan)}`;
    case 'session:created':
      return `session ${event.number} created (${event.sessionId})`;
    case 'session:triggered':
      return `Okta is importing session ${event.sessionId}`;
    case 'state:committed':
      return committedText(event);
    case 'session:replayed':
      return `sending the changes of session ${event.sessionId ?? '(without an id)'} again: ${event.reason}`;
    case 'session:cancelled':
      return `session ${event.sessionId} cancelled`;
    case 'session:failed':
      return event.status === 'left'
        ? `session ${event.sessionId} is given up: Okta did not finish its import within --poll-timeout`
        : `session ${event.sessionId} ended as ${event.status}`;
    case 'session:status':
      return `session ${event.sessionId} is ${event.status}, a status that this version does not know; waiting for its end`;
    case 'batch:refused':
      return `refused by Okta: ${rejectionText(event.rejection)}`;
    case 'sample:start':
      return `reading ${plural(event.changes, 'confirmed change')} back from Okta`;
    case 'wait:start':
      return waitText(event, now);
    case 'state:busy':
      return `the state is in use by process ${event.pid} on ${event.host} since ${formatTime(event.since)}; waiting for it until ${formatTime(event.until)}`;
    case 'verify:progress':
      return `reading Okta: ${count(event.read)} ${event.entity} so far`;
    case 'abort:requested':
      return `${event.signal}: stopping in an orderly way; a second signal stops at once`;
    default:
      return undefined;
  }
}

function committedText({
  sessionId,
  changesByEntity,
  remainingByEntity,
  earliestEnd,
  estimatedEnd,
}: Extract<SyncEvent, { type: 'state:committed' }>): string {
  const changes = entityList((entity) => changesByEntity[entity]) ?? 'nothing';
  const confirmed = `session ${sessionId}: import completed, ${changes} confirmed`;
  const remaining = entityList((entity) => remainingByEntity[entity]);
  if (remaining === undefined) return confirmed;
  const [earliest, latest] = [formatTime(earliestEnd), formatTime(estimatedEnd)];
  const end = earliest === latest ? `about ${latest}` : `between ${earliest} and ${latest}`;
  return `${confirmed}; left: ${remaining}; the end is expected ${end}`;
}

function waitText(event: Extract<SyncEvent, { type: 'wait:start' }>, now: number): string | undefined {
  // `until` is the poll timeout here, not an estimate; and `session:triggered` has already shown that the import runs.
  if (event.reason === 'import') return undefined;
  const ms = event.until.getTime() - now;
  if (event.reason !== 'session-cooldown' && ms < SHORTEST_SHOWN_WAIT_MS) return undefined;
  return `waiting ${formatDuration(ms)}, until ${formatTime(event.until)}: ${waitReason(event.reason)}`;
}

/** The reason for a wait, as text. */
export function waitReason(reason: WaitReason): string {
  switch (reason) {
    case 'session-cooldown':
      return 'Okta requires a pause between sessions';
    case 'import':
      return 'Okta is importing a session';
    case 'rate-limit':
      return "Okta's rate limit is reached";
    case 'read-only':
      return 'Okta is in read-only mode, and the request is retried';
    case 'back-off':
      return 'a request to Okta failed and is retried';
  }
}
