import { PackedBatch } from './packed-batch.js';
import type { LoadOutcome, SessionLifecycle } from './lifecycle.js';
import type { RefusedChanges } from './refused-changes.js';
import { emitSent } from './upload-context.js';
import type { ResolvedUploadOptions } from './upload-options.js';
import type { UploadTally } from './upload-tally.js';
import type { Batch } from '../core/model.js';

/** What the loading of a session needs of its run. */
export interface LoadOptions {
  readonly options: Pick<ResolvedUploadOptions, 'requestsPerSession' | 'loadsInFlight' | 'events'>;
  readonly tally: UploadTally;
  readonly refused: RefusedChanges;
  /** Throws if the run must end. */
  readonly check: () => void;
  /** The parts of a refused batch that are sent again; none if its only record is at fault. */
  readonly split: (
    batch: Batch,
    outcome: LoadOutcome & { readonly kind: 'refused' },
  ) => Promise<readonly Batch[]>;
}

/** A load that Okta may have acted on or not. */
export interface LostBatch {
  readonly batch: PackedBatch;
  readonly outcome: LoadOutcome & { readonly kind: 'lost' };
}

/**
 * Loads a session with several requests at once. Okta promises no order inside a session, so they may arrive in any order. When
 * a response is lost, or a call fails, no further request is sent, and those in flight are waited for.
 */
export class SessionLoader {
  /** The batches that Okta acknowledged. */
  readonly accepted: PackedBatch[] = [];
  /** The batches that were not sent, and those of lost loads. */
  readonly rest: PackedBatch[];
  /** The first lost load; the session cannot be used any more. */
  lost: LostBatch | undefined;
  readonly #session: SessionLifecycle;
  readonly #parts: LoadOptions;
  #requests = 0;
  #answered = 0;
  #failure: { readonly error: unknown } | undefined;
  /** The loads in flight that create users or groups. */
  readonly #creating = new Set<Promise<void>>();

  constructor(session: SessionLifecycle, batches: readonly PackedBatch[], parts: LoadOptions) {
    this.#session = session;
    this.rest = [...batches];
    this.#parts = parts;
  }

  /** Loads all batches, or as many as the session can have. @throws the first error of a call, when no load is in flight */
  async run(): Promise<void> {
    const { loadsInFlight } = this.#parts.options;
    await Promise.all(Array.from({ length: loadsInFlight }, () => this.#loadOneByOne()));
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #loadOneByOne(): Promise<void> {
    try {
      while (this.#canSend) {
        this.#parts.check();
        if (this.#mustWaitForCreations) await Promise.race(this.#creating);
        else await this.#sendNext();
      }
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  get #canSend(): boolean {
    const isOver = this.lost !== undefined || this.#failure !== undefined;
    return !isOver && this.rest.length > 0 && this.#requests < this.#parts.options.requestsPerSession;
  }

  /** A membership is sent only when it is certain that Okta did not refuse its user or group in the same session. */
  get #mustWaitForCreations(): boolean {
    const [next] = this.rest;
    return next?.entity === 'memberships' && next.kind === 'upsert' && this.#creating.size > 0;
  }

  async #sendNext(): Promise<void> {
    const packed = this.rest.shift() as PackedBatch;
    // In a mixed session, Okta may have refused a user or group of a membership after the content was collected.
    const batch = this.#parts.refused.without(packed.unpack());
    if (batch === undefined) return;
    this.#requests++;
    const sent = batch.changes.length === packed.size ? packed : new PackedBatch(batch);
    const load = this.#load(batch, sent);
    if (sent.creates === 0) return load;
    const ended = load.catch(() => undefined);
    this.#creating.add(ended);
    try {
      await load;
    } finally {
      this.#creating.delete(ended);
    }
  }

  async #load(batch: Batch, sent: PackedBatch): Promise<void> {
    const { options, tally, refused, split } = this.#parts;
    const outcome = await this.#session.load(batch);
    tally.sent(batch);
    this.#answered++;
    if (outcome.kind === 'loaded') {
      this.accepted.push(sent);
      refused.limit.acknowledged(batch);
      emitSent(options, this.#session.sessionId, batch, this.#answered);
    } else if (outcome.kind === 'refused') {
      const halves = await split(batch, outcome);
      this.rest.unshift(...halves.map((half) => new PackedBatch(half)));
    } else {
      this.lost ??= { batch: sent, outcome };
      this.rest.unshift(sent);
    }
  }
}
