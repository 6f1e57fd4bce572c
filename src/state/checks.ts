import { StateError } from '../core/errors.js';
import { IMPORT_UNFINISHED, type Target } from './store.js';

/** Refuses a state into which an import was not finished: what it lacks would be sent anew, and never be removed. */
export function requireWhole(importMark: string | undefined): void {
  if (importMark === IMPORT_UNFINISHED)
    throw new StateError('an import into this state was not finished: import it again');
}

/** Refuses a target that differs from the one a state was stamped with. */
export function requireSameTarget(bound: Target, target: Target): void {
  if (bound.orgUrl === target.orgUrl && bound.identitySourceId === target.identitySourceId) return;
  throw new StateError(
    `the state belongs to identity source ${bound.identitySourceId} of ${bound.orgUrl}, not to ${target.identitySourceId} of ${target.orgUrl}`,
    { code: 'ERR_ROLLCALL_STATE_TARGET' },
  );
}

/** What a call is answered once its state is closed. */
export function closedState(): StateError {
  return new StateError('the state is closed');
}

/** What a write is answered once another process has opened the state. */
export function lostState(): StateError {
  return new StateError('another writer has taken this state over', { code: 'ERR_ROLLCALL_STATE_LOST' });
}
