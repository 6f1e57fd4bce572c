import { requireClient, requireState } from '../core/check-options.js';
import { RollcallError } from '../core/errors.js';
import { contextOf, type Flow, type Sink } from '../flow/flow.js';
import { named } from '../flow/stage-order.js';
import { stageInput } from '../flow/stage-input.js';
import type { Batch, RequestsFromBatch } from '../core/model.js';
import type { OktaClient } from '../okta/wire.js';
import type { UploadReport } from '../core/results.js';
import type { RunContext } from '../flow/run-context.js';
import type { StateStore } from '../state/store.js';
import { holdOpen } from '../state/uses.js';
import { OwnSessions } from './own-sessions.js';
import { serverNow, type SessionContext } from './upload-context.js';
import { BatchQueue } from './batch-queue.js';
import { SessionSender } from './send-sessions.js';
import { resolveUploadOptions, type UploadOptions } from './upload-options.js';
import { loadLearnedWait, storeLearnedWait } from '../state/learned-wait.js';
import { importsEnded } from '../state/imports-end.js';
import { storeAttributes } from '../state/known-attributes.js';
import { RememberedRefusals } from '../state/remembered-refusals.js';
import { RefusedChanges } from './refused-changes.js';
import { settleJournal } from './settle-journal.js';
import { OutcomeReporter } from './change-outcome.js';
import { doubtMembershipsOfResent } from './doubt-resent.js';
import { storeAbsences } from './store-absences.js';
import { requireTarget } from './target.js';
import { UploadTally } from './upload-tally.js';

/**
 * The sink: settles the sessions that an earlier run left in flight, sends batches in sessions, and waits until Okta has
 * imported each. The changes of a session are committed to the state only if Okta reports COMPLETED.
 *
 * If the response to a load is lost, its session is cancelled, and its content is sent again in new sessions of half the size.
 * If Okta refuses a batch, its halves are sent until the refused record is found; it is reported, and the other records are sent. A
 * record with which each session fails is found in the same way.
 *
 * `close` of the state waits for the end of the upload, also if its promise is not awaited.
 *
 * @throws {@link OptionsError} for invalid options; while running, a {@link RollcallError} with the result so far as its
 * `report`. Run again to continue: confirmed changes are not sent twice.
 */
export function upload(
  okta: OktaClient,
  state: StateStore,
  options: UploadOptions = {},
): <T extends RequestsFromBatch & Batch>(source: Flow<T>) => Promise<UploadReport> {
  // The type parameter makes the compiler report a missing batch() at this stage.
  requireClient(okta);
  requireState(state);
  const sink = uploadIn({ okta, state, options: resolveUploadOptions(options), own: new OwnSessions() });
  return named('upload', sink);
}

/** {@link upload} with a shared context, which contains the sessions that are known to be ours. @internal */
export function uploadIn(context: SessionContext): Sink<Batch, UploadReport> {
  return (source) => holdOpen(context.state, () => new Upload(context, source).run());
}

function isBatch({ body, changes }: Readonly<Record<string, unknown>>): boolean {
  return typeof body === 'string' && Array.isArray(changes);
}

class Upload {
  readonly #context: SessionContext;
  readonly #queue: BatchQueue;
  readonly #run: RunContext;
  readonly #tally = new UploadTally();
  readonly #refused: RefusedChanges;
  readonly #sender: SessionSender;

  constructor(context: SessionContext, source: Flow<Batch>) {
    this.#context = context;
    this.#queue = new BatchQueue(stageInput('upload', source, isBatch), context.options.signal);
    this.#run = contextOf(source);
    const outcomes = new OutcomeReporter(context.options);
    this.#refused = new RefusedChanges(context.options, this.#run, this.#tally, outcomes);
    this.#sender = new SessionSender(context, this.#run, this.#queue, {
      tally: this.#tally,
      outcomes,
      refused: this.#refused,
    });
  }

  async run(): Promise<UploadReport> {
    const { okta, state, options, own } = this.#context;
    const startedAt = options.clock.now();
    try {
      await requireTarget(state, okta);
      own.imports.earlier((await loadLearnedWait(state)).lastImport);
      await settleJournal(this.#context);
      this.#refused.limit.population = await state.counts();
      // Once there is a batch, the guard has passed the plan.
      if ((await this.#queue.peek()) !== undefined) await doubtMembershipsOfResent(state, this.#run);
      const now = options.clock.now();
      this.#refused.remembered = await RememberedRefusals.loadToSend(state, now, this.#run.resend);
      await this.#sender.sendAll(startedAt);
      await storeAbsences(state, this.#run);
      await storeAttributes(state, this.#run);
      for (const [name, value] of this.#run.valuesAtEnd) await state.setMeta(name, value);
      const lastImport = own.imports.last;
      if (lastImport !== undefined)
        await storeLearnedWait(state, { ...(await loadLearnedWait(state)), lastImport });
      await importsEnded(state, serverNow(this.#context));
      return this.#report();
    } catch (error) {
      await this.#sender.untilImportsEnd();
      if (error instanceof RollcallError) error.report = this.#report();
      throw error;
    } finally {
      await this.#queue.close();
    }
  }

  #report(): UploadReport {
    this.#refused.reportEarlier();
    return { ...this.#tally.report(), rejections: this.#run.rejections };
  }
}
