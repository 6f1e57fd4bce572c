import { withoutPlaces, type Chunk } from '../flow/chunk.js';
import { keyOf, type Change, type Entity, type RecordOf } from '../core/model.js';
import type { Reading } from '../state/store.js';
import type { AbsenceRules } from './absence-rules.js';
import { CompleteParents } from './complete-for.js';
import type { DiffCounts } from './diff-counts.js';
import { EndedMemberships } from './ended-memberships.js';
import { FeedSpool } from './feed-spool.js';
import { withoutExcluded, type Read } from './read.js';
import { deletion } from './removals.js';
import { runReferences } from './run-references.js';

/**
 * The changes of a feed of changes: it removes only records that are marked as deleted, after the others. A feed may contain several
 * records of an entity, and the last one is valid. A removal is held back if the last record of its entity was rejected, because that record
 * may say that the entity is back.
 */
export async function* deltaDifferences<E extends Entity>(
  read: Read<E>,
): AsyncGenerator<Chunk<Change>, void, undefined> {
  const { entity, state, reading, comparer, rules, counts, completeFor } = read;
  const complete = completeFor && new CompleteParents(completeFor, state.fingerprintKey);
  const ended = entity === 'memberships' ? await EndedMemberships.open(read, complete) : undefined;
  const feed = await FeedSpool.open(entity, state);
  try {
    const { marks, rejected } = await spoolAll(read, feed, complete);
    for await (const chunk of feed.last((record) => !isMarkedDeleted(record))) {
      const changes = await comparer.compare(withoutExcluded(read, chunk));
      if (changes.length > 0) yield withoutPlaces(changes);
    }
    const { users, groups } = runReferences(reading).removedByFeed;
    const removed = entity === 'users' ? users : entity === 'groups' ? groups : undefined;
    for await (const chunk of marks ? feed.last(isMarkedDeleted) : []) {
      const inScope = withoutExcluded(read, chunk);
      const deletions = await markedDeletions(entity, inScope, reading, rules, counts, rejected);
      for (const { key } of deletions) removed?.add(key);
      ended?.mark(deletions);
      if (deletions.length > 0) yield withoutPlaces(deletions);
    }
  } finally {
    await feed.close();
  }
  if (ended !== undefined) yield* ended.deletions();
}

/** Reads the feed to its end. Returns whether a record marks a removal, and the keys of entities whose last record was rejected. */
async function spoolAll<E extends Entity>(
  { entity, source, context, counts }: Read<E>,
  feed: FeedSpool<E>,
  complete: CompleteParents | undefined,
): Promise<{ readonly marks: boolean; readonly rejected: ReadonlyMap<string, number> }> {
  let marks = false;
  /** By key, the position of the last rejected record. */
  const rejected = new Map<string, number>();
  const drain = () => {
    for (const { key, position } of context.drainRejectedKeys(entity)) {
      rejected.set(key, position);
      complete?.keep(key);
    }
  };
  for await (const chunk of source.chunks()) {
    drain();
    marks ||= chunk.some(isMarkedDeleted);
    await feed.add(chunk, (key, position) => {
      context.feeds?.accept(entity, key, position);
      complete?.add(key);
      if ((rejected.get(key) ?? Infinity) < position) rejected.delete(key);
    });
  }
  drain();
  counts.superseded += feed.superseded;
  return { marks, rejected };
}

/** True for a record of a delta feed that marks a removal. */
export function isMarkedDeleted(record: unknown): boolean {
  return (record as { readonly deleted?: unknown }).deleted === true;
}

/**
 * The deletions of records marked as deleted, if they are in the baseline (confirmed or unknown), and neither protected nor held back.
 * @param heldBack - the keys whose deletion is held back
 */
export async function markedDeletions<E extends Entity>(
  entity: E,
  records: readonly RecordOf[E][],
  reading: Reading,
  rules: AbsenceRules,
  counts: DiffCounts,
  heldBack: Pick<ReadonlyMap<string, unknown>, 'has'> = new Map(),
): Promise<Change[]> {
  const keys = records.map((record) => keyOf(entity, record));
  const rows = await reading.held(entity, keys);
  counts.idChanges?.addMissing(keys);
  const held = keys.filter((_, i) => rows[i] !== undefined);
  const deletable = held.filter((key) => !rules.isProtected(key));
  const deleted = deletable.filter((key) => !heldBack.has(key));
  counts.read += keys.length;
  counts.deletes += deleted.length;
  counts.spared += held.length - deletable.length;
  counts.heldBack += deletable.length - deleted.length;
  // Entities that are already removed, protected, or held back, need no request.
  counts.unchanged += keys.length - deleted.length;
  return deleted.map((key) => deletion(entity, key));
}
