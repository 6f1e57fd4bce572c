import { encodeDeletion, type Change, type Entity } from '../core/model.js';
import { withoutPlaces, type Chunk } from '../flow/chunk.js';
import type { RunContext } from '../flow/run-context.js';
import { countedAtName, type Reading, type StateStore } from '../state/store.js';
import type { AbsenceRules } from './absence-rules.js';
import type { DiffCounts } from './diff-counts.js';

const CHUNK = 4096;

/** The change that removes the entity with this key. */
export function deletion(entity: Entity, key: string): Change {
  const { item, group } = encodeDeletion(entity, key);
  return {
    entity,
    kind: 'delete',
    key,
    item,
    group,
    fingerprint: undefined,
    created: false,
    dependent: false,
  };
}

/**
 * The deletions of entities that are missing from a complete read, which it marks as complete. Entities that
 * {@link AbsenceRules} spare count as present from then on, so that memberships may still name them.
 *
 * @param onSpared - called with each key that is in scope and is not deleted
 */
export async function* removals(
  entity: Entity,
  reading: Reading,
  state: StateStore,
  rules: AbsenceRules,
  now: number,
  context: RunContext,
  counts: DiffCounts,
  onSpared: (key: string) => void = () => undefined,
): AsyncGenerator<Chunk<Change>, void, undefined> {
  const missed = new Map<string, number>();
  context.absences.set(entity, missed);
  if (rules.isPlain) {
    reading.complete(entity);
    for await (const keys of reading.missing(entity)) {
      counts.deletes += keys.length;
      yield withoutPlaces(keys.map((key) => deletion(entity, key)));
    }
    return;
  }
  const before = await state.absences(entity);
  const last = await state.getMeta(countedAtName(entity));
  const isUnchanged =
    counts.creates + counts.updates === 0 && (await hasAbsences(entity, reading, rules, before));
  const step = rules.counts(now, last === undefined ? undefined : Number(last), isUnchanged) ? 1 : 0;
  if (step > 0) context.absencesCountedAt.set(entity, now);
  const deleted: string[] = [];
  const spared: string[] = [];
  for await (const keys of reading.missing(entity)) {
    for (const key of keys) {
      const count = (before.get(key) ?? 0) + step;
      const verdict = rules.verdict(key, count);
      if (verdict === 'delete') deleted.push(key);
      else spared.push(key);
      if (verdict === 'waiting' || verdict === 'protected') onSpared(key);
      if (rules.reads > 1 && count > 0 && (verdict === 'delete' || verdict === 'waiting'))
        missed.set(key, count);
    }
  }
  await reading.keep(entity, spared);
  counts.spared += spared.length;
  reading.complete(entity);
  for (let start = 0; start < deleted.length; start += CHUNK) {
    const keys = deleted.slice(start, start + CHUNK);
    counts.deletes += keys.length;
    yield withoutPlaces(keys.map((key) => deletion(entity, key)));
  }
}

/** True if exactly these entities are missing, apart from those that are never deleted. */
async function hasAbsences(
  entity: Entity,
  reading: Reading,
  rules: AbsenceRules,
  absences: ReadonlyMap<string, number>,
): Promise<boolean> {
  let same = 0;
  for await (const keys of reading.missing(entity)) {
    for (const key of keys) {
      if (absences.has(key)) same++;
      else if (!rules.isUndeletable(key)) return false;
    }
  }
  return same === absences.size;
}
