import type { Chunk } from '../flow/chunk.js';
import { contextOf, flowOf, inContext, type Flow, type Source } from '../flow/flow.js';
import { systemClock, type Clock } from '../core/clock.js';
import { modeOf, type Modes } from '../core/mode.js';
import {
  ENTITIES,
  type Change,
  type Entity,
  type GroupRecord,
  type MembershipRecord,
  type RecordOf,
  type RemovedMembership,
  type RemovedRecord,
  type UserRecord,
} from '../core/model.js';
import type { CompleteFor } from '../diff/complete-for.js';
import { diff, type DiffOptions } from '../diff/diff.js';
import { doubtedReading } from '../diff/doubted-reading.js';
import { RememberedRefusals } from '../state/remembered-refusals.js';
import { Selection, type SelectionOptions } from '../diff/selection.js';
import { diffCountsOf } from '../diff/diff-counts.js';
import { UniqueLogins, type UniqueLoginsOptions } from '../diff/unique-logins.js';
import { GroupDeletions } from '../diff/group-deletions.js';
import type { AbsenceOptions } from '../diff/absence-rules.js';
import { validate } from '../validate/validate.js';
import type { ValidateOptions } from '../validate/validate-options.js';
import { pipe } from '../flow/pipe.js';
import type { RunContext } from '../flow/run-context.js';
import type { EntityReport } from '../core/results.js';
import type { EventSink } from '../events/events.js';
import type { Reading, StateStore } from '../state/store.js';
import { watchReading } from '../transform/watch-reading.js';
import { ReadingProgress } from './reading-progress.js';

/** The sources of a whole directory. An entity without a source is not changed in Okta. */
export interface DirectorySources {
  readonly users?: Source<UserRecord | RemovedRecord>;
  readonly groups?: Source<GroupRecord | RemovedRecord>;
  readonly memberships?: Source<MembershipRecord | RemovedMembership>;
}

/** Options that decide how a directory is read and compared. */
export interface DirectoryOptions extends DirectorySources {
  /** Options of `validate`, for each entity. */
  readonly validate?: {
    readonly users?: ValidateOptions;
    readonly groups?: ValidateOptions;
    readonly memberships?: ValidateOptions;
  };
  /** Attributes that are sent only when a user or group is created. See `diff`. @defaultValue none */
  readonly onCreate?: { readonly users?: readonly string[]; readonly groups?: readonly string[] };
  /**
   * Gives a user whose login (`userName`) another user has the next free form of it: `anna.berg2@example.com`, then
   * `anna.berg3@example.com`, up to 199. A user keeps its form while it is in the state, whatever the order of records and whoever
   * leaves. Files are then read without screening. An object names attributes that get the same number. @defaultValue `false`: the second of two
   * users with one login is rejected
   */
  readonly uniqueLogins?: boolean | UniqueLoginsOptions;
  /** See `diff`. @defaultValue `'reject'` */
  readonly onDuplicate?: DiffOptions['onDuplicate'];
  /**
   * Sends memberships in the same session as the users and groups they refer to, for one session less; Okta does
   * not promise the order in which one session is applied.
   * @defaultValue `false`
   */
  readonly mixed?: boolean;
  /** Decides when a missing entity is deleted, and which entities are never deleted: for all entities, or for one. See `diff`. */
  readonly absence?: AbsenceOptions & Readonly<Partial<Record<Entity, AbsenceOptions>>>;
  /**
   * `full`: the sources are the whole directory, and entities that are missing from them are removed. `delta`: the sources
   * are feeds of changes, and only records with `deleted: true` are removed. An object has the mode of each source:
   * `{ memberships: 'delta' }`.
   * @defaultValue `'full'`
   */
  readonly mode?: Modes;
  /** For memberships in mode `delta`: the members or groups of whom the feed has all memberships. See `diff`. @defaultValue none */
  readonly completeFor?: CompleteFor;
  /**
   * Doubts rows of the state: it is not known whether Okta still has these records. They are sent again, or deleted if they left
   * the source, even if the state has them as confirmed. `'all'`, `'users'`, `'groups'` and `'memberships'` stand for all of
   * them; every other text is the external id of a user or group, which doubts its memberships as well. A record with which
   * every session of an earlier run failed is sent again too. The guard does not count them as creations or updates. Not with a source in mode `delta`: a feed of changes does not contain them.
   */
  readonly resend?: readonly string[];
  /**
   * Recognises unchanged rows of files by their bytes, if the mapping is declared. See `diff`.
   * @defaultValue `true`
   */
  readonly screening?: boolean;
  /** @defaultValue the system's clock */
  readonly clock?: Clock;
}

/**
 * The differences of users, then groups, then memberships, in one flow with one context. It uses the public operators, and one
 * reading for all three. Deletions of groups come last, because a group is not deleted if one of its memberships stays.
 */
export function directoryChanges(
  options: DirectoryOptions & SelectionOptions & KnownLogins,
  state: StateStore,
  events: EventSink,
  context: RunContext,
  signal?: AbortSignal,
): Flow<Change> {
  return flowOf(() => changes(options, state, events, context, signal), context);
}

/** For sources that are compared with another state than their own. */
export interface KnownLogins {
  /** The state with the forms of logins. @defaultValue the state that is compared */
  readonly loginsOf?: StateStore;
}

