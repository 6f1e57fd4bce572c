import { pick, withoutPlaces, type Chunk } from '../flow/chunk.js';
import { contextOf, flowOf, type Flow, type Operator } from '../flow/flow.js';
import { screenedOf, screeningFor, type Screening } from '../screening/screening.js';
import {
  keyOf,
  splitMembershipKey,
  type Change,
  type Entity,
  type RecordOf,
  type Valid,
} from '../core/model.js';
import { systemClock, type Clock } from '../core/clock.js';
import { refuseUnknown, requireBoolean, requireOneOf } from '../core/check-options.js';
import type { RunContext } from '../flow/run-context.js';
import { AttributeFingerprints } from '../fingerprints/attribute-fingerprints.js';
import { createDigester } from '../fingerprints/digests.js';
import type { Reading, StateStore } from '../state/store.js';
import { AbsenceRules, type AbsenceOptions } from './absence-rules.js';
import { Comparer } from './comparer.js';
import { isMarkedDeleted, lastOfEach, markedDeletions } from './delta-feed.js';
import { openDiffCounts, type DiffCounts, type OutOfReach } from './diff-counts.js';
import { removedReferences } from './membership-references.js';
import { removals } from './removals.js';
import { IdChangeFinder } from './id-changes.js';
import { runReferences } from './run-references.js';
import { named } from '../flow/stage-order.js';

/** Options of {@link diff}. */
export interface DiffOptions {
  /**
   * For a second record with the same key in one read: `reject` rejects it, `fail` ends the run with `ERR_ROLLCALL_RECORD`.
   * @defaultValue `'reject'`
   */
  readonly onDuplicate?: 'reject' | 'fail';
  /**
   * Sends memberships in the same session as new users and groups to which they refer. Okta does not document the order in
   * which it applies a session, so a membership may come before its user or group.
   * @defaultValue `false`
   */
  readonly mixed?: boolean;
  /** When a missing entity is deleted, and which entities never are. Reads are counted by a sink that reaches its end. */
  readonly absence?: AbsenceOptions;
  /**
   * `full`: the source is the whole directory; entities that are missing from it are removed. `delta`: the source is a feed of
   * changes; only records marked `deleted: true` are removed.
   * @defaultValue `'full'`
   */
  readonly mode?: 'full' | 'delta';
  /**
   * Recognises unchanged rows of `fromCsv` and `fromJsonLines` by their bytes, before they are parsed, if the function of `map`
   * declares its mapping (`userFrom`, `toUser` and the like). It makes a run faster and changes no result. The environment
   * variable `ROLLCALL_SCREENING=off` turns it off too.
   * @defaultValue `true`
   */
  readonly screening?: boolean;
  /**
   * A reading that the diffs of several entities share, so that memberships are checked against the users and groups of the
   * same run. `diff` does not close it. @defaultValue a new reading, which `diff` closes
   */
  readonly reading?: Reading;
  /** The clock for `absence`. @defaultValue the system's clock */
  readonly clock?: Clock;
}

const KNOWN_OPTIONS = ['onDuplicate', 'mixed', 'absence', 'mode', 'screening', 'reading', 'clock'];

/**
 * Compares records with the *baseline* (the last state that Okta confirmed) and emits only the differences: creations and
 * updates while the source is read, removals after its end.
 *
 * If the source fails, no removal is emitted. A record that `validate` rejected counts as present, so its entity is not
 * removed. If a record has no valid id, no entity of its kind is removed. You may put your own stages between `validate` and
 * `diff` in one `pipe`.
 *
 * @throws {@link OptionsError} for invalid options; {@link RecordError} while reading, with `onDuplicate: 'fail'`.
 */
export function diff<E extends Entity>(
  entity: E,
  state: StateStore,
  options: DiffOptions = {},
): Operator<Valid<E>, Change> {
  requireOneOf('entity', entity, ['users', 'groups', 'memberships']);
  refuseUnknown('diff', options, KNOWN_OPTIONS);
  requireOneOf('onDuplicate', options.onDuplicate ?? 'reject', ['reject', 'fail']);
  requireOneOf('mode', options.mode ?? 'full', ['full', 'delta']);
  requireBoolean('screening', options.screening ?? true);
  const rules = new AbsenceRules(entity, options.absence ?? {});
  return named('diff', (source) => {
    const context = contextOf(source);
    return flowOf(() => differences(entity, state, options, rules, source, context), context);
  });
}

