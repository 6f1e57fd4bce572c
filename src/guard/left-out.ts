import type { Entity } from '../core/model.js';
import type { RunContext } from '../flow/run-context.js';
import { leftOutName, type StateStore } from '../state/store.js';
import type { LeftOutCounts } from './guard-rules.js';

/**
 * The records that conditions of the mapping left out of this full read, and of the last one of a run that reached its end. An entity
 * is missing if the earlier number is not known. The number of this read is stored when the run has reached its end, so an approved
 * one is the next run's measure.
 */
export async function leftOutCounts(
  context: RunContext,
  state: StateStore,
): Promise<Map<Entity, LeftOutCounts>> {
  const counts = new Map<Entity, LeftOutCounts>();
  for (const [entity, now] of context.leftOut) {
    const name = leftOutName(entity);
    const before = await state.getMeta(name);
    if (before !== undefined) counts.set(entity, { now, before: Number(before) });
    if ((before ?? '0') !== String(now)) context.valuesAtEnd.set(name, String(now));
  }
  return counts;
}
