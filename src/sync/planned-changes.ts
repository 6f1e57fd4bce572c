import { splitMembershipKey, type Change } from '../core/model.js';
import { modeOf, type Modes } from '../core/mode.js';
import type { PlannedChange } from '../core/planned-change.js';
import { contextOf, flowOf, type Flow } from '../flow/flow.js';
import type { PlanOptions } from './sync-options.js';

/** The same flow. The option `onPlanned` gets its changes, chunk by chunk, and is waited for. */
export function withPlanned(source: Flow<Change>, { onPlanned, mode }: PlanOptions): Flow<Change> {
  if (onPlanned === undefined) return source;
  async function* chunks() {
    for await (const chunk of source.chunks()) {
      await onPlanned?.(chunk.map((change) => plannedOf(change, mode)));
      yield chunk;
    }
  }
  return flowOf(chunks, contextOf(source));
}

function plannedOf(change: Change, mode: Modes | undefined): PlannedChange {
  const { entity, changed } = change;
  const ids = idsOf(change);
  if (change.kind === 'delete') {
    const reason = modeOf(mode, entity) === 'delta' ? 'removed' : 'missing';
    return { entity, action: 'delete', ...ids, reason };
  }
  if (change.created)
    return { entity, action: 'create', ...ids, reason: change.isResend ? 'unknown' : 'new' };
  const names = changed && { changedAttributes: changed };
  return { entity, action: 'update', ...ids, reason: 'differs', ...names };
}

function idsOf({ entity, key }: Change): Pick<PlannedChange, 'externalId' | 'memberExternalId'> {
  if (entity !== 'memberships') return { externalId: key };
  const { groupExternalId: externalId, memberExternalId } = splitMembershipKey(key);
  return { externalId, memberExternalId };
}
