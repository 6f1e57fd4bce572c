import { CHUNK_SIZE, pick, withoutPlaces, withPlaces, type Chunk } from '../flow/chunk.js';
import type { Flow } from '../flow/flow.js';
import {
  keyOf,
  splitMembershipKey,
  type Change,
  type Entity,
  type MembershipRecord,
  type RecordOf,
} from '../core/model.js';
import type { Reading } from '../state/store.js';
import type { AbsenceRules } from './absence-rules.js';
import { CompleteParents } from './complete-for.js';
import type { DiffCounts } from './diff-counts.js';
import { withoutExcluded, type Read } from './read.js';
import { deletion } from './removals.js';
import { removedReferences } from './membership-references.js';
import { runReferences } from './run-references.js';

/** The changes of a feed of changes: it removes only records that are marked as deleted, after the others. */
export async function* deltaDifferences<E extends Entity>(
  read: Read<E>,
): AsyncGenerator<Chunk<Change>, void, undefined> {
  const { entity, source, reading, comparer, rules, counts } = read;
  const removed = runReferences(reading).removedByFeed;
  const ended = entity === 'memberships' ? await endedWithParents(read) : new Set<string>();
  const complete = read.completeFor && new CompleteParents(read.completeFor);
  const marked: RecordOf[E][] = [];
  for await (const chunk of lastOfEach(entity, source, counts)) {
    complete?.add(chunk as unknown as MembershipRecord[]);
    const inScope = withoutExcluded(read, chunk);
    const kept: number[] = [];
    for (const [i, record] of inScope.entries()) {
      if (isMarkedDeleted(record)) marked.push(record);
      else kept.push(i);
    }
    const changes = await comparer.compare(kept.length === inScope.length ? inScope : pick(inScope, kept));
    if (changes.length > 0) yield withoutPlaces(changes);
  }
  for (const records of inPieces(marked)) {
    const deletions = await markedDeletions(entity, records, reading, rules, counts);
    const ids = entity === 'users' ? removed.users : entity === 'groups' ? removed.groups : undefined;
    for (const { key } of deletions) {
      ids?.add(key);
      ended.delete(key);
    }
    if (deletions.length > 0) yield withoutPlaces(deletions);
  }
  if (complete !== undefined) for (const key of await endedByOmission(read, complete)) ended.add(key);
  counts.deletes += ended.size;
  for (const keys of inPieces([...ended])) yield withoutPlaces(keys.map((key) => deletion(entity, key)));
}

/** The memberships of the baseline that end because the feed does not name them. */
async function endedByOmission(
  { state, context, rules, counts }: Read<Entity>,
  complete: CompleteParents,
): Promise<string[]> {
  for (const { key } of context.drainRejectedKeys('memberships')) complete.addKey(key);
  const ended: string[] = [];
  for await (const rows of state.rows('memberships'))
    for (const { key } of rows) if (complete.ends(key) && !rules.isUndeletable(key)) ended.push(key);
  if (context.counts('memberships').unidentified === 0) return ended;
  counts.heldBack += ended.length;
  return [];
}

function inPieces<T>(all: readonly T[]): (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / CHUNK_SIZE) }, (_, i) =>
    all.slice(i * CHUNK_SIZE, (i + 1) * CHUNK_SIZE),
  );
}

/**
 * What the users and groups that this run removes mean for memberships that the feed does not name. A complete read finds them among
 * those that are missing.
 *
 * A group stays if one of its memberships is protected. The memberships of a removed user end with the user: Okta does not document
 * whether a person who comes back has them again.
 *
 * @returns the keys of the memberships that end
 */
async function endedWithParents({ state, reading, comparer, rules }: Read<Entity>): Promise<Set<string>> {
  const removed = (comparer.memberships.removed = await removedReferences(reading));
  const ended = new Set<string>();
  if (removed.users.size + removed.groups.size === 0) return ended;
  const { keptGroups } = runReferences(reading);
  for await (const rows of state.rows('memberships')) {
    for (const { key } of rows) {
      const { groupExternalId, memberExternalId } = splitMembershipKey(key);
      if (rules.isUndeletable(key)) {
        if (removed.groups.has(groupExternalId)) keptGroups.add(groupExternalId);
      } else if (removed.users.has(memberExternalId)) ended.add(key);
    }
  }
  return ended;
}

/** True for a record of a delta feed that marks a removal. */
export function isMarkedDeleted(record: unknown): boolean {
  return (record as { readonly deleted?: unknown }).deleted === true;
}

/**
 * The last record of each entity, in the order of the feed. A feed may contain several records of an entity, and the last one
 * is valid. All of them are in memory at once: a feed is as long as its changes, not as the directory.
 */
export async function* lastOfEach<E extends Entity>(
  entity: E,
  source: Flow<RecordOf[E]>,
  counts: DiffCounts,
): AsyncGenerator<Chunk<RecordOf[E]>, void, undefined> {
  const last = new Map<string, { record: RecordOf[E]; file: string | undefined; line: number | undefined }>();
  for await (const chunk of source.chunks()) {
    const places = chunk.places;
    for (const [i, record] of chunk.entries()) {
      const key = keyOf(entity, record);
      if (last.delete(key)) counts.superseded++;
      last.set(key, { record, file: places?.file, line: places?.lines?.[i] });
    }
  }
  const kept = [...last.values()];
  for (let start = 0; start < kept.length;) {
    // All records of a chunk are from one file.
    const { file } = kept[start] as (typeof kept)[number];
    let end = start;
    while (end < kept.length && end - start < CHUNK_SIZE && kept[end]?.file === file) end++;
    const part = kept.slice(start, end);
    yield withPlaces(
      part.map(({ record }) => record),
      { file, lines: part.map(({ line }) => line ?? 0) },
    );
    start = end;
  }
}

/** The deletions of records marked as deleted, if they are in the baseline (confirmed or unknown) and not protected. */
export async function markedDeletions<E extends Entity>(
  entity: E,
  records: readonly RecordOf[E][],
  reading: Reading,
  rules: AbsenceRules,
  counts: DiffCounts,
): Promise<Change[]> {
  const keys = records.map((record) => keyOf(entity, record));
  const rows = await reading.held(entity, keys);
  counts.idChanges?.addMissing(keys, rows);
  const held = keys.filter((_, i) => rows[i] !== undefined);
  const deleted = held.filter((key) => !rules.isProtected(key));
  counts.read += keys.length;
  counts.deletes += deleted.length;
  counts.spared += held.length - deleted.length;
  // Entities that are already removed, or protected, need no request.
  counts.unchanged += keys.length - deleted.length;
  return deleted.map((key) => deletion(entity, key));
}
