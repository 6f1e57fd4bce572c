import { OktaHttpError, SessionError } from '../core/errors.js';
import type { Batch, Change, ChangeKind, Entity } from '../core/model.js';
import type { EncodedBody, OktaClient } from '../okta/wire.js';
import type { JournalPhase, PendingRow } from '../state/store.js';
import { cancelAndConfirm, cancelOnAbort } from './cancel-session.js';
import { serverNow, callOptions, type SessionContext } from './upload-context.js';
import type { OpenedSession } from './open-session.js';
import { lookAt } from './get-session.js';
import { pollToEnd } from './poll-session.js';
import { isRefused, isTransient } from './error-kinds.js';

/** Attempts to trigger a session whose trigger was not heard of. */
const TRIGGER_ATTEMPTS = 6;
const TRIGGER_PAUSE_MS = 1000;

/** What became of a load. */
export type LoadOutcome =
  /** Okta acknowledged it. */
  | { readonly kind: 'loaded' }
  /** Okta refused its content; nothing of it was loaded, and the session goes on. */
  | { readonly kind: 'refused'; readonly errorCode: string | undefined }
  /** It may or may not be loaded: the session cannot be used any more. */
  | { readonly kind: 'lost'; readonly reason: string };

/** What became of a trigger. */
export type TriggerOutcome =
  | 'triggered'
  /** Only deletions that matched nothing were loaded: there is nothing to import, and nothing to wait for. */
  | 'no-effect'
  /** The session is gone, and with it what was loaded. */
  | 'lost';

type Mode = Exclude<JournalPhase, 'creating'> | 'settled';

/**
 * One session from its creation to its end, and the only place where a session changes its state. Each step is
 * journaled before Okta is asked for it:
 *
 * - `loading`: created; takes loads. Left by {@link trigger}, or by {@link cancel}.
 * - `triggering`: `startImport` may have been called. Left when it is known to have run (`triggered`) or not to.
 * - `triggered`: being imported. Left by {@link finish}: COMPLETED commits its rows, anything else makes them unknown.
 * - `cancelling`: `deleteSession` may have been called. Left when the session is known to be CLOSED or gone.
 * - `settled`: the journal does not know it any more.
 */
export class SessionLifecycle {
  readonly sessionId: string;
  #mode: Mode = 'loading';
  readonly #context: SessionContext;
  readonly #journalId: number;
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
      return this.#notLoaded(error);
    }
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
    await Promise.all([acknowledged, written]);
  }

  async #notLoaded(error: unknown): Promise<LoadOutcome> {
    if (isTransient(error)) return { kind: 'lost', reason: error.code };
    if (!isRefused(error)) throw error;
    // A 404 is never about the content, also where the session turns out to be there.
    if (error instanceof OktaHttpError && error.status === 404) return { kind: 'lost', reason: error.code };
    // E0000001 stands for many causes: the session itself tells whether it still takes loads.
    const status = await this.#status();
    if (status !== 'CREATED' && status !== 'IN_PROGRESS')
      return { kind: 'lost', reason: `the session is ${status}` };
    await this.#journaled(this.#context.state.journal.refused(this.#journalId));
    return { kind: 'refused', errorCode: error instanceof OktaHttpError ? error.errorCode : undefined };
  }

  /** Starts the import of what was loaded. */
  async trigger(hasUpserts: boolean): Promise<TriggerOutcome> {
    const { okta, state, options } = this.#context;
    if (!hasUpserts && (await this.#status()) === 'CREATED') {
      // "A bulk delete is matched when it is called": nothing matched, and start-import would fail.
      await this.cancel('completed');
      return 'no-effect';
    }
    await this.#journaled(state.journal.triggering(this.#journalId));
    this.#mode = 'triggering';
    for (let attempt = 1; ; attempt++) {
      try {
        await okta.startImport(this.sessionId, callOptions(options));
        return await this.#triggered();
      } catch (error) {
        if (!isTransient(error) && !isRefused(error)) throw error;
      }
      const status = await this.#status();
      if (status === 'TRIGGERED' || status === 'COMPLETED' || status === 'ERROR')
        return await this.#triggered();
      if (status === 'CREATED' || status === 'CLOSED' || status === 'EXPIRED' || status === 'gone') {
        await this.cancel('dropped');
        return 'lost';
      }
      if (attempt === TRIGGER_ATTEMPTS) {
        throw new SessionError(
          `session ${this.sessionId} cannot be triggered; the next run settles it`,
          this.sessionId,
          status,
        );
      }
      await options.clock.sleep(TRIGGER_PAUSE_MS * 2 ** (attempt - 1), options.signal);
    }
  }

  async #triggered(): Promise<'triggered'> {
    await this.#context.state.journal.triggered(this.#journalId, serverNow(this.#context));
    this.#mode = 'triggered';
    this.#context.options.events.emit({ type: 'session:triggered', sessionId: this.sessionId });
    return 'triggered';
  }

  /** Waits for the end of the import. True when Okta reported COMPLETED, and the baseline holds its rows. */
  async finish(): Promise<boolean> {
    const { okta, state, options } = this.#context;
    const session = await pollToEnd(okta, this.sessionId, options);
    const completed = session?.status === 'COMPLETED';
    await state.journal.settle(this.#journalId, completed ? 'completed' : 'unknown');
    this.#mode = 'settled';
    if (!completed)
      options.events.emit({
        type: 'session:failed',
        sessionId: this.sessionId,
        status: session?.status ?? 'gone',
      });
    return completed;
  }

  /**
   * Cancels the session with certainty and settles it. A session that turns out to have been triggered, which only
   * somebody else can have done, leaves its rows unknown.
   */
  async cancel(outcome: 'dropped' | 'completed' = 'dropped'): Promise<void> {
    const { state, options, okta } = this.#context;
    await this.#journaled(state.journal.cancelling(this.#journalId));
    this.#mode = 'cancelling';
    const result = await cancelAndConfirm(this.#context, this.sessionId);
    if (result === 'ran') await pollToEnd(okta, this.sessionId, options);
    await state.journal.settle(this.#journalId, result === 'closed' ? outcome : 'unknown');
    this.#mode = 'settled';
    options.events.emit({ type: 'session:cancelled', sessionId: this.sessionId });
  }

  /** Cancels within a few seconds if it can be; otherwise leaves the session to the journal. */
  async abandon(): Promise<void> {
    // A cancel under way was cut short by the abort, as that of a load whose answer it ended: it is tried once more.
    if (this.#mode !== 'loading' && this.#mode !== 'cancelling') return;
    const { state, options } = this.#context;
    // What was acknowledged no longer matters, nor whether it could be written.
    await state.journal.cancelling(this.#journalId);
    this.#mode = 'cancelling';
    if (!(await cancelOnAbort(this.#context, this.sessionId))) return;
    await state.journal.settle(this.#journalId, 'dropped');
    this.#mode = 'settled';
    options.events.emit({ type: 'session:cancelled', sessionId: this.sessionId });
  }

  /** The session's status, asked until there is an answer. */
  async #status(): Promise<string> {
    const { options } = this.#context;
    for (let attempt = 1; ; attempt++) {
      try {
        return (await lookAt(this.#context, this.sessionId))?.status ?? 'gone';
      } catch (error) {
        if (!isTransient(error) || attempt === TRIGGER_ATTEMPTS) throw error;
        await options.clock.sleep(TRIGGER_PAUSE_MS * 2 ** (attempt - 1), options.signal);
      }
    }
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
