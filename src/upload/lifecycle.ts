import { OktaHttpError } from '../core/errors.js';
import type { Batch, Change, ChangeKind, Entity } from '../core/model.js';
import type { EncodedBody, OktaClient } from '../okta/wire.js';
import type { JournalPhase, PendingRow, SessionOutcome } from '../state/store.js';
import { cancelAndConfirm, cancelOnAbort } from './cancel-session.js';
import { serverNow, callOptions, type SessionContext } from './upload-context.js';
import type { OpenedSession } from './create-session.js';
import { getSessionFirmly } from './get-session.js';
import { LOADABLE, pollToEnd } from './poll-session.js';
import { isRefused, isTransient } from './error-kinds.js';
import { triggerSession } from './trigger-session.js';

/** Pause before a refusal of a single record is looked into once more: what the first look showed may be old. */
const APART_MS = 2000;

/** What became of a load. */
export type LoadOutcome =
  /** Okta acknowledged it. */
  | { readonly kind: 'loaded' }
  /** Okta refused its content; nothing of it was loaded, and the session goes on. */
  | { readonly kind: 'refused'; readonly errorCode: string | undefined }
  /** It may or may not be loaded: the session cannot be used any more. */
  | { readonly kind: 'lost'; readonly reason: string; readonly error: unknown };

/** What became of a trigger. */
export type TriggerOutcome =
  | 'triggered'
  /** Only deletions that matched nothing were loaded: there is nothing to import, and nothing to wait for. */
  | 'no-effect'
  /** The session was closed before it was triggered, and with it went what was loaded. */
  | 'lost'
  /** It may be imported, and Okta does not know it: its rows are unknown. */
  | 'unknown';

type Mode = Exclude<JournalPhase, 'creating'> | 'settled';

/**
 * One session from its creation to its end, and the only place where a session changes its state. Each step is
 * journaled before Okta is asked for it:
 *
 * - `loading`: created; takes loads. Left by {@link trigger}, or by {@link cancel}.
 * - `triggering`: `startImport` may have been called. Left when it is known to have run (`triggered`) or not to, or when
 *   Okta does not know the session any more.
 * - `triggered`: being imported. Left by {@link finish}: COMPLETED commits its rows, anything else makes them unknown.
 * - `cancelling`: `deleteSession` may have been called. Left when the session is known to be CLOSED or gone.
 * - `settled`: the journal does not know it any more.
 */
export class SessionLifecycle {
  readonly sessionId: string;
  #mode: Mode = 'loading';
  readonly #context: SessionContext;
  readonly #journalId: number;
  /** Whether a trigger may have been acted on. */
  #mayRun = false;
  /** Whether a load was acknowledged after the last refusal. */
  #takesLoads = true;
  /** The write that tells of the last acknowledgment. */
  #acknowledged: Promise<void> = Promise.resolve();

  constructor(context: SessionContext, opened: OpenedSession) {
    this.#context = context;
    this.sessionId = opened.sessionId;
    this.#journalId = opened.journalId;
  }

  get mode(): Mode {
    return this.#mode;
  }

  /** Sends one batch. */
  async load(batch: Batch): Promise<LoadOutcome> {
    const { okta, state, options } = this.#context;
    await this.#journaled(state.journal.loading(this.#journalId, batch.changes.map(pendingRow)));
    try {
      await send(okta, this.sessionId, batch, callOptions(options));
    } catch (error) {
      return this.#notLoaded(error, batch.changes.length === 1);
    }
    this.#takesLoads = true;
    this.#acknowledged = state.journal.loaded(this.#journalId);
    // Whoever asks Okta next hears of a failure first; until then it must not count as one that nobody looks after.
    this.#acknowledged.catch(() => undefined);
    return { kind: 'loaded' };
  }

