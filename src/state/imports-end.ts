import type { StateStore } from './store.js';

/** The name of the meta value with the time at which the imports of a state had ended. */
const NAME = 'imports-ended-at';
/** The value while a session may be imported. */
const NOT_KNOWN = '';

/**
 * The time after which Okta imports nothing that this state sent, in milliseconds since the epoch by the server's clock. Undefined if it is
 * not known: nothing was sent, or a session may still be imported.
 *
 * If Okta shows an import after this time, another program writes to the identity source, or the state is a copy of an older day.
 */
export async function importsEndedAt(state: StateStore): Promise<number | undefined> {
  const text = await state.getMeta(NAME);
  const time = Number(text || Number.NaN);
  return Number.isSafeInteger(time) ? time : undefined;
}

/** Makes the time unknown. Called before a session is created, so that a run that dies leaves no time that is too early. */
export async function importsBegin(state: StateStore): Promise<void> {
  if ((await state.getMeta(NAME)) !== NOT_KNOWN) await state.setMeta(NAME, NOT_KNOWN);
}

/**
 * Sets the time, if a session was created since it was last set, none is in flight, and the outcome of each is known.
 * @param now - milliseconds since the epoch, by the server's clock
 */
export async function importsEnded(state: StateStore, now: number): Promise<void> {
  if ((await state.getMeta(NAME)) !== NOT_KNOWN) return;
  if ((await state.journal.open()).length > 0) return;
  const { users, groups, memberships } = await state.counts();
  if (users.unknown + groups.unknown + memberships.unknown > 0) return;
  await state.setMeta(NAME, String(Math.trunc(now)));
}
