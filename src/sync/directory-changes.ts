import { throwIfAborted } from '../core/clock.js';
import { contextOf, flowOf, type Flow, type Source } from '../flow/flow.js';
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
import { diff, type DiffOptions } from '../diff/diff.js';
import { diffNoteOf } from '../diff/diff-counts.js';
import type { AbsenceOptions } from '../diff/absence-rules.js';
import { validate } from '../validate/validate.js';
import type { ValidateOptions } from '../validate/validate-options.js';
import { pipe } from '../flow/pipe.js';
import { screenedOf, withScreened, type OpenScreened } from '../screening/screening.js';
import { RunContext } from '../flow/run-context.js';
import type { EntityReport } from '../core/results.js';
import type { EventSink } from '../events/events.js';
import type { Reading, StateStore } from '../state/store.js';
import { untilAborted } from '../flow/until-aborted.js';

/** The sources of a whole directory. An entity without a source is left alone. */
export interface DirectorySources {
  readonly users?: Source<UserRecord | RemovedRecord>;
  readonly groups?: Source<GroupRecord | RemovedRecord>;
  readonly memberships?: Source<MembershipRecord | RemovedMembership>;
}

/** How a directory is read and compared. */
export interface DirectoryOptions extends DirectorySources {
  /** Options of `validate`, for each entity. */
  readonly validate?: {
    readonly users?: ValidateOptions;
    readonly groups?: ValidateOptions;
    readonly memberships?: ValidateOptions;
  };
  /** See `diff`. @defaultValue `'reject'` */
  readonly onDuplicate?: DiffOptions['onDuplicate'];
  /**
   * Sends memberships in the same session as the users and groups they refer to, for one session less; Okta does
   * not promise the order in which one session is applied.
   * @defaultValue `false`
   */
  readonly mixed?: boolean;
  /** When a missing entity is deleted, and which never are: for all entities, or for one. See `diff`. */
  readonly absence?: AbsenceOptions & Readonly<Partial<Record<Entity, AbsenceOptions>>>;
  /**
   * `full`: the sources are the whole directory, and what is missing from them is removed. `delta`: they are feeds of
   * changes, and only records marked `deleted: true` are.
   * @defaultValue `'full'`
   */
  readonly mode?: 'full' | 'delta';
  /**
   * Recognises unchanged rows of files by their bytes, where a mapping is declared. See `diff`.
   * @defaultValue `true`
   */
  readonly screening?: boolean;
}

/** Records between two progress events. */
const PROGRESS_STEP = 10_000;

/**
 * The differences of users, then groups, then memberships, in one flow with one context: written with the public
 * operators, over a reading that the three share.
 */
export function directoryChanges(
  options: DirectoryOptions,
  state: StateStore,
  events: EventSink,
  context: RunContext,
  signal?: AbortSignal,
): Flow<Change> {
  return flowOf(() => changes(options, state, events, context, signal), context);
}

async function* changes(
  options: DirectoryOptions,
  state: StateStore,
  events: EventSink,
  context: RunContext,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly Change[], void, undefined> {
  const reading = await state.read();
  try {
    for (const entity of ENTITIES) {
      if (options[entity] === undefined) continue;
      yield* entityChanges(entity, options, state, reading, events, context, signal).chunks();
      const { read, rejected } = entityReport(context, entity);
      events.emit({ type: 'source:end', entity, read, rejected });
    }
  } finally {
    await reading.close();
  }
}

function entityChanges<E extends Entity>(
  entity: E,
  options: DirectoryOptions,
  state: StateStore,
  reading: Reading,
  events: EventSink,
  context: RunContext,
  signal: AbortSignal | undefined,
): Flow<Change> {
  const source = pipe(options[entity] as Source<RecordOf[E]>);
  const { onDuplicate, mixed, mode, screening } = options;
  const { users: _users, groups: _groups, memberships: _memberships, ...absence } = options.absence ?? {};
  return pipe(
    inContext(source, context),
    progress<RecordOf[E]>(entity, events, signal),
    validate(entity, { ...options.validate?.[entity], ...(mode && { mode }) }),
    diff(entity, state, {
      reading,
      ...(onDuplicate && { onDuplicate }),
      ...(mixed !== undefined && { mixed }),
      ...(mode && { mode }),
      ...(screening !== undefined && { screening }),
      absence: { ...absence, ...options.absence?.[entity] },
    }),
  );
}

/** The same flow in another context, so that the three entities share one; what its own rejects reaches both. */
function inContext<T>(source: Flow<T>, context: RunContext): Flow<T> {
  contextOf(source).forwardTo(context);
  return withScreened(
    flowOf(() => source.chunks(), context),
    screenedOf<T>(source),
  );
}

/** Tells how the reading goes on, and ends it when the run is aborted. */
function progress<T>(
  entity: Entity,
  events: EventSink,
  signal: AbortSignal | undefined,
): (source: Flow<T>) => Flow<T> {
  return (source) => {
    const open = screenedOf<T>(source);
    const screened: OpenScreened<T> = (request) => {
      const told = new ReadingProgress(entity, events, signal);
      const onUnchanged = [...request.onUnchanged, (rows: number) => told.add(rows)];
      const rows = open?.({ ...request, onUnchanged });
      return rows && counted(rows, told, signal);
    };
    return withScreened(
      flowOf(
        () => counted(source.chunks(), new ReadingProgress(entity, events, signal), signal),
        contextOf(source),
      ),
      open && screened,
    );
  };
}

async function* counted<T>(
  chunks: AsyncIterable<readonly T[]>,
  progress: ReadingProgress,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly T[], void, undefined> {
  for await (const chunk of untilAborted(chunks, signal)) {
    progress.add(chunk.length);
    yield chunk;
  }
}

/** Counts what was read, and tells it now and then. */
class ReadingProgress {
  #read = 0;
  #told = 0;

  constructor(
    private readonly entity: Entity,
    private readonly events: EventSink,
    private readonly signal: AbortSignal | undefined,
  ) {}

  add(records: number): void {
    throwIfAborted(this.signal);
    this.#read += records;
    if (this.#read - this.#told < PROGRESS_STEP) return;
    this.#told = this.#read;
    this.events.emit({ type: 'source:progress', entity: this.entity, read: this.#read });
  }
}

/** What an entity's source came to, from the notes of its stages. */
export function entityReport(context: RunContext, entity: Entity): EntityReport {
  const { read, rejected } = context.counts(entity);
  const note = diffNoteOf(context, entity);
  return {
    read,
    unchanged: note?.unchanged ?? 0,
    creates: note?.creates ?? 0,
    updates: note?.updates ?? 0,
    deletes: note?.deletes ?? 0,
    rejected,
    heldBackDeletes: note?.heldBack ?? 0,
    sparedDeletes: note?.spared ?? 0,
    excluded: note?.excluded ?? 0,
    superseded: note?.superseded ?? 0,
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
