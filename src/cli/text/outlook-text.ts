import type { ForeignSession, Outlook, OutlookSession } from '../commands/outlook.js';
import { formatDuration } from './duration.js';
import { plural, printable } from './words.js';

const SETTLING: Readonly<Record<NonNullable<OutlookSession['settling']>, string>> = {
  confirm: 'a sync first records its changes as confirmed, so that it sends less than this plan',
  wait: 'Okta is importing it; a sync first waits for its end, and may send less than this plan',
  trigger: 'a sync first starts its import and waits for its end, and may send less than this plan',
  cancel: 'a sync first cancels it, if it is still open, and sends its changes again',
  doubt: 'its outcome is unknown; a sync sends its changes again',
};

/** The things that a sync would find before it sends, as text; no lines if there is nothing to say. */
export function outlookLines({ otherTarget, inFlight, foreign = [], unknown }: Outlook): string[] {
  return [
    ...(otherTarget === undefined
      ? []
      : [
          `The state belongs to ${otherTarget.orgUrl}, identity source ${otherTarget.identitySourceId}, and the settings name another: a sync would be refused.`,
        ]),
    ...inFlight.map(inFlightLine),
    ...foreign.map(foreignLine),
    ...(unknown === undefined ? [] : [`The sessions in Okta were not checked: ${printable(unknown)}.`]),
  ];
}

function inFlightLine({ sessionId, status, rows, settling }: OutlookSession): string {
  const name = sessionId === undefined ? 'An attempt to create a session' : `Session ${printable(sessionId)}`;
  // COMPLETED means that the import ended, and not that its people are active.
  const shown = status === 'COMPLETED' ? 'import completed' : status;
  const details = shown === undefined ? plural(rows, 'change') : `${shown}, ${plural(rows, 'change')}`;
  const what = settling === undefined ? 'a sync first settles it' : SETTLING[settling];
  return `${name} (${details}) of an earlier run is in flight: ${what}.`;
}

function foreignLine({ sessionId, status, ageMs }: ForeignSession): string {
  const age = ageMs === undefined ? 'of unknown age' : `${formatDuration(ageMs)} old`;
  const isOpen = status === 'CREATED' || status === 'IN_PROGRESS';
  const what = isOpen
    ? 'a sync would fail, unless --foreign-session says otherwise'
    : 'Okta imports the sessions of a sync after it';
  return `Session ${printable(sessionId)} (${status}, ${age}) is active, and this state has no record of it: ${what}.`;
}