  /**
   * Waits until what is journaled is on disk, and the acknowledgment before it. Nothing changes at Okta in between, so the
   * two may share one transaction and one wait for the disk: that saves a session a wait for each of its loads.
   */
  async #journaled(written: Promise<void>): Promise<void> {
    const acknowledged = this.#acknowledged;
    this.#acknowledged = Promise.resolve();
    for (const write of await Promise.allSettled([acknowledged, written]))
      if (write.status === 'rejected') throw write.reason;
  }

  async #notLoaded(error: unknown, single: boolean): Promise<LoadOutcome> {
    if (isTransient(error)) return { kind: 'lost', error, reason: error.code };
    if (!isRefused(error)) throw error;
    // A 404 is never about the content, also where the session turns out to be there.
    if (error instanceof OktaHttpError && error.status === 404)
      return { kind: 'lost', error, reason: error.code };
    // E0000001 stands for many causes: the session itself tells whether it still takes loads.
    const closed = await this.#closedStatus(single);
    if (closed !== undefined) return { kind: 'lost', error, reason: `the session is ${closed}` };
    this.#takesLoads = false;
    await this.#journaled(this.#context.state.journal.refused(this.#journalId));
    return { kind: 'refused', errorCode: error instanceof OktaHttpError ? error.errorCode : undefined };
  }

  /**
   * The session's status where it takes no loads any more; undefined where it does. A look may be old: before a single
   * record is named as refused by a session that accepted nothing since its last refusal, it is looked at twice.
   */
  async #closedStatus(single: boolean): Promise<string | undefined> {
    const { clock, signal } = this.#context.options;
    for (let looks = single && !this.#takesLoads ? 2 : 1; ; looks--) {
      const status = (await getSessionFirmly(this.#context, this.sessionId))?.status ?? 'gone';
      if (!LOADABLE.has(status)) return status;
      if (looks === 1) return undefined;
      await clock.sleep(APART_MS, signal);
    }
  }

  /** Starts the import of what was loaded. */
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
      this.#context.own.doubt(this.sessionId);
      await this.#settle('unknown');
      options.events.emit({ type: 'session:failed', sessionId: this.sessionId, status: 'gone' });
      return 'unknown';
    }
    // "A bulk delete is matched when it is called": of deletions that matched nothing there is nothing to import.
    const outcome = await this.cancel(result === 'empty' && !hasUpserts ? 'completed' : 'dropped');
    return outcome === 'completed' ? 'no-effect' : outcome === 'dropped' ? 'lost' : 'unknown';
  }

  async #triggered(): Promise<'triggered'> {
    this.#mayRun = true;
    this.#context.own.over(this.sessionId);
    await this.#context.state.journal.triggered(this.#journalId, serverNow(this.#context));
    this.#mode = 'triggered';
    this.#context.options.events.emit({ type: 'session:triggered', sessionId: this.sessionId });
    return 'triggered';
  }

  /** Waits for the end of the import. True when Okta reported COMPLETED, and the baseline holds its rows. */
  async finish(): Promise<boolean> {
    const { okta, options } = this.#context;
    const session = await pollToEnd(okta, this.sessionId, options);
    const completed = session?.status === 'COMPLETED';
    await this.#settle(completed ? 'completed' : 'unknown');
    if (!completed)
      options.events.emit({
        type: 'session:failed',
        sessionId: this.sessionId,
        status: session?.status ?? 'gone',
      });
    return completed;
  }

  /**
   * Cancels the session and settles it, as `outcome` says where Okta shows it closed. One that turns out to have been
   * triggered, or that Okta does not know any more, leaves its rows unknown. Answers how it was settled.
   */
  async cancel(outcome: 'dropped' | 'completed' = 'dropped'): Promise<SessionOutcome> {
    const { state, options, okta, own } = this.#context;
    await this.#journaled(state.journal.cancelling(this.#journalId));
    this.#mode = 'cancelling';
    const result = await cancelAndConfirm(this.#context, this.sessionId);
    const end = result === 'ran' ? (await pollToEnd(okta, this.sessionId, options))?.status : undefined;
    const closed = result === 'closed' || end === 'CLOSED' || end === 'EXPIRED';
    if (closed || end !== undefined) own.over(this.sessionId);
    else own.doubt(this.sessionId);
    const settled = closed ? outcome : 'unknown';
    await this.#settle(settled);
    options.events.emit({ type: 'session:cancelled', sessionId: this.sessionId });
    return settled;
  }

  /** Cancels within a few seconds if it can be; otherwise leaves the session to the journal. */
  async abandon(): Promise<void> {
    try {
      await this.#cancelQuickly();
    } finally {
      // No write is under way once the run has ended.
      await this.#acknowledged.catch(() => undefined);
    }
  }

  async #cancelQuickly(): Promise<void> {
    // A cancel under way was cut short by the abort, as that of a load whose answer it ended: it is tried once more.
    const untriggered = this.#mode === 'triggering' && !this.#mayRun;
    if (this.#mode !== 'loading' && this.#mode !== 'cancelling' && !untriggered) return;
    const { state, options } = this.#context;
    // What was acknowledged no longer matters, nor whether it could be written.
    await state.journal.cancelling(this.#journalId);
    this.#mode = 'cancelling';
    if (!(await cancelOnAbort(this.#context, this.sessionId))) return;
    this.#context.own.over(this.sessionId);
    await this.#settle('dropped');
    options.events.emit({ type: 'session:cancelled', sessionId: this.sessionId });
  }

  async #settle(outcome: SessionOutcome): Promise<void> {
    await this.#context.state.journal.settle(this.#journalId, outcome);
    this.#mode = 'settled';
  }
}

/** What the journal keeps of a change. */
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
