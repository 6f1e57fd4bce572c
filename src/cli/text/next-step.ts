import type { Change, Entity } from '../../core/model.js';
import type { TracedId } from '../../sync/trace/trace.js';
import type { NextStep } from '../commands/explanation.js';
import { plural, printable } from './words.js';

const NOUNS: Readonly<Record<Entity, string>> = Object.freeze({
  users: 'user',
  groups: 'group',
  memberships: 'membership',
});

/** What the next sync would do with an id, and why, in one sentence. The changes are those of the real plan. */
export function nextStep(traced: TracedId): NextStep {
  const [change] = traced.changes;
  const step = change === undefined ? noChange(traced) : changeStep(change, traced);
  const { begin, end } = traced.memberships;
  const moves = [
    ...(begin === 0 ? [] : [`${plural(begin, 'membership')} of it begin${begin === 1 ? 's' : ''}`]),
    ...(end === 0 ? [] : [`${plural(end, 'membership')} of it end${end === 1 ? 's' : ''}`]),
  ];
  return moves.length === 0 ? step : { ...step, reason: `${step.reason}; ${moves.join(' and ')}` };
}

function changeStep({ kind, created, changed, dependent }: Change, { entity, held }: TracedId): NextStep {
  const noun = NOUNS[entity];
  const later = dependent ? ', in a later session than the changes that it needs' : '';
  if (kind === 'delete') {
    const ends = entity === 'users' ? 'deactivates the user' : `deletes the ${noun}`;
    return { action: 'delete', reason: `${ends}, because the source does not have it any more${later}` };
  }
  if (held === 'unknown')
    return {
      action: 'resend',
      reason: `sends the ${noun} again, because it is not known what Okta holds${later}`,
    };
  if (created)
    return {
      action: 'create',
      reason: `creates the ${noun}, because the state does not have it${later}`,
    };
  const what =
    changed === undefined || changed.length === 0 ? 'its content' : changed.map(printable).join(', ');
  return {
    action: 'update',
    reason: `updates the ${noun}, because it differs from what Okta confirmed: ${what}${later}`,
  };
}

function noChange(traced: TracedId): NextStep {
  return { action: 'nothing', reason: `does nothing, because ${reasonOf(traced)}` };
}

function reasonOf(traced: TracedId): string {
  const { entity, source, held, rejections, refusedBefore } = traced;
  if (source === undefined) return `no source of ${entity} is given`;
  const isHeld = held !== undefined;
  const [rejection] = rejections;
  const results = new Set(source.first.map(({ result }) => result));
  if (rejection !== undefined) return `its record is rejected${isHeld ? '; it stays in Okta as it is' : ''}`;
  if (refusedBefore !== undefined) return refusedBefore.reason;
  if (results.has('record'))
    return isHeld ? 'it is the same as Okta confirmed' : 'its record is not kept in sync';
  if (!isHeld)
    return results.has('leftOut')
      ? 'a condition of the mapping leaves its row out, and the state does not have it'
      : 'neither the sources nor the state have it';
  return `it is not deleted although the source does not have it: ${stayReason(traced)}`;
}

/** Why an entity that the source lacks stays in Okta. */
function stayReason({ entity, isProtected, missed, readsNeeded, unidentified }: TracedId): string {
  if (isProtected) return 'it is protected (--protect)';
  if (unidentified > 0)
    return `deletions of ${entity} are held back while ${plural(unidentified, 'record')} of the source cannot be identified`;
  if (missed !== undefined && missed < readsNeeded)
    return `it was missing from ${plural(missed, 'complete read')} in a row, and a deletion needs ${readsNeeded}`;
  return 'its deletion is held back; "rollcall plan" says why';
}
