import { refuseUnknown } from '../core/check-options.js';
import { OptionsError, StateError } from '../core/errors.js';
import { ENTITIES } from '../core/model.js';
import { isEmpty, movedState, requireSettled, requireWhole } from './checks.js';
import type { StateRowCounts } from './export-import/export-format.js';
import { verifyState } from './export-import/verify-state.js';
import { difference, isCopiedValue, MOVED_FROM } from './state-content.js';
import { IMPORT_UNFINISHED, MOVED_TO, type AdoptedRow, type HeldRow, type StateStore } from './store.js';
import { holdOpen } from './uses.js';

/** Options of {@link moveState}. */
export interface MoveOptions {
  /** The place of the state as errors name it, such as its directory. */
  readonly from: string;
  /** The new place. Whoever opens the old one reads it in the error. */
  readonly to: string;
}

/**
 * Moves a state to another store, with everything that it contains: confirmed rows stay confirmed, because both states are open, so that
 * nothing is synced meanwhile. The copy is read back and compared with the state, row by row. Then the state is marked as moved: it
 * cannot be used any more. If a move is interrupted, only one of the two can be used, or neither; the same call again ends it.
 *
 * @param from - opened with `moved: true`, so that a move that was interrupted can be ended
 * @param to - an empty state, or one with what an earlier attempt left; opened with `moved: true` to move a state back
 * @returns the number of rows of each entity; also if the state had been moved there before
 * @example
 * await using to = await openState('postgres://rollcall@db.example.com/rollcall');
 * await moveState(state, to, { from: './state', to: 'the database rollcall' });
 * @throws {@link StateError} if a session is in flight, or an import was not finished; `ERR_ROLLCALL_STATE_MOVED` if the state was moved to
 * another place, `ERR_ROLLCALL_STATE_NOT_EMPTY` if there is another state in the new place, `ERR_ROLLCALL_STATE_CORRUPT` if the state is
 * damaged, or the copy differs from it: then the state stays in use
 */
export async function moveState(
  from: StateStore,
  to: StateStore,
  options: MoveOptions,
): Promise<StateRowCounts> {
  refuseUnknown('moveState', options, ['from', 'to']);
  for (const name of ['from', 'to'] as const)
    if (typeof options[name] !== 'string' || options[name] === '')
      throw new OptionsError(name, 'expected the place of a state');
  return holdOpen(from, () => holdOpen(to, () => move(from, to, options)));
}

async function move(from: StateStore, to: StateStore, options: MoveOptions): Promise<StateRowCounts> {
  if (await requireHere(from, options)) return endMove(from, to, options);
  await requireSettled(from);
  requireWhole(await from.getMeta('import'));
  await requireReplaceable(from, to, options);
  const rows = await verifyState(from);
  await copy(from, to, options);
  await requireSame(from, to, options);
  await from.setMeta(MOVED_TO, options.to);
  await to.setMeta('import', '');
  return rows;
}

/** True if the state was moved to this place before. @throws {@link StateError} if it was moved to another one */
export async function requireHere(from: StateStore, { to }: Pick<MoveOptions, 'to'>): Promise<boolean> {
  const place = await from.getMeta(MOVED_TO);
  if (place !== undefined && place !== to) throw movedState(place);
  return place !== undefined;
}

/** Ends a move that was interrupted after the state was marked as moved. */
async function endMove(from: StateStore, to: StateStore, options: MoveOptions): Promise<StateRowCounts> {
  const isUnfinished = (await to.getMeta('import')) === IMPORT_UNFINISHED;
  if (
    from.fingerprintKey !== to.fingerprintKey ||
    (isUnfinished && (await difference(from, to)) !== undefined)
  )
    throw new StateError(
      `the state in ${options.from} was moved to ${options.to}, and the state that is there now is another one`,
      { code: 'ERR_ROLLCALL_STATE_MOVED' },
    );
  if (isUnfinished) await to.setMeta('import', '');
  return verifyState(to);
}

/** The key of the fingerprints is random, so two states with the same key have the same origin. */
async function requireReplaceable(from: StateStore, to: StateStore, options: MoveOptions): Promise<void> {
  const isRelated = from.fingerprintKey === to.fingerprintKey;
  const movedTo = await to.getMeta(MOVED_TO);
  if (movedTo !== undefined) {
    // What is left in the old place of a state that is moved back.
    if (isRelated && movedTo === options.from) return;
    throw movedState(movedTo);
  }
  if ((await to.getMeta('import')) === IMPORT_UNFINISHED) {
    const movedFrom = (await to.getMeta(MOVED_FROM)) ?? options.from;
    if (isRelated && movedFrom === options.from) return;
  } else if (await isEmpty(to)) return;
  throw new StateError(`there is another state in ${options.to}: move to a place without a state`, {
    code: 'ERR_ROLLCALL_STATE_NOT_EMPTY',
  });
}

async function copy(from: StateStore, to: StateStore, options: MoveOptions): Promise<void> {
  const { fingerprintKey } = from;
  const lastTriggeredAt = await from.journal.lastTriggeredAt();
  await to.restore({ fingerprintKey, target: await from.target(), lastTriggeredAt });
  await to.setMeta(MOVED_FROM, options.from);
  for (const entity of ENTITIES) {
    for await (const rows of from.rows(entity)) await to.adopt(rows.flatMap(adopted));
    await to.setAbsences(entity, await from.absences(entity));
  }
  for (const name of (await from.metaNames()).filter(isCopiedValue)) {
    const value = await from.getMeta(name);
    if (value !== undefined) await to.setMeta(name, value);
  }
}

/** A row as `adopt` writes it. An unknown user gets the logins one after the other, as at first. */
function adopted({ entity, key, held, logins = [] }: HeldRow): readonly AdoptedRow[] {
  if (logins.length === 0) return [{ entity, key, held }];
  return logins.map((login) => ({ entity, key, held, login }));
}

async function requireSame(from: StateStore, to: StateStore, options: MoveOptions): Promise<void> {
  const what = await difference(from, to);
  if (what === undefined) return;
  throw new StateError(
    `the copy in ${options.to} differs from the state in ${options.from} (${what}): the state was not moved`,
    { code: 'ERR_ROLLCALL_STATE_CORRUPT' },
  );
}
