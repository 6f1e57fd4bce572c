import { ENTITIES, type Entity } from '../core/model.js';
import { diffCountsOf } from '../diff/diff-counts.js';
import type { RunContext } from '../flow/run-context.js';
import { heldBackSinceName, type StateStore } from '../state/store.js';
import type { HeldBack } from './guard-rules.js';

const DAY_MS = 86_400_000;

/**
 * Since when the deletions of each entity are held back, and for how long; undefined if none are. The time is stored when the run has
 * reached its end, and removed by a full read of which no deletion is held back.
 * @param approved - true if a person approved the plan: the time begins again
 */
export async function heldBackIn(
  context: RunContext,
  state: StateStore,
  now: number,
  approved: boolean,
): Promise<Record<Entity, HeldBack | undefined>> {
  const result: Record<Entity, HeldBack | undefined> = {
    users: undefined,
    groups: undefined,
    memberships: undefined,
  };
  for (const entity of ENTITIES) {
    const isHeldBack = (diffCountsOf(context, entity)?.heldBack ?? 0) > 0;
    // A delta feed, and an entity that is not read, do not show whether they still are.
    if (!isHeldBack && !context.absences.has(entity)) continue;
    const name = heldBackSinceName(entity);
    const stored = await state.getMeta(name);
    const before = stored === undefined || stored === '' ? undefined : Number(stored);
    const since = isHeldBack ? (before ?? now) : undefined;
    if (since !== undefined) result[entity] = { since, days: (now - since) / DAY_MS };
    const next = since === undefined ? '' : String(approved ? now : since);
    if (next !== (stored ?? '')) context.valuesAtEnd.set(name, next);
  }
  return result;
}
