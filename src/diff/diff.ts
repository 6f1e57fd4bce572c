import { pickPlaces, placesOf, withPlaces } from '../flow/chunk.js';
import { OptionsError } from '../core/errors.js';
import { contextOf, flowOf, type Flow, type Operator } from '../flow/flow.js';
import { kernelHasher } from '../screening/kernel/kernel-hasher.js';
import { createRowScreen } from '../screening/kernel/row-screen.js';
import { keyOf, type Change, type Entity, type RecordOf } from '../core/model.js';
import { refuseUnknown, requireOneOf } from '../core/check-options.js';
import { screenedOf } from '../screening/screen.js';
import type { RunContext } from '../flow/run-context.js';
import { AttributeFingerprints } from '../fingerprints/attribute-fingerprints.js';
import { createDigester } from '../fingerprints/digests.js';
import type { Reading, StateStore } from '../state/store.js';
import { AbsenceRules, type AbsenceOptions } from './absence-rules.js';
import { Comparer } from './comparer.js';
import { isMarkedDeleted, lastOfEach, markedDeletions } from './delta-feed.js';
import { diffNote, type DiffNote } from './diff-counts.js';
import { removedReferences } from './membership-references.js';
import { removals } from './removals.js';

/** Options of {@link diff}. */
export interface DiffOptions {
  /**
   * What becomes of a record whose key came before in the same read: `reject` refuses the second, `fail` ends the
   * run with `ERR_ROLLCALL_RECORD`.
   * @defaultValue `'reject'`
   */
  readonly onDuplicate?: 'reject' | 'fail';
  /**
   * Sends memberships in the same session as the users and groups they refer to, though Okta does not promise the
   * order in which a session is applied.
   * @defaultValue `false`
   */
  readonly mixed?: boolean;
  /** When a missing entity is deleted, and which never are. Counting reads needs a sink that reaches its end. */
  readonly absence?: AbsenceOptions;
  /**
   * `full`: the source is the whole directory, and what is missing from it is removed. `delta`: it is a feed of changes,
   * and only records marked `deleted: true` are.
   * @defaultValue `'full'`
   */
  readonly mode?: 'full' | 'delta';
  /**
   * Compares rows of `fromCsv` or `fromJsonLines` as the bytes they are, before they are parsed: about the cost of reading the
   * file. For sources that write an unchanged record as the same bytes every time. `version` names the mapping: with
   * another one, as with another header, every row counts as changed. What `map` and `validate` say of a row that
   * was confirmed is not asked again.
   */
  readonly rawRows?: { readonly version: string };
  /**
   * A reading that the diffs of several entities share, so that memberships know the users and groups of the same
   * run. It stays open; without it `diff` opens one of its own and closes it.
   */
  readonly reading?: Reading;
}

const KNOWN_OPTIONS = ['onDuplicate', 'mixed', 'absence', 'mode', 'rawRows', 'reading'];

/**
 * Compares records with what Okta was last *confirmed* to hold, and emits only the differences: creations and
 * updates as they are read, removals once the source was read to its end.
 *
 * A source that fails emits no removal. A record that `validate` rejected is not taken for a removed one, and a
 * record that could not be identified holds back all removals of its entity. Stages written by hand may stand
 * between `validate` and `diff` inside one `pipe`.
 *
 * @throws {@link OptionsError} at once for bad options; {@link RecordError} while reading with `onDuplicate: 'fail'`.
 */
export function diff<E extends Entity>(
  entity: E,
  state: StateStore,
  options: DiffOptions = {},
): Operator<RecordOf[E], Change> {
  requireOneOf('entity', entity, ['users', 'groups', 'memberships']);
  refuseUnknown('diff', options, KNOWN_OPTIONS);
  requireOneOf('onDuplicate', options.onDuplicate ?? 'reject', ['reject', 'fail']);
  requireOneOf('mode', options.mode ?? 'full', ['full', 'delta']);
  if (
    options.rawRows !== undefined &&
    (typeof options.rawRows.version !== 'string' || options.mode === 'delta')
  )
    throw new OptionsError('rawRows', "expected { version: string }, and mode 'full'");
  const rules = new AbsenceRules(entity, options.absence ?? {});
  return (source) => {
    const context = contextOf(source);
    return flowOf(() => differences(entity, state, options, rules, source, context), context);
  };
}

