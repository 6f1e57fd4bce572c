import type { Observable } from 'rxjs';
import { throwIfAborted } from '../core/clock.js';
import { directoryChanges, sourceReports, type DirectoryOptions } from './directory-changes.js';
import { GuardError, OptionsError } from '../core/errors.js';
import {
  type GuardTrip,
  type PlanSummary,
  type UploadReport,
  changesOf,
  type Plan,
  type SyncReport,
} from '../core/results.js';
import { EventHub, silent, type SyncEvent } from '../events/events.js';
import { ENTITIES, type Change } from '../core/model.js';
import { contextOf, flowOf, type Flow } from '../flow/flow.js';
import type { OktaClient } from '../okta/wire.js';
import { batch } from '../batch/batch.js';
import { checkSelection, type SelectionOptions } from '../diff/selection.js';
import { guard, limitsOf, type GuardOptions } from '../guard/guard.js';
import { refuseUnknown, requireBoolean } from '../core/check-options.js';
import { pipe } from '../flow/pipe.js';
import { RunContext } from '../flow/run-context.js';
import type { Rejection } from '../core/rejection.js';
import {
  resolveUploadOptions,
  UPLOAD_OPTION_NAMES,
  type ResolvedUploadOptions,
  type UploadOptions,
} from '../upload/upload-options.js';
import { OwnSessions } from '../upload/own-sessions.js';
import { isNewState } from './new-state.js';
import { settleJournal } from '../upload/settle-journal.js';
import { uploadIn } from '../upload/upload.js';
import type { StateStore } from '../state/store.js';
import { holdOpen } from '../state/uses.js';

export type { SelectionOptions };

