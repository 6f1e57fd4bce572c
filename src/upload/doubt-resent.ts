import type { RunContext } from '../flow/run-context.js';
import { doubtMembershipsOf } from '../state/ended-parents.js';
import type { StateStore } from '../state/store.js';

/**
 * Makes the memberships unknown of users and groups that the option `resend` names: if Okta has lost them, it has lost their memberships
 * too. A run that does not send these memberships itself, or dies before it does, would leave them confirmed, and they would never be sent.
 */
export async function doubtMembershipsOfResent(state: StateStore, { resend }: RunContext): Promise<void> {
  if (resend.length === 0) return;
  const isEvery = ['all', 'users', 'groups'].some((name) => resend.includes(name));
  const ids = new Set(resend);
  await doubtMembershipsOf(
    state,
    ({ groupExternalId, memberExternalId }) =>
      isEvery || ids.has(memberExternalId) || ids.has(groupExternalId),
  );
}
