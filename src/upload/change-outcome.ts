import { splitMembershipKey, type Change } from '../core/model.js';
import type { ChangeOutcome } from '../core/results.js';

/** The outcome of a change, as `onOutcome` receives it. */
export function outcomeOf(
  change: Change,
  sessionId: string | undefined,
  outcome: ChangeOutcome['outcome'],
  errorCode: string | undefined,
): ChangeOutcome {
  const { entity, kind, key, created, changed } = change;
  const ids = entity === 'memberships' ? splitMembershipKey(key) : undefined;
  return {
    entity,
    kind,
    externalId: ids?.groupExternalId ?? key,
    ...(ids && { memberExternalId: ids.memberExternalId }),
    created,
    ...(changed && { changedAttributes: changed }),
    sessionId: sessionId ?? '',
    outcome,
    ...(errorCode !== undefined && { errorCode }),
  };
}
