import { StateError } from '../core/errors.js';
import { IMPORT_UNFINISHED, type StateStore, type Target } from './store.js';

/** Refuses a state whose import was not finished: a sync would send the missing rows again, and never remove them. */
export function requireWhole(importMark: string | undefined): void {
  if (importMark === IMPORT_UNFINISHED)
    throw new StateError('an import into this state was not finished: import it again');
}

/** Refuses a state that was moved to another place: two states of one identity source would not know what the other one sends. */
export function requireUnmoved(movedTo: string | undefined): void {
  if (movedTo !== undefined) throw movedState(movedTo);
}

/** The error of a state that was moved. */
export function movedState(movedTo: string): StateError {
  return new StateError(`the state was moved to ${movedTo}: use that place (--state)`, {
    code: 'ERR_ROLLCALL_STATE_MOVED',
  });
}

/** Refuses a state with a session in flight, because the session would change the rows. */
export async function requireSettled(state: StateStore): Promise<void> {
  if ((await state.journal.open()).length > 0)
    throw new StateError('a session is in flight: run a sync first, which settles it');
}

/** True if a state has neither rows nor sessions. */
export async function isEmpty(state: StateStore): Promise<boolean> {
  const { users, groups, memberships } = await state.counts();
  const rows = [users, groups, memberships].reduce((sum, { known, unknown }) => sum + known + unknown, 0);
  return rows === 0 && (await state.journal.open()).length === 0;
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
