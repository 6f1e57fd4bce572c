import { makeBatch } from '../okta/bulk-body.js';
import { throwIfAborted } from '../core/clock.js';
import { RollcallError } from '../core/errors.js';
import { contextOf, type Flow, type Sink } from '../flow/flow.js';
import { ENTITIES, type Batch, type Change } from '../core/model.js';
import type { OktaClient } from '../okta/wire.js';
import type { ChangeOutcome, UploadReport } from '../core/results.js';
import type { RunContext } from '../flow/run-context.js';
import type { StateStore } from '../state/store.js';
import { halve, RefusedReferences, splitBatch, type Content } from './session-content.js';
import { OwnSessions } from './own-sessions.js';
import type { SessionContext } from './upload-context.js';
import { BatchQueue } from './batch-queue.js';
import { createsIn, PackedBatch } from './packed-batch.js';
import { SessionLifecycle } from './lifecycle.js';
import { openSession } from './open-session.js';
import { resolveUploadOptions, type UploadOptions } from './upload-options.js';
import { RefusalLimit } from './refusal-limit.js';
import { settleJournal } from './settle-journal.js';
import { outcomeOf } from './change-outcome.js';
import { UploadTally } from './upload-tally.js';

/**
 * The sink: settles what an earlier run left in flight, sends batches in sessions, waits for Okta to confirm each,
 * and commits the state session by session, only for what Okta reported COMPLETED.
 *
 * A load whose answer was lost cancels its session, and its content is replayed in new ones of half the size, at
 * most four times. A record that Okta refuses is singled out by halving its batch, and reported; the rest goes on.
 *
 * @throws {@link OptionsError} at once for bad options; while running the typed errors of `errors`, each with what
 * was done so far as its `report`. Run again to go on: nothing that Okta confirmed is sent twice.
 */
export function upload(
  okta: OktaClient,
  state: StateStore,
  options: UploadOptions = {},
): Sink<Batch, UploadReport> {
  return uploadIn({ okta, state, options: resolveUploadOptions(options), own: new OwnSessions() });
}

/** The same, with what was learned of our own sessions before. @internal */
export function uploadIn(context: SessionContext): Sink<Batch, UploadReport> {
  return (source) => new Upload(context, source).run();
}

