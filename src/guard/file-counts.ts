import type { Entity } from '../core/model.js';
import type { RunContext } from '../flow/run-context.js';
import { LOOKUP_FILES, sourceFilesName, type StateStore } from '../state/store.js';
import type { FileCounts } from './guard-rules.js';

/**
 * The number of files of each input in this full read and in the last one of a run that reached its end. An entity is left out if one
 * of the numbers is not known: before its first such run, and after an adoption. The number of
 * this read is stored when the run has reached its end, so an approved smaller number is the next run's measure.
 */
export async function fileCounts(context: RunContext, state: StateStore): Promise<Map<Entity, FileCounts>> {
  const counts = new Map<Entity, FileCounts>();
  for (const [entity, now] of context.files) {
    const name = sourceFilesName(entity);
    const before = await state.getMeta(name);
    if (before !== undefined) counts.set(entity, { now, before: Number(before) });
    if (before !== String(now)) context.valuesAtEnd.set(name, String(now));
  }
  return counts;
}

/** The same of each input that values are looked up in, by its name. */
export async function lookupFileCounts(
  context: RunContext,
  state: StateStore,
): Promise<Map<string, FileCounts & { readonly entity: Entity }>> {
  const counts = new Map<string, FileCounts & { readonly entity: Entity }>();
  const text = await state.getMeta(LOOKUP_FILES);
  const stored = new Map(Object.entries(JSON.parse(text ?? '{}') as Record<string, number>));
  let isChanged = false;
  for (const [name, { entity, files: now }] of context.lookups) {
    const before = stored.get(name);
    if (before !== undefined) counts.set(name, { entity, now, before });
    if (before !== now) isChanged = true;
    stored.set(name, now);
  }
  if (isChanged) context.valuesAtEnd.set(LOOKUP_FILES, JSON.stringify(Object.fromEntries(stored)));
  return counts;
}
