import { StateError } from '../core/errors.js';
import { IMPORT_UNFINISHED, type Target } from './store.js';

/** Refuses a state whose import was not finished: a sync would send the missing rows again, and never remove them. */
export function requireWhole(importMark: string | undefined): void {
  if (importMark === IMPORT_UNFINISHED)
    throw new StateError('an import into this state was not finished: import it again');
}

/** Refuses a target that is not the one of the state. */
export function requireSameTarget(bound: Target, target: Target): void {
  if (bound.orgUrl === target.orgUrl && bound.identitySourceId === target.identitySourceId) return;
  throw new StateError(
    `the state belongs to identity source ${bound.identitySourceId} of ${bound.orgUrl}, not to ${target.identitySourceId} of ${target.orgUrl}`,
    { code: 'ERR_ROLLCALL_STATE_TARGET' },
  );
}

/** The target with another address. @throws {@link StateError} if there is no target */
export function retargeted(bound: Target | undefined, orgUrl: string): Target {
  if (bound === undefined) throw new StateError('the state belongs to no org yet');
  return { ...bound, orgUrl };
}

/** The error of every call after the state was closed. */
export function closedState(): StateError {
  return new StateError('the state is closed');
}

/** The error of a write after another process has opened the state. */
export function lostState(): StateError {
  return new StateError('another writer has taken this state over', { code: 'ERR_ROLLCALL_STATE_LOST' });
}
