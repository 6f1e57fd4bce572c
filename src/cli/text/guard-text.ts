import { describeTrip } from '../../core/describe-trip.js';
import type { GuardTrip } from '../../core/results.js';
import type { Flags } from '../settings/resolve-settings.js';
import { approvalWords } from './approval.js';
import { shellCommand } from './shell.js';

/** The flag that sets the limit of each rule. */
const FLAGS: Readonly<Record<GuardTrip['rule'], string>> = {
  deletePercent: '--max-delete-percent',
  weekDeletePercent: '--max-week-delete-percent',
  deletes: '--max-deletes',
  updatePercent: '--max-update-percent',
  updates: '--max-updates',
  emptiedPercent: '--max-emptied-percent',
  creates: '--max-creates',
  idChanges: '--max-id-changes',
  groupLoss: '--max-group-loss-percent',
  heldBack: '--max-held-back-days',
  missingFiles: '--max-missing-files',
  noneLeftOut: '--min-left-out',
  emptySource: '--allow-empty',
  rejects: '--max-reject-percent',
};

/** The limits that a plan exceeds, one line each. */
export function tripLines(trips: readonly GuardTrip[]): string[] {
  return trips.map((trip) => `  ${tripText(trip)}`);
}

/** One limit that a plan exceeds, as text with the flag that sets it. */
export function tripText(trip: GuardTrip): string {
  return `${describeTrip(trip)} (${FLAGS[trip.rule]})`;
}

/** How to approve a plan: the whole command, with the flags in use. */
export function approvalLines(flags: Flags, hash: string, width: number | undefined): string[] {
  return [
    'If these changes are intended, approve exactly this plan:',
    shellCommand(approvalWords(flags, hash), width)
      .split('\n')
      .map((line, i) => (i === 0 ? `  ${line}` : line))
      .join('\n'),
  ];
}
