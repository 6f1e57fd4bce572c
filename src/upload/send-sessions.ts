import { throwIfAborted } from '../core/clock.js';
import type { Batch } from '../core/model.js';
import type { RunContext } from '../flow/run-context.js';
import { importsBegin } from '../state/imports-end.js';
import { storeAttributes } from '../state/known-attributes.js';
import { expectedWait, loadLearnedWait } from '../state/learned-wait.js';
import type { BatchQueue } from './batch-queue.js';
import type { OutcomeReporter } from './change-outcome.js';
import { ImportsInFlight } from './imports-in-flight.js';
import { SessionLifecycle } from './lifecycle.js';
import { SessionLoader } from './load-session.js';
import { openSession } from './open-session.js';
import { PackedBatch } from './packed-batch.js';
import type { Refusal, RefusedChanges } from './refused-changes.js';
import { Replays, type Content } from './replays.js';
import { reportConfirmed } from './report-confirmed.js';
import { splitBatch } from './session-content.js';
import { failedImport, lostLoad, untriggered, type SessionFailure } from './session-failure.js';
import { Unconfirmed } from './unconfirmed.js';
import type { SessionContext } from './upload-context.js';
import type { UploadTally } from './upload-tally.js';

/** Where a sender counts and reports. */
interface SenderReports {
  readonly tally: UploadTally;
  readonly outcomes: OutcomeReporter;
  readonly refused: RefusedChanges;
}

/** Sends the batches of a queue in sessions, and the content of failed sessions again. */
export class SessionSender {
  readonly #context: SessionContext;
  readonly #run: RunContext;
  readonly #queue: BatchQueue;
  readonly #tally: UploadTally;
  readonly #outcomes: OutcomeReporter;
  readonly #refused: RefusedChanges;
  /** Content of failed sessions, which is sent again. */
  readonly #replays = new Replays();
  readonly #importing = new ImportsInFlight();
  /** Changes for which dependent ones wait. */
  readonly #unconfirmed = new Unconfirmed();
  #startedAt = 0;

  constructor(context: SessionContext, run: RunContext, queue: BatchQueue, reports: SenderReports) {
    this.#context = context;
    this.#run = run;
    this.#queue = queue;
    this.#tally = reports.tally;
    this.#outcomes = reports.outcomes;
    this.#refused = reports.refused;
  }

  /** Waits until no import is in flight, whatever their end. */
  async untilImportsEnd(): Promise<void> {
    await this.#importing.all();
  }

  /** Sends until nothing is left and every import has ended. @throws the first error of a session, or of the signal */
  async sendAll(startedAt: number): Promise<void> {
    this.#startedAt = startedAt;
    for (;;) {
      this.#check();
      const content = await this.#nextContent();
      if (content !== undefined) {
        await this.#waitForSlot();
        await this.#runSession(content);
      } else if (this.#importing.size > 0) {
        await this.#untilOneEnds();
      } else {
        return;
      }
    }
  }

  /** Throws the error of an import, or if the run was aborted. */
  #check(): void {
    this.#importing.check();
    throwIfAborted(this.#context.options.signal);
  }

