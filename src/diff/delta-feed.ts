import { CHUNK_SIZE, withPlaces, type Chunk } from '../flow/chunk.js';
import type { Flow } from '../flow/flow.js';
import { keyOf, type Change, type Entity, type RecordOf } from '../core/model.js';
import type { Reading } from '../state/store.js';
import type { AbsenceRules } from './absence-rules.js';
import type { DiffCounts } from './diff-counts.js';
import { deletion } from './removals.js';

/** True for a record of a delta feed that marks a removal. */
export function isMarkedDeleted(record: unknown): boolean {
  return (record as { readonly deleted?: unknown }).deleted === true;
}

/**
 * The last record of each entity, in the order of their last mention: a feed may tell of an entity more than once, and what
 * comes later stands. It holds the whole feed, which is as long as what changed and not as the directory.
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
    // One file a chunk, for a chunk has one.
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

/** The deletions of those marked entities that Okta holds, or may hold, and that are not protected. */
export async function markedDeletions<E extends Entity>(
  entity: E,
  records: readonly RecordOf[E][],
  reading: Reading,
  rules: AbsenceRules,
  counts: DiffCounts,
): Promise<Change[]> {
  const keys = records.map((record) => keyOf(entity, record));
  const rows = await reading.held(entity, keys);
  const held = keys.filter((_, i) => rows[i] !== undefined);
  const deleted = held.filter((key) => !rules.isProtected(key));
  counts.read += keys.length;
  counts.deletes += deleted.length;
  counts.spared += held.length - deleted.length;
  // Gone already, or protected: nothing is to be done.
  counts.unchanged += keys.length - deleted.length;
  return deleted.map((key) => deletion(entity, key));
}
