import type { DeactivateReport } from '../commands/command-reports.js';
import type { DeactivationOutcome } from '../../upload/deactivate.js';
import { plural, printable } from './words.js';

const SAYS: Readonly<Record<DeactivationOutcome, string>> = {
  found: 'is in Okta; nothing was sent',
  absent: 'Okta has no user with this external id; nothing was sent. rollcall explain ID shows similar ids',
  ended: 'is deactivated; Okta confirmed the request',
  refused: 'Okta refused the request, and nothing changed',
  unknown: 'the answer was lost, so it is not known whether the user is deactivated: run the command again',
};

/** The outcome of `deactivate`, as text. */
export function deactivateText({ sent, users }: DeactivateReport): string {
  const lines = users.map(({ id, outcome, reason }) => {
    const why = reason === undefined ? '' : ` (${printable(reason)})`;
    return `${printable(id)}: ${SAYS[outcome]}${why}.`;
  });
  const found = users.filter(({ outcome }) => outcome === 'found').length;
  if (!sent && found > 0) lines.push(`To end the access of ${plural(found, 'user')} now, add --yes.`);
  if (sent && users.some(({ outcome }) => outcome !== 'absent' && outcome !== 'refused'))
    lines.push(
      'A user who is still in the sources is created again by the next sync: remove them there first.',
    );
  return lines.join('\n');
}
