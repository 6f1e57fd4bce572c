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
import { ENTITIES } from '../core/model.js';
import type { OktaClient } from '../okta/wire.js';
import { batch } from '../batch/batch.js';
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
import { settleJournal } from '../upload/settle-journal.js';
import { upload } from '../upload/upload.js';
import type { StateStore } from '../state/store.js';

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
  /**
   * How far a delta feed was read, asked for once its sources were read to the end; `readWatermark` answers it at the next
   * run. It is kept only when Okta confirmed everything and no record was rejected or refused: otherwise the same feed is
   * to be read again, which costs nothing for what is confirmed.
   */
  readonly watermark?: string | (() => string | Promise<string>);
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
  'absence',
  'mode',
  'screening',
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
  const done = run(options, uploadOptions, hub).finally(() => {
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
 * What {@link sync} would send, as counts, requests, sessions and the least time, and whether the guard would let it.
 * Sends nothing, needs no client, and changes no state.
 */
export async function plan(options: PlanOptions): Promise<Plan> {
  refuseUnknown('plan', options, PLAN_OPTION_NAMES);
  checkSources(options);
  const context = new RunContext();
  if (options.onReject) context.onReject(options.onReject);
  let seen: { readonly summary: PlanSummary; readonly trips: readonly GuardTrip[] } | undefined;
  const onPlan: GuardOptions['onPlan'] = (summary, trips) => (seen = { summary, trips });
  const changes = directoryChanges(options, options.state, silent, context, options.signal);
  const passed = pipe(changes, guard(options.state, { ...guardOptions(options), onPlan }))[
    Symbol.asyncIterator
  ]();
  try {
    // The guard decides at the first pull; what it lets pass is of no interest here.
    await passed.next();
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
  } finally {
    // Drops the outbox: left where it is, the guard would keep its file.
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
    guard(state, { ...guardOptions(options), onPlan, ...(approve !== undefined && { approve }) }),
    batch(),
    upload(okta, state, uploadOptions),
  );
  const watermarkKept = await keepWatermark(options, uploaded, context);
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

/** A feed of changes is often empty, and that says nothing of the directory. */
function guardOptions(options: PlanOptions): GuardOptions {
  return { ...options.guard, ...(options.mode === 'delta' && { allowEmpty: true }) };
}

/** Nothing of a feed may be skipped: with anything left undone it is read again. */
async function keepWatermark(
  { watermark, state }: SyncOptions,
  uploaded: UploadReport,
  context: RunContext,
): Promise<boolean | undefined> {
  if (watermark === undefined) return undefined;
  const undone = uploaded.remaining > 0 || uploaded.refused.length > 0 || context.rejections.length > 0;
  if (undone) return false;
  await state.setMeta('watermark', typeof watermark === 'string' ? watermark : await watermark());
  return true;
}

/** How far the delta feed of this state was read; undefined before the first time. */
export function readWatermark(state: StateStore): Promise<string | undefined> {
  return state.getMeta('watermark');
}

function confirmedIn(report: UploadReport): number {
  return changesOf(report.confirmed);
}

function checkSources(options: DirectoryOptions): void {
  if (ENTITIES.every((entity) => options[entity] === undefined)) {
    throw new OptionsError('users', 'expected a source for at least one of users, groups and memberships');
  }
  requireBoolean('screening', options.screening ?? true);
}

function pickUploadOptions(options: SyncOptions): UploadOptions {
  const entries = Object.entries(options).filter(([name]) => UPLOAD_OPTION_NAMES.includes(name));
  return Object.fromEntries(entries);
}
