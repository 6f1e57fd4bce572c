import { CHUNK_SIZE, pick, withoutPlaces, withPlaces, type Chunk } from '../flow/chunk.js';
import type { Flow } from '../flow/flow.js';
import { keyOf, type Change, type Entity, type RecordOf } from '../core/model.js';
import type { Reading } from '../state/store.js';
import type { AbsenceRules } from './absence-rules.js';
import type { DiffCounts } from './diff-counts.js';
import { withoutExcluded, type Read } from './read.js';
import { deletion } from './removals.js';
import { runReferences } from './run-references.js';

/** The changes of a feed of changes: it removes only records that are marked as deleted, after the others. */
export async function* deltaDifferences<E extends Entity>(
  read: Read<E>,
): AsyncGenerator<Chunk<Change>, void, undefined> {
  const { entity, source, reading, comparer, rules, counts } = read;
  const removed = runReferences(reading).removedByFeed;
  if (entity === 'memberships') comparer.memberships.removed = removed;
  const marked: RecordOf[E][] = [];
  for await (const chunk of lastOfEach(entity, source, counts)) {
    const inScope = withoutExcluded(read, chunk);
    const kept: number[] = [];
    for (const [i, record] of inScope.entries()) {
      if (isMarkedDeleted(record)) marked.push(record);
      else kept.push(i);
    }
    const changes = await comparer.compare(kept.length === inScope.length ? inScope : pick(inScope, kept));
    if (changes.length > 0) yield withoutPlaces(changes);
  }
  for (let start = 0; start < marked.length; start += CHUNK_SIZE) {
    const records = marked.slice(start, start + CHUNK_SIZE);
    const deletions = await markedDeletions(entity, records, reading, rules, counts);
    const ids = entity === 'users' ? removed.users : entity === 'groups' ? removed.groups : undefined;
    for (const { key } of deletions) ids?.add(key);
    if (deletions.length > 0) yield withoutPlaces(deletions);
  }
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
