import { OktaHttpError } from '../core/errors.js';
import type { Batch, Change, ChangeKind, Entity } from '../core/model.js';
import type { EncodedBody, OktaClient } from '../okta/wire.js';
import type { JournalPhase, PendingRow, SessionOutcome } from '../state/journal.js';
import { cancelAndConfirm, cancelOnAbort } from './cancel-session.js';
import { callOptions, elapsedMs, serverNow, type SessionContext } from './upload-context.js';
import type { OpenedSession } from './create-session.js';
import { getSessionWithRetries } from './get-session.js';
import { endStatus, LOADABLE } from './poll-session.js';
import { isRefused, isTransient } from './error-kinds.js';
import { triggerSession } from './trigger-session.js';

/** The pause before a session is checked again after a refused record, because Okta's responses may be outdated. */
const RECHECK_MS = 2000;

/** The result of a load. */
export type LoadOutcome =
  /** Okta acknowledged it. */
  | { readonly kind: 'loaded' }
  /** Okta refused its content. Nothing of it was loaded, and the session is still open. */
  | { readonly kind: 'refused'; readonly errorCode: string | undefined; readonly reason: string | undefined }
  /** It may be loaded or not, so the session cannot be used any more. */
  | { readonly kind: 'lost'; readonly reason: string; readonly error: unknown };

/** The result of triggering a session. */
export type TriggerOutcome =
  | 'triggered'
  /** Only deletions that matched nothing were loaded, so there is nothing to import. */
  | 'no-effect'
  /** The session was closed before it was triggered: nothing of it is imported. */
  | 'lost'
  /** Okta does not know the session any more, and may import it: its rows are unknown. */
  | 'unknown';

type Mode = Exclude<JournalPhase, 'creating'> | 'settled';

/**
 * A session from its creation to its end. Only this class changes the mode of a session. Each step is written to the journal
 * before it is sent to Okta:
 *
 * - `loading`: it accepts loads. Ends with {@link trigger} or {@link cancel}.
 * - `triggering`: `startImport` may have been called. Ends when it is certain whether it ran, or when Okta does not know the
 *   session any more.
 * - `triggered`: Okta imports it. Ends with {@link finish}: COMPLETED commits its rows, any other end makes them unknown.
 * - `cancelling`: `deleteSession` may have been called. Ends when the session is certainly CLOSED or gone.
 * - `settled`: it is removed from the journal.
 */
export class SessionLifecycle {
  readonly sessionId: string;
  #mode: Mode = 'loading';
  readonly #context: SessionContext;
  readonly #journalId: number;
  /** True if Okta may have acted on a trigger. */
  #mayRun = false;
  /** True if a load was acknowledged after the last refusal. */
  #acceptsLoads = true;
  /** The writes of acknowledgments to the journal whose end nobody waited for yet. */
  #acknowledged: Promise<void>[] = [];

  constructor(context: SessionContext, opened: OpenedSession) {
    this.#context = context;
    this.sessionId = opened.sessionId;
    this.#journalId = opened.journalId;
  }

  get mode(): Mode {
    return this.#mode;
  }

  /** Sends one batch. Several loads may be in flight at once. */
  async load(batch: Batch): Promise<LoadOutcome> {
    const { okta, state, options } = this.#context;
    const load = await this.#journaled(state.journal.loading(this.#journalId, batch.changes.map(pendingRow)));
    try {
      await send(okta, this.sessionId, batch, callOptions(options));
    } catch (error) {
      return this.#notLoaded(error, load, batch.changes.length === 1);
    }
    this.#acceptsLoads = true;
    const acknowledged = state.journal.loaded(this.#journalId);
    // The next journal write reports this failure. The empty `catch` only prevents an unhandled rejection until then.
    acknowledged.catch(() => undefined);
    this.#acknowledged.push(acknowledged);
    return { kind: 'loaded' };
  }

  /**
   * Waits until a write to the journal is on disk, and also the acknowledgments before it. Nothing of this load is sent to Okta
   * between them, so they can share a transaction, which saves one wait for the disk for each load.
   */
  async #journaled<T>(written: Promise<T>): Promise<T> {
    const acknowledged = this.#acknowledged.splice(0);
    for (const write of await Promise.allSettled([...acknowledged, written]))
      if (write.status === 'rejected') throw write.reason;
    return written;
  }