async function* differences<E extends Entity>(
  entity: E,
  state: StateStore,
  options: DiffOptions,
  rules: AbsenceRules,
  source: Flow<RecordOf[E]>,
  context: RunContext,
): AsyncGenerator<readonly Change[], void, undefined> {
  const note = diffNote(context, entity);
  const reading = options.reading ?? (await state.read());
  try {
    const comparer = new Comparer(
      entity,
      reading,
      createDigester(state.fingerprintKey, kernelHasher(state.fingerprintKey)),
      new AttributeFingerprints(state.fingerprintKey),
      options,
      context,
      note,
    );
    if (options.mode === 'delta') {
      yield* deltaDifferences(entity, comparer, reading, rules, source, context, note);
      return;
    }
    if (entity === 'memberships') comparer.removed = await removedReferences(reading);
    const screened = openScreened(entity, source, options, rules, reading, comparer, note, state);
    for await (const chunk of screened ?? source.chunks()) {
      const changes = await comparer.compare(withoutExcluded(entity, chunk, rules, note));
      await reading.keep(entity, context.takeRejectedKeys(entity));
      if (changes.length > 0) yield changes;
    }
    await reading.keep(entity, context.takeRejectedKeys(entity));
    if (context.counts(entity).unidentified > 0) {
      for await (const keys of reading.missing(entity)) note.heldBack += keys.length;
      return;
    }
    yield* removals(entity, reading, state, rules, context, note);
  } finally {
    if (options.reading === undefined) await reading.close();
  }
}

/** The source with those rows left out that are surely unchanged, where that can be told from their bytes. */
function openScreened<E extends Entity>(
  entity: E,
  source: Flow<RecordOf[E]>,
  options: DiffOptions,
  rules: AbsenceRules,
  reading: Reading,
  { removed }: Comparer<E>,
  note: DiffNote,
  { fingerprintKey: key }: StateStore,
): AsyncIterable<readonly RecordOf[E][]> | undefined {
  const raw = options.rawRows && { salt: JSON.stringify([entity, options.rawRows.version]) };
  const removes = removed !== undefined && (removed.users.size > 0 || removed.groups.size > 0);
  // The bytes of a membership do not tell whom it names, and those of a removed user or group are to be refused.
  const table = raw !== undefined && removes ? undefined : reading.settled?.(entity);
  const open = screenedOf<RecordOf[E]>(source);
  const isPlain = !rules.excludes && (table !== undefined || raw !== undefined);
  const screened = isPlain
    ? open?.({
        entity,
        raw,
        onSettled: [
          (rows) => {
            note.read += rows;
            note.unchanged += rows;
          },
        ],
        open: (shape, threads) => createRowScreen({ entity, key, table, raw, removed }, shape, threads),
      })
    : undefined;
  if (screened === undefined && raw !== undefined)
    throw new OptionsError(
      'rawRows',
      'takes rows of fromCsv or fromJsonLines with nothing but map and validate before diff, and no exclusions',
    );
  return screened;
}

/** Of a delta feed only what is marked is removed; what it does not mention stays. */
async function* deltaDifferences<E extends Entity>(
  entity: E,
  comparer: Comparer<E>,
  reading: Reading,
  rules: AbsenceRules,
  source: Flow<RecordOf[E]>,
  context: RunContext,
  note: DiffNote,
): AsyncGenerator<readonly Change[], void, undefined> {
  const removed = removedByDelta(context);
  if (entity === 'memberships') comparer.removed = removed;
  for await (const chunk of lastOfEach(entity, source, note)) {
    const inScope = withoutExcluded(entity, chunk, rules, note);
    const marked = inScope.filter(isMarkedDeleted);
    const upserts =
      marked.length === 0
        ? inScope
        : withPlaces(
            inScope.filter((record) => !isMarkedDeleted(record)),
            pickPlaces(
              placesOf(inScope),
              Array.from(inScope.keys()).filter((i) => !isMarkedDeleted(inScope[i])),
            ),
          );
    const changes = await comparer.compare(upserts);
    const deletions = await markedDeletions(entity, marked, reading, rules, note);
    const gone = entity === 'users' ? removed.users : entity === 'groups' ? removed.groups : undefined;
    for (const { key } of deletions) gone?.add(key);
    const all = [...changes, ...deletions];
    if (all.length > 0) yield all;
  }
}

const REMOVED_BY_DELTA = new WeakMap<RunContext, { users: Set<string>; groups: Set<string> }>();

/** Users and groups that this run's delta feeds removed, for the memberships that come after them. */
function removedByDelta(context: RunContext): { users: Set<string>; groups: Set<string> } {
  let removed = REMOVED_BY_DELTA.get(context);
  if (removed === undefined)
    REMOVED_BY_DELTA.set(context, (removed = { users: new Set(), groups: new Set() }));
  return removed;
}

/** The records that are in scope; the very chunk where all are. */
function withoutExcluded<E extends Entity>(
  entity: E,
  chunk: readonly RecordOf[E][],
  rules: AbsenceRules,
  note: DiffNote,
): readonly RecordOf[E][] {
  if (!rules.excludes) return chunk;
  const kept = Array.from(chunk.keys()).filter(
    (i) => !rules.isExcluded(keyOf(entity, chunk[i] as RecordOf[E])),
  );
  if (kept.length === chunk.length) return chunk;
  note.excluded += chunk.length - kept.length;
  note.read += chunk.length - kept.length;
  return withPlaces(
    kept.map((i) => chunk[i] as RecordOf[E]),
    pickPlaces(placesOf(chunk), kept),
  );
}
