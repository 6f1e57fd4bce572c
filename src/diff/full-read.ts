import { withoutPlaces, type Chunk } from '../flow/chunk.js';
import { splitMembershipKey, type Change, type Entity, type RecordOf } from '../core/model.js';
import { screenedOf } from '../screening/screening.js';
import { FileOverlaps } from './file-overlaps.js';
import type { Reading, WholeComparison } from '../state/store.js';
import { ComparisonAtOnce } from './compare-at-once.js';
import type { DiffCounts } from './diff-counts.js';
import type { IdChangeFinder } from './id-changes.js';
import { removedReferences } from './membership-references.js';
import { withoutExcluded, type Read } from './read.js';
import { removals } from './removals.js';
import { runReferences } from './run-references.js';

/** The changes of a complete read. Removals come after its end. */
export async function* fullDifferences<E extends Entity>(
  read: Read<E>,
): AsyncGenerator<Chunk<Change>, void, undefined> {
  const { entity, source, state, reading, comparer, rules, clock, context, counts } = read;
  if (rules.excludes) context.excluded.set(entity, (key) => rules.isExcluded(key));
  if (entity === 'memberships') comparer.memberships.removed = await removedReferences(reading);
  const overlaps = (comparer.overlaps = new FileOverlaps(state.fingerprintKey));
  const rows = screened(read, overlaps);
  const comparison = rows === undefined ? reading.compareAll?.(entity) : undefined;
  if (comparison === undefined) yield* comparedEach(read, rows ?? source.chunks());
  else yield* comparedAtOnce(read, comparison, withoutUnchanged(read, comparison) ?? source.chunks());
  overlaps.check(entity);
  if (context.sourceFiles !== undefined) context.files.set(entity, context.sourceFiles);
  if (counts.idChanges?.hasArrivals) await addMissing(counts.idChanges, reading);
  const onKept = (key: string) => {
    keepGroupOf(read, key);
    keepLeftOut(read, key);
  };
  if (context.counts(entity).unidentified > 0) {
    for await (const keys of reading.missing(entity)) {
      counts.heldBack += keys.length;
      keys.forEach(onKept);
    }
    return;
  }
  yield* removals(entity, reading, state, rules, clock.now(), context, counts, onKept);
}

/** The creations and updates, found while the source is read. */
async function* comparedEach<E extends Entity>(
  read: Read<E>,
  chunks: AsyncIterable<Chunk<RecordOf[E]>>,
): AsyncGenerator<Chunk<Change>, void, undefined> {
  const { entity, comparer, context } = read;
  for await (const chunk of chunks) {
    await comparer.reserve(context.drainRejectedKeys(entity));
    const changes = await comparer.compare(withoutExcluded(read, chunk));
    if (changes.length > 0) yield withoutPlaces(changes);
  }
  await comparer.reserve(context.drainRejectedKeys(entity));
}

/** The creations and updates, found at the end of the source. */
async function* comparedAtOnce<E extends Entity>(
  read: Read<E>,
  comparison: WholeComparison,
  input: AsyncIterable<Chunk<RecordOf[E]>>,
): AsyncGenerator<Chunk<Change>, void, undefined> {
  const { entity, comparer, context } = read;
  const records = await ComparisonAtOnce.open(read, comparison);
  try {
    for await (const chunk of input) {
      await comparer.reserve(context.drainRejectedKeys(entity));
      await records.add(withoutExcluded(read, chunk));
    }
    await comparer.reserve(context.drainRejectedKeys(entity));
    for await (const changes of records.changes()) if (changes.length > 0) yield withoutPlaces(changes);
  } finally {
    await records.close();
  }
}

/** The source without its unchanged rows; undefined if they cannot be recognised by their bytes. */
function screened<E extends Entity>(
  read: Read<E>,
  overlaps: FileOverlaps,
): AsyncIterable<Chunk<RecordOf[E]>> | undefined {
  const { entity, source, state, reading, comparer, rules, screening, counts } = read;
  if (screening === undefined || rules.excludes) return undefined;
  const open = screenedOf<RecordOf[E]>(source);
  const digests = reading.digests(entity);
  if (open === undefined || digests === undefined) return undefined;
  const { fingerprintKey: key } = state;
  const changed = comparer.memberships.changedReferences;
  const options = { entity, key, digests, changed };
  return open({
    entity,
    onUnchanged: [(rows) => addUnchanged(counts, rows)],
    onSeen: (first, second, file, line) => overlaps.addScreened(first, second, file, line),
    open: (shape, threads) => screening.open(options, shape, threads),
  });
}

/** The source without the rows that the database of the state recognised as unchanged; undefined if it is elsewhere. */
function withoutUnchanged<E extends Entity>(
  { entity, source, comparer, rules, screening, counts }: Read<E>,
  comparison: WholeComparison,
): AsyncIterable<Chunk<RecordOf[E]>> | undefined {
  if (screening === undefined || rules.excludes) return undefined;
  return screenedOf<RecordOf[E]>(source)?.({
    entity,
    onUnchanged: [(rows) => addUnchanged(counts, rows)],
    comparison,
    changed: comparer.memberships.changedReferences,
  });
}

function addUnchanged(counts: DiffCounts, rows: number): void {
  counts.read += rows;
  counts.unchanged += rows;
}

/** Adds everybody who is missing, whether they are removed or not. */
async function addMissing(idChanges: IdChangeFinder, reading: Reading): Promise<void> {
  for await (const keys of reading.missing('users')) idChanges.addMissing(keys);
}

/** If a membership of a removed group must not be deleted, marks the group as kept. */
function keepGroupOf<E extends Entity>({ entity, comparer, reading }: Read<E>, key: string): void {
  const { removed } = comparer.memberships;
  if (entity !== 'memberships' || removed === undefined || removed.groups.size === 0) return;
  const { groupExternalId } = splitMembershipKey(key);
  if (removed.groups.has(groupExternalId)) runReferences(reading).keptGroups.add(groupExternalId);
}

/** If a user or group that a condition leaves out must not be deleted yet, marks it as left out. */
function keepLeftOut(
  { entity, reading, context }: Pick<Read<Entity>, 'entity' | 'reading' | 'context'>,
  key: string,
): void {
  if (entity !== 'memberships' && context.isLeftOutByCondition(entity, key))
    runReferences(reading).leftOut[entity].add(key);
}