  async #waitForSlot(): Promise<void> {
    while (this.#importing.size >= this.#context.options.sessionsInFlight) {
      await this.#untilOneEnds();
      this.#check();
    }
  }

  async #untilOneEnds(): Promise<void> {
    await this.#context.own.imports.untilEnd(this.#importing.one());
  }

  /** The content of the next session; undefined at the end, or if all remaining batches wait for an import. */
  async #nextContent(): Promise<Content | undefined> {
    const creating = () => this.#unconfirmed.creates;
    const replay = this.#replays.next(creating());
    if (replay !== undefined) return replay;
    const batches: PackedBatch[] = [];
    while (batches.length < this.#context.options.requestsPerSession) {
      const batch = await this.#queue.peek();
      this.#tally.plan(this.#run.plannedChanges);
      if (batch === undefined) break;
      if (this.#unconfirmed.delays(batch) || this.#replays.delays(batch, creating())) break;
      this.#queue.shift();
      this.#tally.received(batch);
      const sendable = this.#refused.without(batch);
      if (sendable === undefined) continue;
      this.#unconfirmed.add(sendable);
      batches.push(new PackedBatch(sendable));
    }
    return batches.length === 0 ? this.#replays.nextSuspect(creating()) : { batches, attempt: 0 };
  }

  async #runSession(content: Content): Promise<void> {
    await storeAttributes(this.#context.state, this.#run);
    await importsBegin(this.#context.state);
    const importing = this.#importing.size > 0 ? this.#importing.all() : undefined;
    const session = new SessionLifecycle(this.#context, await openSession(this.#context, importing));
    this.#tally.sessions++;
    this.#context.options.events.emit({
      type: 'session:created',
      sessionId: session.sessionId,
      number: this.#tally.sessions,
      requests: content.batches.length,
    });
    try {
      const loaded = await this.#load(session, content);
      if (loaded === undefined) return;
      await this.#import(session, loaded);
    } catch (error) {
      // The first error is thrown. A session that cannot be cancelled is in the journal, so the next run settles it.
      await session.abandon().catch(() => undefined);
      throw error;
    }
  }

  /** Loads a session. Returns the accepted content; undefined if the session was lost, so that its content is sent again. */
  async #load(session: SessionLifecycle, content: Content): Promise<Content | undefined> {
    const { options } = this.#context;
    const loader = new SessionLoader(session, content.batches, {
      options,
      tally: this.#tally,
      refused: this.#refused,
      check: () => this.#check(),
      split: (batch, outcome) => this.#splitRefused(session, batch, outcome),
    });
    await loader.run();
    const { accepted, rest, lost } = loader;
    if (lost !== undefined) {
      await session.cancel();
      if (accepted.length > 0) this.#replays.progress();
      await this.#failed(
        { ...content, batches: [...accepted, ...rest] },
        lostLoad(session.sessionId, lost.batch, lost.outcome),
      );
      return undefined;
    }
    // Splitting used requests of this session, so the remaining batches are sent in the next one.
    if (rest.length > 0) this.#replays.putBack({ ...content, batches: rest });
    return { ...content, batches: accepted };
  }

  /** The halves of a refused batch. A single refused record is reported and not sent again. */
  async #splitRefused(
    { sessionId }: SessionLifecycle,
    batch: Batch,
    { errorCode, reason }: Pick<Refusal, 'errorCode' | 'reason'>,
  ): Promise<readonly Batch[]> {
    const halves = splitBatch(batch);
    if (halves !== undefined) return halves;
    await this.#leaveOut(batch, { sessionId, errorCode, what: 'Okta refused the record', reason });
    return [];
  }

  async #leaveOut(batch: Batch, refusal: Refusal): Promise<void> {
    this.#unconfirmed.remove(new PackedBatch(batch));
    await this.#refused.add(batch, refusal);
  }

  async #import(session: SessionLifecycle, content: Content): Promise<void> {
    if (content.batches.length === 0) {
      await session.cancel();
      return;
    }
    const hasUpserts = content.batches.some((batch) => batch.kind === 'upsert');
    const outcome = await session.trigger(hasUpserts);
    if (outcome === 'unknown') {
      await this.#notImported(session, content, 'gone');
    } else if (outcome === 'lost') {
      await this.#failed(content, untriggered(session.sessionId));
    } else if (outcome === 'no-effect') {
      await this.#confirmed(session, content);
    } else {
      // The next session is prepared meanwhile.
      this.#importing.add(this.#follow(session, content));
    }
  }

  /** Follows an import to its end. */
  async #follow(session: SessionLifecycle, content: Content): Promise<void> {
    const ahead = this.#importing.size > 0 ? this.#importing.all() : undefined;
    const status = await session.finish(ahead);
    if (status === 'COMPLETED') await this.#confirmed(session, content);
    else await this.#notImported(session, content, status);
  }

  /** Sends the content again, because Okta may have imported all of it, or a part, or nothing. */
  async #notImported({ sessionId }: SessionLifecycle, content: Content, status: string): Promise<void> {
    this.#outcomes.batches(content, sessionId, 'unknown');
    await this.#failed(content, failedImport(sessionId, status));
  }

  async #confirmed({ sessionId }: SessionLifecycle, content: Content): Promise<void> {
    const { options, state } = this.#context;
    this.#replays.progress();
    for (const batch of content.batches) this.#unconfirmed.remove(batch);
    this.#outcomes.batches(content, sessionId, 'confirmed');
    const wait = expectedWait(await loadLearnedWait(state), options.cooldownMs);
    reportConfirmed(options, this.#tally, content, sessionId, this.#startedAt, wait);
  }

  /** Sends the content of a failed session again, without a record that is the cause. */
  async #failed(content: Content, failure: SessionFailure): Promise<void> {
    const { sessionId, reason, errorCode } = failure;
    const culprit = this.#replays.failed(content, failure);
    if (culprit !== undefined) {
      const refusal = { sessionId, errorCode, reason: failure.oktaReason, lasts: culprit.isProven };
      const what = 'each session with the record failed';
      await this.#leaveOut(culprit.batch.unpack(), { ...refusal, what });
      if (content.batches.length === 1) return;
    }
    const attempt = content.attempt + 1;
    this.#context.options.events.emit({ type: 'session:replayed', sessionId, reason, attempt });
  }
}
