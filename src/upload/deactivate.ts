import { SessionError } from '../core/errors.js';
import type { DirectoryClient } from '../okta/directory-client.js';
import { isLostAnswer } from '../okta/lost-answer.js';
import { membershipsOf } from '../state/ended-parents.js';
import { UNKNOWN, type AdoptedRow, type Held, type HeldRow, type StateStore } from '../state/store.js';
import { holdOpen } from '../state/uses.js';
import type { CallOptions, OktaClient } from '../okta/wire.js';
import { isRefused } from './error-kinds.js';
import { bindTarget, requireTarget } from './target.js';

/** What became of a user whose access was to end. */
export interface Deactivation {
  readonly id: string;
  readonly outcome: DeactivationOutcome;
  /** Okta's reason for a refusal, the error after which the outcome is not known, or why there is no such user. */
  readonly reason?: string | undefined;
}

/**
 * - `found`: Okta has the user, and nothing was sent.
 * - `absent`: Okta does not know the id, and nothing was sent.
 * - `ended`: Okta confirmed the request (204).
 * - `refused`: Okta refused the request, and nothing changed.
 * - `unknown`: the answer was lost.
 *
 * After `unknown`, and after `ended` if Okta still shows the user, the row of the user is unknown, and so are its memberships: the next
 * sync sends them again, or deletes them if they left the source.
 */
export const DEACTIVATION_OUTCOMES = ['found', 'absent', 'ended', 'refused', 'unknown'] as const;
/** One of {@link DEACTIVATION_OUTCOMES}. */
export type DeactivationOutcome = (typeof DEACTIVATION_OUTCOMES)[number];

/** Options of {@link deactivate}. */
export interface DeactivateOptions {
  readonly okta: DirectoryClient & Pick<OktaClient, 'listSessions'>;
  readonly state: StateStore;
  /** External ids of users. */
  readonly ids: readonly string[];
  /** False: only look whether Okta has the users. */
  readonly send: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Ends the access of single users at once, without a session, one after another. Before the request the row of the user and its memberships
 * become unknown in the state. The row is removed if Okta does not show the user afterwards.
 *
 * @throws {@link SessionError} if a session of the state is in flight: its import may bring the users back, and its commit would
 * overwrite what is known of them
 */
export function deactivate(options: DeactivateOptions): Promise<Deactivation[]> {
  return holdOpen(options.state, () => deactivateAll(options));
}

async function deactivateAll(options: DeactivateOptions): Promise<Deactivation[]> {
  const { okta, state, ids, send } = options;
  await requireTarget(state, okta);
  const [inFlight] = await state.journal.open();
  if (send && inFlight !== undefined)
    throw new SessionError(
      `a session is in flight (${inFlight.sessionId ?? 'its id is not known'}), and its import may bring people back: let a sync settle it, or cancel it, and try again`,
    );
  const done: Deactivation[] = [];
  for (const id of new Set(ids)) done.push(await deactivateOne(id, options));
  return done;
}

async function deactivateOne(id: string, options: DeactivateOptions): Promise<Deactivation> {
  const { okta, state, send, signal } = options;
  const call = signal === undefined ? {} : { signal };
  if ((await okta.getUser(id, call)) === undefined) return absent(id, options, call);
  if (!send) return { id, outcome: 'found' };
  // Okta knows the identity source now: a wrong id must not make the state belong to it.
  await bindTarget(state, okta);
  const before = await rowOf(state, 'users', id);
  const memberships = before === undefined ? [] : await confirmedMembershipsOf(state, id);
  if (before !== undefined)
    await state.adopt([userRow(id, UNKNOWN), ...memberships.map((row) => ({ ...row, held: UNKNOWN }))]);
  try {
    await okta.deleteUser(id, call);
  } catch (error) {
    if (isLostAnswer(error)) return { id, outcome: 'unknown', reason: (error as Error).message };
    // Okta certainly did not act.
    if (before !== undefined) await state.adopt([userRow(id, before), ...memberships]);
    if (isRefused(error)) return { id, outcome: 'refused', reason: (error as Error).message };
    throw error;
  }
  // Okta does not document whether it shows a deactivated user. If it does, the row stays unknown: to delete the user twice does no harm.
  if (before !== undefined && (await okta.getUser(id, call)) === undefined)
    await state.adopt([userRow(id, undefined)]);
  return { id, outcome: 'ended' };
}

async function absent(
  id: string,
  { okta, state }: DeactivateOptions,
  call: CallOptions,
): Promise<Deactivation> {
  // Okta's answer is the same for an identity source that it does not know.
  await okta.listSessions(call);
  const isGroup = (await rowOf(state, 'groups', id)) !== undefined;
  return { id, outcome: 'absent', ...(isGroup && { reason: 'it is the id of a group' }) };
}

async function rowOf(state: StateStore, entity: 'users' | 'groups', id: string): Promise<Held | undefined> {
  const reading = await state.read();
  try {
    return (await reading.held(entity, [id]))[0];
  } finally {
    await reading.close();
  }
}

async function confirmedMembershipsOf(state: StateStore, id: string): Promise<HeldRow[]> {
  const all: HeldRow[] = [];
  for await (const rows of membershipsOf(state, ({ memberExternalId }) => memberExternalId === id))
    all.push(...rows);
  return all;
}

function userRow(key: string, held: Held | undefined): AdoptedRow {
  return { entity: 'users', key, held };
}