async function* differences<E extends Entity>(
  entity: E,
  state: StateStore,
  options: DiffOptions,
  rules: AbsenceRules,
  source: Flow<RecordOf[E]>,
  context: RunContext,
): AsyncGenerator<Chunk<Change>, void, undefined> {
  const counts = openDiffCounts(context, entity);
  const { clock = systemClock } = options;
  const screening = screeningFor(options.screening);
  const key = state.fingerprintKey;
  const reading = options.reading ?? (await state.read());
  try {
    if (rules.reserves) counts.outOfReach = await outOfReach(entity, state, rules);
    const comparer = new Comparer(
      entity,
      reading,
      createDigester(key, screening?.hasher(key)),
      new AttributeFingerprints(key),
      options,
      context,
      counts,
    );
    const { users, memberships } = await state.counts();
    if (entity === 'users' && users.known > 0) counts.idChanges = new IdChangeFinder();
    // The created users and groups are needed only if the baseline contains memberships.
    if (memberships.known > 0) comparer.created = runReferences(reading).created;
    if (options.mode === 'delta') {
      yield* deltaDifferences(entity, comparer, reading, rules, source, counts);
      return;
    }
    if (rules.excludes) context.excluded.set(entity, (key) => rules.isExcluded(key));
    if (entity === 'memberships') comparer.removed = await removedReferences(reading);
    const screened =
      screening && !rules.excludes
        ? openScreened(entity, source, screening, reading, comparer, counts, state)
        : undefined;
    for await (const chunk of screened ?? source.chunks()) {
      await comparer.reserve(context.drainRejectedKeys(entity));
      const changes = await comparer.compare(withoutExcluded(entity, chunk, rules, counts));
      if (changes.length > 0) yield withoutPlaces(changes);
    }
    await comparer.reserve(context.drainRejectedKeys(entity));
    if (counts.idChanges?.hasArrivals) await addMissing(counts.idChanges, reading);
    const onKept = (key: string) => keepGroupOf(entity, key, comparer, reading);
    if (context.counts(entity).unidentified > 0) {
      for await (const keys of reading.missing(entity)) {
        counts.heldBack += keys.length;
        keys.forEach(onKept);
      }
      return;
    }
    yield* removals(entity, reading, state, rules, clock.now(), context, counts, onKept);
  } finally {
    if (options.reading === undefined) await reading.close();
  }
}

/** Adds everybody who is missing, whether they are removed or not. */
async function addMissing(idChanges: IdChangeFinder, reading: Reading): Promise<void> {
  for await (const keys of reading.missing('users'))
    idChanges.addMissing(keys, await reading.held('users', keys));
}

/** If a membership of a removed group must not be deleted, marks the group as kept. */
function keepGroupOf<E extends Entity>(
  entity: E,
  key: string,
  { removed }: Comparer<E>,
  reading: Reading,
): void {
  if (entity !== 'memberships' || removed === undefined || removed.groups.size === 0) return;
  const { groupExternalId } = splitMembershipKey(key);
  if (removed.groups.has(groupExternalId)) runReferences(reading).keptGroups.add(groupExternalId);
}

/** The entities of the baseline that no record of the source could delete or update. */
async function outOfReach(entity: Entity, state: StateStore, rules: AbsenceRules): Promise<OutOfReach> {
  const reach = { deletes: 0, updates: 0 };
  for await (const rows of state.rows(entity)) {
    for (const { key } of rows) {
      if (rules.isUndeletable(key)) reach.deletes++;
      if (rules.isExcluded(key)) reach.updates++;
    }
  }
  return reach;
}

/** The source without its unchanged rows; undefined if they cannot be recognised by their bytes. */
function openScreened<E extends Entity>(
  entity: E,
  source: Flow<RecordOf[E]>,
  screening: Screening,
  reading: Reading,
  { changedReferences: changed }: Comparer<E>,
  counts: DiffCounts,
  { fingerprintKey: key }: StateStore,
): AsyncIterable<Chunk<RecordOf[E]>> | undefined {
  const open = screenedOf<RecordOf[E]>(source);
  const digests = reading.digests(entity);
  if (open === undefined || digests === undefined) return undefined;
  const options = { entity, key, digests, changed };
  const onUnchanged = (rows: number) => {
    counts.read += rows;
    counts.unchanged += rows;
  };
  return open({
    entity,
    onUnchanged: [onUnchanged],
    open: (shape, threads) => screening.open(options, shape, threads),
  });
}

/** The changes of a delta feed: it removes only records that are marked as deleted. */
async function* deltaDifferences<E extends Entity>(
  entity: E,
  comparer: Comparer<E>,
  reading: Reading,
  rules: AbsenceRules,
  source: Flow<RecordOf[E]>,
  counts: DiffCounts,
): AsyncGenerator<Chunk<Change>, void, undefined> {
  const removed = runReferences(reading).removedByFeed;
  if (entity === 'memberships') comparer.removed = removed;
  for await (const chunk of lastOfEach(entity, source, counts)) {
    const inScope = withoutExcluded(entity, chunk, rules, counts);
    const marked = inScope.filter(isMarkedDeleted);
    const unmarked = Array.from(inScope.keys()).filter((i) => !isMarkedDeleted(inScope[i]));
    const upserts = marked.length === 0 ? inScope : pick(inScope, unmarked);
    const changes = await comparer.compare(upserts);
    const deletions = await markedDeletions(entity, marked, reading, rules, counts);
    const ids = entity === 'users' ? removed.users : entity === 'groups' ? removed.groups : undefined;
    for (const { key } of deletions) ids?.add(key);
    const all = [...changes, ...deletions];
    if (all.length > 0) yield withoutPlaces(all);
  }
}

/** The records that are in scope; the same chunk if all are. */
function withoutExcluded<E extends Entity>(
  entity: E,
  chunk: Chunk<RecordOf[E]>,
  rules: AbsenceRules,
  counts: DiffCounts,
): Chunk<RecordOf[E]> {
  if (!rules.excludes) return chunk;
  const kept = Array.from(chunk.keys()).filter(
    (i) => !rules.isExcluded(keyOf(entity, chunk[i] as RecordOf[E])),
  );
  if (kept.length === chunk.length) return chunk;
  counts.excluded += chunk.length - kept.length;
  counts.read += chunk.length - kept.length;
  return pick(chunk, kept);
}
