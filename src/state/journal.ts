import type { Entity, Fingerprint } from '../core/model.js';

/** A change of a session in flight, as the journal stores it: the new row of the baseline, without the profile. */
export type PendingRow =
  | {
      readonly entity: Entity;
      readonly kind: 'upsert';
      readonly key: string;
      readonly fingerprint: Fingerprint;
    }
  | { readonly entity: Entity; readonly kind: 'delete'; readonly key: string };

/** The last known step of a journaled session. */
export type JournalPhase =
  /** `createSession` will be called, or was; `sessionId` is not known yet. */
  | 'creating'
  /** It exists and accepts loads. */
  | 'loading'
  /** `startImport` will be called, or was. Every load was acknowledged. */
  | 'triggering'
  /** `startImport` was acknowledged. */
  | 'triggered'
  /** `deleteSession` will be called, or was. If the session is CLOSED, its loads are dropped. */
  | 'cancelling';

/** A session in flight, as the journal stores it. */
export interface JournaledSession {
  /** The number of the session in the journal; it rises with each session. */
  readonly id: number;
  readonly sessionId: string | undefined;
  readonly phase: JournalPhase;
  /** The time of its creation in milliseconds, by the server's clock if that is known. */
  readonly startedAt: number;
  /** The ids of the sessions that Okta listed before its creation. None of them is this session. */
  readonly seen: readonly string[];
  /** The time at which it was triggered; undefined before. */
  readonly triggeredAt: number | undefined;
  /** The number of loads that were sent, including one that is about to be sent. */
  readonly loads: number;
  /** The number of loads that Okta acknowledged. */
  readonly acknowledged: number;
  /** The number of rows of all loads. */
  readonly rows: number;
  /** True if any of its rows is an upsert. */
  readonly hasUpserts: boolean;
}

/** The outcome of a journaled session, and its effect on the baseline. */
export type SessionOutcome =
  /** Okta reported COMPLETED, or its deletes matched nothing: its rows are written to the baseline. */
  | 'completed'
  /** It was cancelled, or never existed: the baseline does not change. */
  | 'dropped'
  /** Okta may have applied all of it, or a part: its rows become unknown, and the next run sends them again. */
  | 'unknown';

/**
 * The write-ahead journal of sessions. Each call survives a crash and a loss of power when its promise resolves. Calls need not
 * wait for each other: they take effect, and become durable, in the order in which they are made.
 */
export interface Journal {
  /** The sessions in flight, oldest first. */
  open(): Promise<readonly JournaledSession[]>;
  /** The rows of a session in flight, in parts, such as load by load. None for a session that the journal does not have. */
  pending(id: number): AsyncIterable<readonly PendingRow[]>;
  /** Before `createSession`, with the ids of the sessions that Okta lists. Returns the number of the session in the journal. */
  creating(now: number, seen?: readonly string[]): Promise<number>;
  /** After `createSession`. */
  created(id: number, sessionId: string): Promise<void>;
  /**
   * Before a load is sent, with all its rows. Returns the number of the load, which no other load of the session has that may be
   * in flight at the same time.
   */
  loading(id: number, rows: readonly PendingRow[]): Promise<number>;
  /** After Okta acknowledged one of the loads. */
  loaded(id: number): Promise<void>;
  /** After Okta refused the load with this number: nothing of it was loaded. */
  refused(id: number, load: number): Promise<void>;
  triggering(id: number): Promise<void>;
  triggered(id: number, now: number): Promise<void>;
  cancelling(id: number): Promise<void>;
  /**
   * Ends a session: applies its outcome to the baseline and removes it from the journal, in one transaction. If it is completed, its
   * deletions are added to the meta value `deletions-by-day` with `withDeletions`, in the same transaction.
   */
  settle(id: number, outcome: SessionOutcome): Promise<void>;
  /** The time at which the last session was triggered, for the wait before the next; undefined if none was. */
  lastTriggeredAt(): Promise<number | undefined>;
}