/** Options of {@link plan}. */
export interface PlanOptions extends DirectoryOptions, SelectionOptions {
  readonly state: StateStore;
  /** Limits of the guard; see `guard`. */
  readonly guard?: Omit<GuardOptions, 'approve' | 'clock' | 'onPlan'>;
  /** Called with every rejected record. */
  readonly onReject?: (rejection: Rejection) => void;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/** Options of {@link sync} and {@link startSync}. */
export interface SyncOptions extends PlanOptions, Omit<UploadOptions, 'signal' | 'events'> {
  readonly okta: OktaClient;
  /** The hash of an approved plan: this plan passes even if it exceeds limits of the guard, and no other plan passes. */
  readonly approve?: string;
  /** Called with every event. An error that it throws is ignored. */
  readonly onEvent?: (event: SyncEvent) => void;
  /**
   * The position up to which a delta feed was read. A function is called when the sources have been read to the end, before
   * anything is sent, because records that change during sending belong to the next run. The next run gets the value from
   * `readWatermark`. It is stored only if Okta confirmed everything and no record was rejected or refused. Otherwise the same
   * part of the feed must be read again; changes that are already confirmed are not sent again.
   */
  readonly watermark?: string | (() => string | Promise<string>);
}

/** A sync that is running. */
export interface RunningSync {
  /** The events of the run; completes when the run ends, also after an error. An error of a subscriber is ignored. */
  readonly events$: Observable<SyncEvent>;
  readonly done: Promise<SyncReport>;
  /** Ends the run within five seconds: cancels the open session, or leaves it in the journal for the next run. */
  abort(): void;
}

const PLAN_OPTION_NAMES = [
  'state',
  'users',
  'groups',
  'memberships',
  'validate',
  'onDuplicate',
  'mixed',
  'absence',
  'mode',
  'screening',
  'clock',
  'resend',
  'only',
  'first',
  'guard',
  'onReject',
  'signal',
];
const SYNC_OPTION_NAMES = [
  ...PLAN_OPTION_NAMES,
  ...UPLOAD_OPTION_NAMES.filter((name) => name !== 'events'),
  'okta',
  'approve',
  'onEvent',
  'watermark',
];

/**
 * Brings Okta in sync with a directory. It reads the sources, compares them with the last state that Okta confirmed,
 * checks the whole plan with the guard, sends it in as few sessions as the limits allow, and commits the state session by
 * session. `close` of the state waits for the end of the run, also if its promise is not awaited.
 *
 * @throws the classes of `errors`. An error during sending has a `report` of the work that was done before it. Run again
 * to continue.
 */
export function sync(options: SyncOptions): Promise<SyncReport> {
  return startSync(options).done;
}

/** Like {@link sync}, but also returns the events as an Observable, and a function that ends the run. */
export function startSync(options: SyncOptions): RunningSync {
  refuseUnknown('sync', options, SYNC_OPTION_NAMES);
  checkSources(options);
  const hub = new EventHub(options.onEvent);
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  if (options.signal?.aborted) stop.abort();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  // Checked now, so that a bad option is thrown from the call and not from the promise.
  const uploadOptions = resolveUploadOptions({
    ...pickUploadOptions(options),
    signal: stop.signal,
    events: hub,
  });
  limitsOf(options.guard ?? {});
  const done = holdOpen(options.state, () => run(options, uploadOptions, hub)).finally(() => {
    options.signal?.removeEventListener('abort', onAbort);
    hub.complete();
  });
  return {
    get events$() {
      return hub.events$;
    },
    done,
    abort: () => stop.abort(),
  };
}

/**
 * Plans a {@link sync} without sending anything: returns the counts of its changes, its requests and sessions, the shortest time
 * for them, and the limits of the guard that it exceeds. It needs no client, and does not change the state.
 */
export async function plan(options: PlanOptions): Promise<Plan> {
  refuseUnknown('plan', options, PLAN_OPTION_NAMES);
  checkSources(options);
  return planIn(new RunContext(), options);
}

/**
 * A {@link plan} in a context that the caller can read afterwards.
 * @param onChange - called with every change of the plan
 */
export async function planIn(
  context: RunContext,
  options: PlanOptions,
  onChange?: (change: Change) => void,
): Promise<Plan> {
  if (options.onReject) context.onReject(options.onReject);
  let seen: { readonly summary: PlanSummary; readonly trips: readonly GuardTrip[] } | undefined;
  const onPlan: GuardOptions['onPlan'] = (summary, trips) => (seen = { summary, trips });
  const changes = directoryChanges(options, options.state, silent, context, options.signal);
  const watched = onChange === undefined ? changes : withEach(changes, onChange);
  const passed = pipe(watched, guard(options.state, { ...guardOptions(options), onPlan }))[
    Symbol.asyncIterator
  ]();
  try {
    // The first pull makes the guard decide. The changes themselves are not needed.
    await passed.next();
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
  } finally {
    // Ends the guard, which closes the outbox and deletes its file.
    await passed.return?.();
  }
  const { summary, trips } = seen as NonNullable<typeof seen>;
  return { ...summary, trips, sources: sourceReports(options, context), rejections: context.rejections };
}

async function run(
  options: SyncOptions,
  uploadOptions: ResolvedUploadOptions,
  hub: EventHub,
): Promise<SyncReport> {
  const { okta, state, approve } = options;
  const { clock, signal } = uploadOptions;
  const startedAt = new Date(clock.now());
  const context = new RunContext();
  context.onReject((rejection) => hub.emit({ type: 'record:rejected', rejection }));
  if (options.onReject) context.onReject(options.onReject);
  throwIfAborted(signal);
  await state.bind({ orgUrl: okta.orgUrl, identitySourceId: okta.identitySourceId });
  // The baseline must be up to date before the sources are compared with it.
  const sending = { okta, state, options: uploadOptions, own: new OwnSessions() };
  const settled = await settleJournal(sending);
  if (await isNewState(state)) hub.emit({ type: 'state:new' });
  let planned: PlanSummary | undefined;
  const onPlan: GuardOptions['onPlan'] = (summary) => {
    planned = summary;
    hub.emit({
      type: 'plan:ready',
      plan: summary,
      estimatedEnd: new Date(clock.now() + summary.mostMs),
    });
  };
  let watermark: string | undefined;
  const uploaded = await pipe(
    atEnd(directoryChanges(options, state, hub, context, signal), async () => {
      watermark = typeof options.watermark === 'function' ? await options.watermark() : options.watermark;
    }),
    guard(state, { ...guardOptions(options), onPlan, ...(approve !== undefined && { approve }) }),
    batch(),
    uploadIn(sending),
  );
  const watermarkKept = await storeWatermark(state, watermark, uploaded, context);
  hub.emit({ type: 'run:done', sent: confirmedIn(uploaded), remaining: uploaded.remaining });
  return {
    ...uploaded,
    plan: planned as PlanSummary,
    sources: sourceReports(options, context),
    rejections: context.rejections,
    settled,
    watermarkKept,
    startedAt,
    endedAt: new Date(clock.now()),
  };
}

/** The options of the guard. A delta feed may be empty, because it contains only changes. */
function guardOptions(options: PlanOptions): GuardOptions {
  const { clock } = options;
  return { ...options.guard, ...(clock && { clock }), ...(options.mode === 'delta' && { allowEmpty: true }) };
}

/** The same flow. `onChange` is called with each change. */
function withEach(source: Flow<Change>, onChange: (change: Change) => void): Flow<Change> {
  async function* chunks() {
    for await (const chunk of source.chunks()) {
      chunk.forEach(onChange);
      yield chunk;
    }
  }
  return flowOf(chunks, contextOf(source));
}

/** The same flow. When it has been read to its end, `then` is called. */
function atEnd(source: Flow<Change>, then: () => Promise<void>): Flow<Change> {
  async function* chunks() {
    yield* source.chunks();
    await then();
  }
  return flowOf(chunks, contextOf(source));
}

/** Stores the watermark only if everything was sent. Otherwise the same part of the feed must be read again. */
async function storeWatermark(
  state: StateStore,
  watermark: string | undefined,
  uploaded: UploadReport,
  context: RunContext,
): Promise<boolean | undefined> {
  if (watermark === undefined) return undefined;
  const undone = uploaded.remaining > 0 || uploaded.refused.length > 0 || context.rejections.length > 0;
  const unsent = ENTITIES.some((entity) => (context.selection?.unsent[entity] ?? 0) > 0);
  if (undone || unsent) return false;
  await state.setMeta('watermark', watermark);
  return true;
}

/** The watermark that was stored last: the position up to which the delta feed was read. Undefined if none was stored. */
export function readWatermark(state: StateStore): Promise<string | undefined> {
  return state.getMeta('watermark');
}

function confirmedIn(report: UploadReport): number {
  return changesOf(report.confirmed);
}

function checkSources(options: PlanOptions): void {
  checkSelection(options);
  if (ENTITIES.every((entity) => options[entity] === undefined)) {
    throw new OptionsError('users', 'expected a source for at least one of users, groups and memberships');
  }
  requireBoolean('screening', options.screening ?? true);
  if (options.resend !== undefined && options.mode === 'delta')
    throw new OptionsError(
      'resend',
      'not possible with mode "delta": a feed does not contain unchanged records',
    );
}

function pickUploadOptions(options: SyncOptions): UploadOptions {
  const entries = Object.entries(options).filter(([name]) => UPLOAD_OPTION_NAMES.includes(name));
  return Object.fromEntries(entries);
}
