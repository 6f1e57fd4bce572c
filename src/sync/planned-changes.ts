import { splitMembershipKey, type Change } from '../core/model.js';
import { modeOf, type Modes } from '../core/mode.js';
import type { PlannedChange } from '../core/planned-change.js';
import { contextOf, flowOf, type Flow } from '../flow/flow.js';
import type { RunContext } from '../flow/run-context.js';
import type { PlanOptions } from './sync-options.js';

/** The same flow. The option `onPlanned` gets its changes, chunk by chunk, and is waited for. */
export function withPlanned(source: Flow<Change>, { onPlanned, mode }: PlanOptions): Flow<Change> {
  if (onPlanned === undefined) return source;
  const context = contextOf(source);
  async function* chunks() {
    for await (const chunk of source.chunks()) {
      await onPlanned?.(chunk.map((change) => plannedOf(change, mode, context)));
      yield chunk;
    }
  }
  return flowOf(chunks, context);
}

function plannedOf(change: Change, mode: Modes | undefined, context: RunContext): PlannedChange {
  const { entity, changed } = change;
  const ids = idsOf(change);
  if (change.kind === 'delete') {
    return { entity, action: 'delete', ...ids, reason: reasonOf(change, mode, context) };
  }
  if (change.created)
    return { entity, action: 'create', ...ids, reason: change.isResend ? 'unknown' : 'new' };
  const names = changed && { changedAttributes: changed };
  return { entity, action: 'update', ...ids, reason: 'differs', ...names };
}

function reasonOf(
  { entity, key }: Change,
  mode: Modes | undefined,
  context: RunContext,
): 'removed' | 'leftOut' | 'missing' {
  if (modeOf(mode, entity) === 'delta') return 'removed';
  return context.isLeftOutByCondition(entity, key) ? 'leftOut' : 'missing';
}

function idsOf({ entity, key }: Change): Pick<PlannedChange, 'externalId' | 'memberExternalId'> {
  if (entity !== 'memberships') return { externalId: key };
  const { groupExternalId: externalId, memberExternalId } = splitMembershipKey(key);
  return { externalId, memberExternalId };
}