class Upload {
  readonly #context: SessionContext;
  readonly #queue: BatchQueue;
  readonly #run: RunContext;
  readonly #tally = new UploadTally();
  /** Content to be sent before what the queue has. */
  readonly #replays: Content[] = [];
  readonly #refusedReferences = new RefusedReferences();
  readonly #refusals: RefusalLimit;
  /** Sessions being imported. The promises never reject; a failure is kept in `#failure`. */
  readonly #importing = new Set<Promise<void>>();
  /** Creations that were taken from the queue and not confirmed yet: dependent memberships wait for them. */
  #unconfirmedCreates = 0;
  #confirmedSessions = 0;
  #startedAt = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(context: SessionContext, source: Flow<Batch>) {
    this.#context = context;
    this.#queue = new BatchQueue(source, context.options.signal);
    this.#run = contextOf(source);
    this.#refusals = new RefusalLimit(this.#run);
  }

  async run(): Promise<UploadReport> {
    const { okta, state, options } = this.#context;
    this.#startedAt = options.clock.now();
    try {
      await state.bind({ orgUrl: okta.orgUrl, identitySourceId: okta.identitySourceId });
      await settleJournal(this.#context);
      this.#refusals.population = await state.counts();
      await this.#sendAll();
      await this.#keepAbsences();
      return this.#tally.report();
    } catch (error) {
      await Promise.all(this.#importing);
      if (error instanceof RollcallError) error.report = this.#tally.report();
      throw error;
    } finally {
      await this.#queue.close();
    }
  }

  /** The run has reached its end, so its reads count for those who were missing from them. */
  async #keepAbsences(): Promise<void> {
    const { state } = this.#context;
    for (const entity of ENTITIES) {
      const counts = this.#run.absences.get(entity);
      if (counts === undefined) continue;
      if (counts.size > 0 || (await state.absences(entity)).size > 0) await state.setAbsences(entity, counts);
    }
  }

  async #sendAll(): Promise<void> {
    for (;;) {
      this.#check();
      const content = await this.#nextContent();
      if (content !== undefined) {
        await this.#roomInFlight();
        await this.#runSession(content);
      } else if (this.#importing.size > 0) {
        await Promise.race(this.#importing);
      } else {
        return;
      }
    }
  }

  /** Throws what ended an import, or that the run was aborted. */
  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    throwIfAborted(this.#context.options.signal);
  }

  async #roomInFlight(): Promise<void> {
    while (this.#importing.size >= this.#context.options.sessionsInFlight) {
      await Promise.race(this.#importing);
      this.#check();
    }
  }

  /** What the next session carries; undefined when there is nothing, or nothing yet. */
  async #nextContent(): Promise<Content | undefined> {
    const replay = this.#replays.shift();
    if (replay !== undefined) return replay;
    const batches: PackedBatch[] = [];
    while (batches.length < this.#context.options.requestsPerSession) {
      const batch = await this.#queue.peek();
      this.#tally.plan(this.#run.plannedChanges);
      if (batch === undefined) break;
      // What refers to an entity is sent only after the session that creates it has COMPLETED.
      if (batch.dependent && this.#unconfirmedCreates > 0) break;
      this.#queue.shift();
      this.#tally.received(batch);
      const sendable = this.#withoutRefusedReferences(batch);
      if (sendable === undefined) continue;
      this.#unconfirmedCreates += createsIn(sendable);
      batches.push(new PackedBatch(sendable));
    }
    return batches.length === 0 ? undefined : { batches, attempt: 0 };
  }

  #withoutRefusedReferences(batch: Batch): Batch | undefined {
    const kept = batch.changes.filter((change) => {
      if (!this.#refusedReferences.has(change)) return true;
      this.#tally.refused(change, 'REFERENCE_REFUSED', 'Okta refused the user or group it names');
      this.#reportOutcomes([change], undefined, 'refused', 'REFERENCE_REFUSED');
      return false;
    });
    if (kept.length === batch.changes.length) return batch;
    return kept.length === 0 ? undefined : makeBatch(batch.entity, batch.kind, kept);
  }

  async #runSession(content: Content): Promise<void> {
    const { events } = this.#context.options;
    const importing =
      this.#importing.size > 0 ? Promise.all(this.#importing).then(() => undefined) : undefined;
    const session = new SessionLifecycle(this.#context, await openSession(this.#context, importing));
    this.#tally.sessions++;
    events.emit({ type: 'session:created', sessionId: session.sessionId, number: this.#tally.sessions });
    try {
      const loaded = await this.#load(session, content);
      if (loaded === undefined) return;
      await this.#import(session, loaded);
    } catch (error) {
      await this.#abandon(session);
      throw error;
    }
  }

  /** Loads a session; what was accepted, or undefined when the session was given up and its content is replayed. */
  async #load(session: SessionLifecycle, content: Content): Promise<Content | undefined> {
    const { options } = this.#context;
    const waiting = [...content.batches];
    const accepted: PackedBatch[] = [];
    for (let requests = 0; waiting.length > 0 && requests < options.requestsPerSession;) {
      this.#check();
      // Of a mixed session: whom it names may have been refused since it was gathered.
      const packed = waiting.shift() as PackedBatch;
      const batch = this.#withoutRefusedReferences(packed.unpack());
      if (batch === undefined) continue;
      requests++;
      const outcome = await session.load(batch);
      this.#tally.sent(batch);
      if (outcome.kind === 'loaded') {
        accepted.push(batch.changes.length === packed.size ? packed : new PackedBatch(batch));
        this.#refusals.acknowledged(batch);
        const { entity, kind, items, bytes } = batch;
        options.events.emit({
          type: 'batch:sent',
          sessionId: session.sessionId,
          entity,
          kind,
          items,
          bytes,
          requests,
        });
      } else if (outcome.kind === 'refused') {
        waiting.unshift(
          ...this.#refused(session, batch, outcome.errorCode).map((half) => new PackedBatch(half)),
        );
      } else {
        await session.cancel();
        this.#replay(
          { batches: [...accepted, packed, ...waiting], attempt: content.attempt },
          outcome.reason,
          session.sessionId,
        );
        return undefined;
      }
    }
    // Splitting took requests that were meant for the rest: it goes into the next session.
    if (waiting.length > 0) this.#replays.unshift({ batches: waiting, attempt: content.attempt });
    return { batches: accepted, attempt: content.attempt };
  }

  /** The halves of a refused batch; a single refused record is reported and left out. */
  #refused(session: SessionLifecycle, batch: Batch, errorCode: string | undefined): readonly Batch[] {
    const halves = splitBatch(batch);
    if (halves !== undefined) return halves;
    const change = batch.changes[0];
    if (change === undefined) return [];
    this.#tally.refused(change, errorCode, 'Okta refused the record');
    this.#reportOutcomes([change], session.sessionId, 'refused', errorCode);
    this.#refusedReferences.add(change);
    this.#unconfirmedCreates -= createsIn(batch);
    const { entity, kind, items } = batch;
    this.#context.options.events.emit({
      type: 'batch:refused',
      sessionId: session.sessionId,
      entity,
      kind,
      items,
    });
    this.#refusals.refused(entity, errorCode);
    return [];
  }

  async #import(session: SessionLifecycle, content: Content): Promise<void> {
    if (content.batches.length === 0) {
      await session.cancel();
      return;
    }
    const hasUpserts = content.batches.some((batch) => batch.kind === 'upsert');
    const outcome = await session.trigger(hasUpserts);
    if (outcome === 'unknown') {
      this.#notImported(session, content);
    } else if (outcome === 'lost') {
      this.#replay(content, 'the session was lost before it was triggered', session.sessionId);
    } else if (outcome === 'no-effect') {
      this.#confirmed(session, content);
    } else {
      this.#follow(session, content);
    }
  }

  /** Follows an import to its end while the next session is prepared. */
  #follow(session: SessionLifecycle, content: Content): void {
    const following = session
      .finish()
      .then((completed) => {
        if (completed) this.#confirmed(session, content);
        else this.#notImported(session, content);
      })
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#importing.delete(following));
    this.#importing.add(following);
  }

  /** It may have been imported, whole or in part: it is sent again. */
  #notImported(session: SessionLifecycle, content: Content): void {
    this.#reportBatches(content, session.sessionId, 'unknown');
    this.#replay(content, 'the import did not complete', session.sessionId);
  }

  #confirmed(session: SessionLifecycle, content: Content): void {
    const { events } = this.#context.options;
    const { sessionId } = session;
    let confirmed = 0;
    for (const batch of content.batches) {
      this.#tally.confirmed(batch.unpack().changes);
      this.#unconfirmedCreates -= batch.creates;
      confirmed += batch.size;
    }
    this.#confirmedSessions++;
    this.#reportBatches(content, sessionId, 'confirmed');
    events.emit({ type: 'session:completed', sessionId, changes: confirmed });
    events.emit({
      type: 'state:committed',
      sessionId,
      changes: confirmed,
      remaining: this.#tally.remaining,
      estimatedEnd: this.#estimatedEnd(),
    });
  }

  #reportBatches({ batches }: Content, sessionId: string, outcome: ChangeOutcome['outcome']): void {
    if (this.#context.options.onOutcome === undefined) return;
    for (const batch of batches) this.#reportOutcomes(batch.unpack().changes, sessionId, outcome);
  }

  #reportOutcomes(
    changes: readonly Change[],
    sessionId: string | undefined,
    outcome: ChangeOutcome['outcome'],
    errorCode?: string,
  ): void {
    const { onOutcome } = this.#context.options;
    onOutcome?.(changes.map((change) => outcomeOf(change, sessionId, outcome, errorCode)));
  }

  /** What is left takes full sessions of requests like those so far, each as long as they took or the wait between. */
  #estimatedEnd(): Date {
    const { clock, cooldownMs, requestsPerSession } = this.#context.options;
    const { remaining, confirmedCount, requests } = this.#tally;
    const perSession = Math.max(1, confirmedCount / requests) * requestsPerSession;
    const passed = (clock.now() - this.#startedAt) / this.#confirmedSessions;
    return new Date(clock.now() + Math.ceil(remaining / perSession) * Math.max(passed, cooldownMs));
  }

  #replay(content: Content, reason: string, sessionId: string): void {
    const halves = halve(content, reason, sessionId);
    this.#replays.unshift(...halves);
    this.#context.options.events.emit({
      type: 'session:replayed',
      sessionId,
      reason,
      attempt: content.attempt + 1,
    });
  }

  /** Leaves nothing open where that is possible; the first error stays the one that is told. */
  async #abandon(session: SessionLifecycle): Promise<void> {
    try {
      await session.abandon();
    } catch {
      // The journal knows the session, and the next run settles it.
    }
  }
}
