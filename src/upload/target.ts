import type { DirectoryClient } from '../okta/directory-client.js';
import type { StateStore } from '../state/store.js';

type OktaTarget = Pick<DirectoryClient, 'orgUrl' | 'identitySourceId'>;

/**
 * Refuses a state that belongs to another org or identity source. A state that belongs to none stays free: it may still be used for
 * another org if this run creates no session, because its token or address was wrong.
 *
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_TARGET`
 */
export async function requireTarget(state: StateStore, okta: OktaTarget): Promise<void> {
  if ((await state.target()) !== undefined) await bindTarget(state, okta);
}

/** Makes a state belong to the org and identity source of a client. Called before the first session is created. */
export async function bindTarget(state: StateStore, { orgUrl, identitySourceId }: OktaTarget): Promise<void> {
  await state.bind({ orgUrl, identitySourceId });
}