  async #notLoaded(error: unknown, load: number, single: boolean): Promise<LoadOutcome> {
    if (isTransient(error)) return { kind: 'lost', error, reason: error.code };
    if (!isRefused(error)) throw error;
    // A 404 is never a refusal of the content, even if the session still exists.
    if (error instanceof OktaHttpError && error.status === 404)
      return { kind: 'lost', error, reason: error.code };
    // E0000001 has many causes. The status of the session shows whether it still accepts loads.
    const closed = await this.#closedStatus(single);
    if (closed !== undefined) return { kind: 'lost', error, reason: `the session is ${closed}` };
    this.#acceptsLoads = false;
    await this.#journaled(this.#context.state.journal.refused(this.#journalId, load));
    const { errorCode, reason } = error instanceof OktaHttpError ? error : {};
    return { kind: 'refused', errorCode, reason };
  }

  /**
   * The status of the session if it does not accept loads any more; otherwise undefined. Okta's response may be outdated, so the
   * status is read twice before a single record is reported as refused, if no load was acknowledged since the last refusal.
   */
  async #closedStatus(single: boolean): Promise<string | undefined> {
    const { clock, signal } = this.#context.options;
    for (let checks = single && !this.#acceptsLoads ? 2 : 1; ; checks--) {
      const status = (await getSessionWithRetries(this.#context, this.sessionId))?.status ?? 'gone';
      if (!LOADABLE.has(status)) return status;
      if (checks === 1) return undefined;
      await clock.sleep(RECHECK_MS, signal);
    }
  }

  /** Starts the import. */
  async trigger(hasUpserts: boolean): Promise<TriggerOutcome> {
    const { state, options } = this.#context;
    await this.#journaled(state.journal.triggering(this.#journalId));
    this.#mode = 'triggering';
    const result = await triggerSession(this.#context, this.sessionId, {
      begun: false,
      onLost: () => (this.#mayRun = true),
    });
    if (result === 'triggered') return await this.#triggered();
    if (result === 'unknown') {
      this.#context.own.lastTriggeredAt = elapsedMs(options);
      this.#context.own.markDoubtful(this.sessionId);
      await this.#settle('unknown');
      options.events.emit({ type: 'session:failed', sessionId: this.sessionId, status: 'gone' });
      return 'unknown';
    }
    // "A bulk delete is matched when it is called": if no deletion matches, there is nothing to import.
    const outcome = await this.cancel(result === 'empty' && !hasUpserts ? 'completed' : 'dropped');
    return outcome === 'completed' ? 'no-effect' : outcome === 'dropped' ? 'lost' : 'unknown';
  }

  async #triggered(): Promise<'triggered'> {
    this.#mayRun = true;
    this.#context.own.lastTriggeredAt = elapsedMs(this.#context.options);
    this.#context.own.markEnded(this.sessionId);
    await this.#context.state.journal.triggered(this.#journalId, serverNow(this.#context));
    this.#mode = 'triggered';
    this.#context.options.events.emit({ type: 'session:triggered', sessionId: this.sessionId });
    return 'triggered';
  }

  /** The final status. At most one session of a run is left: the next one waits behind it, and would be left as well. */
  async #endStatus(ahead?: Promise<unknown>): Promise<string> {
    const { options, own } = this.#context;
    const mayLeave = () => options.leaveSession && !own.hasLeft;
    const status = await endStatus(this.#context, this.sessionId, mayLeave, ahead);
    if (status === 'left') own.hasLeft = true;
    return status;
  }

  /**
   * Waits for the end of the import. Returns its status, or `gone`, or `left` if it is given up with the option `leaveSession`.
   * After COMPLETED, the rows are in the baseline; after any other end, they are unknown.
   *
   * @param ahead - resolves when the sessions that Okta imports before this one have ended
   */
  async finish(ahead?: Promise<unknown>): Promise<string> {
    const { options } = this.#context;
    const status = await this.#endStatus(ahead);
    const completed = status === 'COMPLETED';
    await this.#settle(completed ? 'completed' : 'unknown');
    if (!completed) options.events.emit({ type: 'session:failed', sessionId: this.sessionId, status });
    return status;
  }

  /**
   * Cancels the session and settles it with `outcome` if Okta reports it closed. If it was triggered before, or if Okta does not
   * know it any more, its rows become unknown. Returns the outcome with which it was settled.
   */
  async cancel(outcome: 'dropped' | 'completed' = 'dropped'): Promise<SessionOutcome> {
    const { state, options, own } = this.#context;
    await this.#journaled(state.journal.cancelling(this.#journalId));
    this.#mode = 'cancelling';
    const result = await cancelAndConfirm(this.#context, this.sessionId);
    const end = result === 'ran' ? await this.#endStatus() : 'gone';
    const closed = result === 'closed' || end === 'CLOSED' || end === 'EXPIRED';
    if (closed || end !== 'gone') own.markEnded(this.sessionId);
    else own.markDoubtful(this.sessionId);
    const settled = closed ? outcome : 'unknown';
    await this.#settle(settled);
    options.events.emit({ type: 'session:cancelled', sessionId: this.sessionId });
    return settled;
  }

  /** Cancels the session within a few seconds, if possible. Otherwise it stays in the journal, and the next run settles it. */
  async abandon(): Promise<void> {
    try {
      await this.#cancelQuickly();
    } finally {
      // No write must be in progress after the run has ended.
      await Promise.allSettled(this.#acknowledged);
    }
  }

  async #cancelQuickly(): Promise<void> {
    // In mode `cancelling`, the abort interrupted another cancel, so it is repeated.
    const untriggered = this.#mode === 'triggering' && !this.#mayRun;
    if (this.#mode !== 'loading' && this.#mode !== 'cancelling' && !untriggered) return;
    const { state, options } = this.#context;
    // Acknowledgments do not matter any more, so their write is not awaited.
    await state.journal.cancelling(this.#journalId);
    this.#mode = 'cancelling';
    if (!(await cancelOnAbort(this.#context, this.sessionId))) return;
    this.#context.own.markEnded(this.sessionId);
    await this.#settle('dropped');
    options.events.emit({ type: 'session:cancelled', sessionId: this.sessionId });
  }

  async #settle(outcome: SessionOutcome): Promise<void> {
    await this.#context.state.journal.settle(this.#journalId, outcome);
    this.#mode = 'settled';
  }
}

/** The row that the journal stores for a change. */
function pendingRow({ entity, key, fingerprint }: Change): PendingRow {
  return fingerprint === undefined
    ? { entity, kind: 'delete', key }
    : { entity, kind: 'upsert', key, fingerprint };
}

type Send = (
  okta: OktaClient,
  sessionId: string,
  body: EncodedBody,
  options: { signal?: AbortSignal },
) => Promise<void>;

const SENDERS: Readonly<Record<Entity, Readonly<Record<ChangeKind, Send>>>> = {
  users: {
    upsert: (okta, ...args) => okta.upsertUsers(...args),
    delete: (okta, ...args) => okta.deleteUsers(...args),
  },
  groups: {
    upsert: (okta, ...args) => okta.upsertGroups(...args),
    delete: (okta, ...args) => okta.deleteGroups(...args),
  },
  memberships: {
    upsert: (okta, ...args) => okta.upsertMemberships(...args),
    delete: (okta, ...args) => okta.deleteMemberships(...args),
  },
};

function send(
  okta: OktaClient,
  sessionId: string,
  batch: Batch,
  options: { signal?: AbortSignal },
): Promise<void> {
  return SENDERS[batch.entity][batch.kind](okta, sessionId, batch, options);
}
