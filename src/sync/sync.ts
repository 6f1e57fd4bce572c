import type { Observable } from 'rxjs';
import { throwIfAborted } from '../core/clock.js';
import { directoryChanges, sourceReports } from './directory-changes.js';
import { GuardError } from '../core/errors.js';
import {
  type GuardTrip,
  type PlanSummary,
  type UploadReport,
  changesOf,
  type Plan,
  type SyncReport,
} from '../core/results.js';
import { EventHub, silent, type SyncEvent } from '../events/events.js';
import type { Change } from '../core/model.js';
import { contextOf, flowOf, type Flow } from '../flow/flow.js';
import { batch } from '../batch/batch.js';
import type { SelectionOptions } from '../diff/selection.js';
import { guard, limitsOf, type GuardOptions } from '../guard/guard.js';
import { refuseUnknown } from '../core/check-options.js';
import { pipe } from '../flow/pipe.js';
import { RunContext } from '../flow/run-context.js';
import { resolveUploadOptions, type ResolvedUploadOptions } from '../upload/upload-options.js';
import { requireTarget } from '../upload/target.js';
import { OwnSessions } from '../upload/own-sessions.js';
import { expectedWait, loadLearnedWait } from '../state/learned-wait.js';
import { isNewState } from './new-state.js';
import { settleJournal } from '../upload/settle-journal.js';
import { uploadIn } from '../upload/upload.js';
import { holdOpen } from '../state/uses.js';
import { sampleOf, type Sample } from './sample/sample.js';
import { withPlanned } from './planned-changes.js';
import {
  checkSources,
  feedsOf,
  PLAN_OPTION_NAMES,
  SYNC_OPTION_NAMES,
  pickUploadOptions,
  type PlanOptions,
  type SyncOptions,
} from './sync-options.js';
import { FeedDebts } from './watermark.js';

export type { PlanOptions, SelectionOptions, SyncOptions };

/** A sync that is running. */
export interface RunningSync {
  /** The events of the run; completes when the run ends, also after an error. An error of a subscriber is ignored. */
  readonly events$: Observable<SyncEvent>;
  readonly done: Promise<SyncReport>;
  /** Ends the run within five seconds: cancels the open session, or leaves it in the journal for the next run. */
  abort(): void;
}

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
  const sample = sampleOf(options);
  const uploadOptions = resolveUploadOptions({
    ...pickUploadOptions(options),
    ...(sample && { onOutcome: sample.watched(options.onOutcome) }),
    signal: stop.signal,
    events: hub,
  });
  limitsOf(options.guard ?? {});
  const done = holdOpen(options.state, () => run(options, uploadOptions, hub, sample)).finally(() => {
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
  return holdOpen(options.state, () => planIn(new RunContext(), options));
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
  const changes = withPlanned(
    directoryChanges(options, options.state, silent, context, options.signal),
    options,
  );
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
  sample: Sample | undefined,
): Promise<SyncReport> {
  const { okta, state, approve } = options;
  const { clock, signal } = uploadOptions;
  const startedAt = new Date(clock.now());
  const context = new RunContext();
  context.onReject((rejection) => hub.emit({ type: 'record:rejected', rejection }));
  if (options.onReject) context.onReject(options.onReject);
  throwIfAborted(signal);
  await requireTarget(state, okta);
  // The baseline must be up to date before the sources are compared with it.
  const sending = { okta, state, options: uploadOptions, own: new OwnSessions() };
  const settled = await settleJournal(sending);
  if (await isNewState(state)) hub.emit({ type: 'state:new' });
  const wait = expectedWait(await loadLearnedWait(state), uploadOptions.cooldownMs);
  let planned: PlanSummary | undefined;
  const onPlan: GuardOptions['onPlan'] = (summary) => {
    planned = summary;
    const waits = Math.max(0, summary.sessions - 1);
    hub.emit({
      type: 'plan:ready',
      plan: summary,
      sources: sourceReports(options, context),
      earliestEnd: new Date(clock.now() + waits * wait.leastMs),
      estimatedEnd: new Date(clock.now() + waits * wait.mostMs),
    });
  };
  const debts = await FeedDebts.open(state, options, context, startedAt.getTime());
  let watermark: string | undefined;
  const uploaded = await pipe(
    atEnd(withPlanned(directoryChanges(options, state, hub, context, signal), options), async () => {
      watermark = typeof options.watermark === 'function' ? await options.watermark() : options.watermark;
    }),
    guard(state, { ...guardOptions(options), onPlan, ...(approve !== undefined && { approve }) }),
    batch(),
    uploadIn(sending),
  );
  const sampled = await sample?.read(state, uploadOptions);
  // A feed does not contain the changes again of which the sample found nothing at Okta.
  const isWhole = (sampled?.repaired ?? 0) === 0;
  const { owed, watermarkKept } = await debts.store(watermark, uploaded, isWhole);
  hub.emit({ type: 'run:done', sent: confirmedIn(uploaded), remaining: uploaded.remaining });
  return {
    ...uploaded,
    plan: planned as PlanSummary,
    sources: sourceReports(options, context),
    settled,
    watermarkKept,
    owed,
    sample: sampled,
    startedAt,
    endedAt: new Date(clock.now()),
  };
}

/** The options of the guard. A delta feed may be empty, because it contains only changes. */
function guardOptions(options: PlanOptions): GuardOptions {
  const { clock, guard: given } = options;
  const ofFeeds = feedsOf(options).map((entity) => [entity, { allowEmpty: true, ...given?.[entity] }]);
  return { ...given, ...(Object.fromEntries(ofFeeds) as GuardOptions), ...(clock && { clock }) };
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

function confirmedIn(report: UploadReport): number {
  return changesOf(report.confirmed);
}
