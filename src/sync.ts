import type { Observable } from 'rxjs';
import { throwIfAborted } from './clock.js';
import { directoryChanges, sourceReports, type DirectoryOptions } from './directory.js';
import { GuardError, OptionsError, type GuardTrip } from './errors.js';
import { EventHub, silent, type SyncEvent } from './events.js';
import { ENTITIES } from './model.js';
import type { OktaClient } from './okta/wire.js';
import { batch } from './operators/batch.js';
import { guard, limitsOf, type GuardOptions } from './operators/guard.js';
import { refuseUnknown } from './options.js';
import { pipe } from './pipe.js';
import type { PlanSummary, UploadReport } from './report-types.js';
import { changesOf, type Plan, type SyncReport } from './report/reports.js';
import { RunContext, type Rejection } from './run-context.js';
import {
  resolveUploadOptions,
  UPLOAD_OPTION_NAMES,
  type ResolvedUploadOptions,
  type UploadOptions,
} from './session/options.js';
import { settleJournal } from './session/settle.js';
import { upload } from './session/upload.js';
import type { StateStore } from './state/store.js';

/** Options of {@link plan}. */
export interface PlanOptions extends DirectoryOptions {
  readonly state: StateStore;
  /** Limits of the guard; see `guard`. */
  readonly guard?: Omit<GuardOptions, 'approve' | 'onPlan'>;
  /** Called with every rejected record. */
  readonly onReject?: (rejection: Rejection) => void;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/** Options of {@link sync} and {@link startSync}. */
export interface SyncOptions extends PlanOptions, Omit<UploadOptions, 'signal' | 'events'> {
  readonly okta: OktaClient;
  /** The hash of a plan that was looked at: it passes a tripped guard, and no other plan passes. */
  readonly approve?: string;
  /** Called with every event. What it throws harms nothing, and is not told. */
  readonly onEvent?: (event: SyncEvent) => void;
}

/** A sync under way. */
export interface RunningSync {
  /** What happens, as it happens; completes when the run ends, however it ends. A subscriber that throws harms nothing. */
  readonly events$: Observable<SyncEvent>;
  readonly done: Promise<SyncReport>;
  /** Ends the run: the open session is cancelled, or journaled for the next run, within five seconds. */
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
];

/**
 * Brings Okta in step with a directory: reads its sources, compares them with what Okta was last confirmed to hold,
 * lets the guard look at the whole plan, sends it in as few sessions as the limits allow, and commits the state
 * session by session.
 *
 * @throws the typed errors of `errors`; those of the sending carry what was done so far as `report`. Run again to go on.
 */
export function sync(options: SyncOptions): Promise<SyncReport> {
  return startSync(options).done;
}

/** {@link sync} with its events as an Observable, and a way to end it. */
export function startSync(options: SyncOptions): RunningSync {
  refuseUnknown('sync', options, SYNC_OPTION_NAMES);
  requireSource(options);
  const hub = new EventHub();
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  if (options.signal?.aborted) stop.abort();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const { onEvent } = options;
  if (onEvent) hub.events$.subscribe(onEvent);
  // Checked now, so that a bad option is thrown from the call and not from the promise.
  const uploadOptions = resolveUploadOptions({
    ...pickUploadOptions(options),
    signal: stop.signal,
    events: hub,
  });
  limitsOf(options.guard ?? {});
  const done = run(options, uploadOptions, hub).finally(() => {
    options.signal?.removeEventListener('abort', onAbort);
    hub.complete();
  });
  return { events$: hub.events$, done, abort: () => stop.abort() };
}

/**
 * What {@link sync} would send, as counts, requests, sessions and the least time, and whether the guard would let it.
 * Sends nothing, needs no client, and changes no state.
 */
export async function plan(options: PlanOptions): Promise<Plan> {
  refuseUnknown('plan', options, PLAN_OPTION_NAMES);
  requireSource(options);
  const context = new RunContext();
  if (options.onReject) context.onReject(options.onReject);
  let seen: { readonly summary: PlanSummary; readonly trips: readonly GuardTrip[] } | undefined;
  const onPlan: GuardOptions['onPlan'] = (summary, trips) => (seen = { summary, trips });
  const changes = directoryChanges(options, options.state, silent, context, options.signal);
  try {
    // The guard decides at the first pull; what it lets pass is of no interest here.
    await pipe(changes, guard(options.state, { ...options.guard, onPlan }))
      [Symbol.asyncIterator]()
      .next();
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
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
  // Before anything is compared: the baseline must be what Okta holds.
  const settled = await settleJournal({ okta, state, options: uploadOptions });
  let planned: PlanSummary | undefined;
  const onPlan: GuardOptions['onPlan'] = (summary) => {
    planned = summary;
    hub.emit({
      type: 'plan:ready',
      plan: summary,
      estimatedEnd: new Date(clock.now() + summary.leastMs),
    });
  };
  const uploaded = await pipe(
    directoryChanges(options, state, hub, context, signal),
    guard(state, { ...options.guard, onPlan, ...(approve !== undefined && { approve }) }),
    batch(),
    upload(okta, state, uploadOptions),
  );
  hub.emit({ type: 'run:done', sent: confirmedIn(uploaded), remaining: uploaded.remaining });
  return {
    ...uploaded,
    plan: planned as PlanSummary,
    sources: sourceReports(options, context),
    rejections: context.rejections,
    settled,
    startedAt,
    endedAt: new Date(clock.now()),
  };
}

function confirmedIn(report: UploadReport): number {
  return changesOf(report.confirmed);
}

function requireSource(options: DirectoryOptions): void {
  if (ENTITIES.every((entity) => options[entity] === undefined)) {
    throw new OptionsError('users', 'at least one of users, groups and memberships needs a source');
  }
}

function pickUploadOptions(options: SyncOptions): UploadOptions {
  const entries = Object.entries(options).filter(([name]) => UPLOAD_OPTION_NAMES.includes(name));
  return Object.fromEntries(entries);
}