async function* changes(
  options: DirectoryOptions & SelectionOptions & KnownLogins,
  state: StateStore,
  events: EventSink,
  context: RunContext,
  signal: AbortSignal | undefined,
): AsyncGenerator<Chunk<Change>, void, undefined> {
  const { resend = [], only, first } = options;
  context.resend = resend;
  const { ids } = await RememberedRefusals.load(state, (options.clock ?? systemClock).now());
  const reading = await doubtedReading(await state.read(), resend, ids);
  const { uniqueLogins = false, loginsOf } = options;
  let logins: Reading | undefined;
  try {
    if (uniqueLogins !== false) logins = await loginsOf?.read();
    const { fingerprintKey } = loginsOf ?? state;
    const follows = uniqueLogins === true ? {} : uniqueLogins;
    const unique =
      follows === false ? undefined : new UniqueLogins(logins ?? reading, fingerprintKey, reading, follows);
    const found = changesIn(reading, unique, options, state, events, context, signal);
    const isPart = only !== undefined || first !== undefined;
    yield* isPart ? new Selection(options, reading, context).of(found) : found;
  } finally {
    await logins?.close();
    await reading.close();
  }
}

async function* changesIn(
  reading: Reading,
  unique: UniqueLogins | undefined,
  options: DirectoryOptions,
  state: StateStore,
  events: EventSink,
  context: RunContext,
  signal: AbortSignal | undefined,
): AsyncGenerator<Chunk<Change>, void, undefined> {
  const groupDeletions = new GroupDeletions();
  for (const entity of ENTITIES) {
    if (options[entity] === undefined) continue;
    const source = pipe(options[entity] as Source<RecordOf[Entity]>);
    const uniqueOf = entity === 'users' ? unique : undefined;
    const chunks = entityChanges(
      entity,
      source,
      uniqueOf,
      options,
      state,
      reading,
      events,
      context,
      signal,
    ).chunks();
    if (entity === 'groups') for await (const chunk of chunks) yield groupDeletions.keepBack(chunk);
    else yield* chunks;
    const { sourceFiles, blankRows, sourceLookups } = contextOf(source);
    context.blank.set(entity, blankRows);
    if (sourceFiles !== undefined && modeOf(options.mode, entity) === 'full')
      context.files.set(entity, sourceFiles);
    for (const [name, files] of sourceLookups)
      if (!context.lookups.has(name)) context.lookups.set(name, { entity, files });
    if (entity !== 'memberships' && modeOf(options.mode, entity) === 'full')
      context.leftOut.set(entity, context.leftOutByCondition(entity));
    const { read, rejected } = entityReport(context, entity);
    events.emit({ type: 'source:end', entity, read, rejected });
  }
  yield* groupDeletions.release(reading, context);
}

function entityChanges<E extends Entity>(
  entity: E,
  source: Flow<RecordOf[E]>,
  unique: UniqueLogins | undefined,
  options: DirectoryOptions,
  state: StateStore,
  reading: Reading,
  events: EventSink,
  context: RunContext,
  signal: AbortSignal | undefined,
): Flow<Change> {
  const { onDuplicate, mixed, screening, clock } = options;
  const mode = modeOf(options.mode, entity);
  return pipe(
    inContext(source, context),
    watchReading<RecordOf[E]>(new ReadingProgress(entity, events, signal).add, signal),
    (records) => unique?.of(records) ?? records,
    validate(entity, validateOptions(options, entity)),
    diff(entity, state, {
      reading,
      ...(onDuplicate && { onDuplicate }),
      ...(mixed !== undefined && { mixed }),
      mode,
      onCreate: onCreateOf(options, entity),
      ...(entity === 'memberships' && options.completeFor && { completeFor: options.completeFor }),
      ...(screening !== undefined && { screening }),
      ...(clock && { clock }),
      absence: absenceOf(options, entity),
    }),
  );
}

/** The options of `validate` for one entity. What is sent at the creation only is never cleared. */
function validateOptions(options: DirectoryOptions, entity: Entity): ValidateOptions {
  const given = options.validate?.[entity];
  const neverClear = [...(given?.neverClear ?? []), ...onCreateOf(options, entity)];
  return { ...given, neverClear, mode: modeOf(options.mode, entity) };
}

function onCreateOf({ onCreate }: DirectoryOptions, entity: Entity): readonly string[] {
  return entity === 'memberships' ? [] : (onCreate?.[entity] ?? []);
}

/** The option `absence` for one entity. */
export function absenceOf(options: DirectoryOptions, entity: Entity): AbsenceOptions {
  const { users: _users, groups: _groups, memberships: _memberships, ...common } = options.absence ?? {};
  return { ...common, ...options.absence?.[entity] };
}

/** The report of an entity, from the counts of its stages. */
export function entityReport(context: RunContext, entity: Entity): EntityReport {
  const { read, rejected, leftOut } = context.counts(entity);
  const counts = diffCountsOf(context, entity);
  return {
    read,
    unchanged: counts?.unchanged ?? 0,
    creates: counts?.creates ?? 0,
    resends: counts?.resends ?? 0,
    updates: counts?.updates ?? 0,
    deletes: counts?.deletes ?? 0,
    rejected,
    heldBackDeletes: counts?.heldBack ?? 0,
    sparedDeletes: counts?.spared ?? 0,
    leftOut,
    refusedBefore: counts?.refused ?? 0,
    excluded: counts?.excluded ?? 0,
    superseded: counts?.superseded ?? 0,
    blank: context.blank.get(entity) ?? 0,
    unsent: context.selection?.unsent[entity] ?? 0,
  };
}

/** The reports of every entity that has a source. */
export function sourceReports(
  options: DirectorySources,
  context: RunContext,
): Partial<Record<Entity, EntityReport>> {
  const reports: Partial<Record<Entity, EntityReport>> = {};
  for (const entity of ENTITIES)
    if (options[entity] !== undefined) reports[entity] = entityReport(context, entity);
  return reports;
}
