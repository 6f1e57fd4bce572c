import type { Observable, Subject } from 'rxjs';
import { attempt, forgiving } from './forgiving-observable.js';
import type { ChangeKind, Entity } from '../core/model.js';
import type { EntityReport, PlanSummary } from '../core/results.js';
import type { Rejection } from '../core/rejection.js';
import { rxjs } from '../flow/load-rxjs.js';

/** The reason for a wait. */
export type WaitReason =
  /** Okta allows no new session within five minutes of triggering one. */
  | 'session-cooldown'
  /** Okta is importing a session. */
  | 'import'
  /** The rate limit of the current window is reached. */
  | 'rate-limit'
  /** Okta is in its read-only mode, in which it changes nothing. The request is retried after a delay. */
  | 'read-only'
  /** A request failed, and is retried after a delay. */
  | 'back-off';

/** An event of a run. Names are `subject:verb`. No event contains a profile value or a secret. */
export type SyncEvent =
  /** The state is new: people who left the source before this run cannot be found. */
  | { readonly type: 'state:new' }
  /** Some thousand more records were read. */
  | { readonly type: 'source:progress'; readonly entity: Entity; readonly read: number }
  /** The source of an entity was read to its end. */
  | { readonly type: 'source:end'; readonly entity: Entity; readonly read: number; readonly rejected: number }
  /** A record was rejected, and is not sent. */
  | { readonly type: 'record:rejected'; readonly rejection: Rejection }
  /** A session that an earlier run left in flight was settled. */
  | {
      readonly type: 'journal:settled';
      readonly sessionId: string | undefined;
      readonly outcome: 'completed' | 'dropped' | 'unknown';
    }
  /** The plan is complete; the guard has not decided yet. */
  | {
      readonly type: 'plan:ready';
      readonly plan: PlanSummary;
      /** What was read of each source, by entity. */
      readonly sources: Readonly<Partial<Record<Entity, EntityReport>>>;
      /** The end if every wait between two sessions is the shortest that is expected: `plan.leastMs` from now, or less by `cooldownMs`. */
      readonly earliestEnd: Date;
      /** The end if every wait between two sessions is the longest that is expected: `plan.mostMs` from now, or less by `cooldownMs`. */
      readonly estimatedEnd: Date;
    }
  /** Okta created a session. */
  | {
      readonly type: 'session:created';
      readonly sessionId: string;
      /** The first session of the run is 1. */
      readonly number: number;
      /** The requests that this session is to have. It has more if Okta refuses one, whose halves are sent instead. */
      readonly requests: number;
    }
  /** Okta acknowledged a bulk request. */
  | {
      readonly type: 'batch:sent';
      readonly sessionId: string;
      readonly entity: Entity;
      readonly kind: ChangeKind;
      readonly items: number;
      readonly bytes: number;
      /** Requests of this session so far. */
      readonly requests: number;
    }
  /** Okta refused a record, with the reason in `rejection`; it is not part of the session. */
  | {
      readonly type: 'batch:refused';
      readonly sessionId: string;
      readonly entity: Entity;
      readonly kind: ChangeKind;
      readonly items: number;
      readonly rejection: Rejection;
    }
  /** Okta has started to import a session. */
  | { readonly type: 'session:triggered'; readonly sessionId: string }
  /** Okta reported a session as COMPLETED. */
  | { readonly type: 'session:completed'; readonly sessionId: string; readonly changes: number }
  /** A session failed or was cancelled, and its content is sent again in a new one. */
  | {
      readonly type: 'session:replayed';
      readonly sessionId: string | undefined;
      readonly reason: string;
      readonly attempt: number;
    }
  /** A session was cancelled; Okta imports nothing of it. */
  | { readonly type: 'session:cancelled'; readonly sessionId: string }
  /**
   * A session ended in another status than COMPLETED. `gone`: Okta does not know it any more; `left`: it was given up with
   * `leaveSession`, and Okta may still import it.
   */
  | { readonly type: 'session:failed'; readonly sessionId: string; readonly status: string }
  /** A session has a status that this version does not know; it is polled until it ends. */
  | { readonly type: 'session:status'; readonly sessionId: string; readonly status: string }
  /** The changes of a session were committed: they are now part of the baseline. */
  | {
      readonly type: 'state:committed';
      readonly sessionId: string;
      /** The changes of this session. */
      readonly changes: number;
      readonly changesByEntity: Readonly<Record<Entity, number>>;
      /** The changes of the plan that are not confirmed yet. */
      readonly remaining: number;
      readonly remainingByEntity: Readonly<Record<Entity, number>>;
      /** The end if every wait from now on is as short as the shortest that worked at this source, or a minute before any did. */
      readonly earliestEnd: Date;
      /** The end if every wait is the longest to expect by what was learned so far, or as long as sessions took so far if that is longer. */
      readonly estimatedEnd: Date;
    }
  /** A wait begins; it ends at `until` at the latest. */
  | {
      readonly type: 'wait:start';
      readonly reason: WaitReason;
      readonly until: Date;
      readonly sessionId: string | undefined;
    }
  /** So many confirmed changes are now read back from Okta (`verifySample`). */
  | { readonly type: 'sample:start'; readonly changes: number }
  /** The run ended without an error. */
  | { readonly type: 'run:done'; readonly sent: number; readonly remaining: number };

/** Receives the events of a run. */
export interface EventSink {
  emit(event: SyncEvent): void;
}

/** A sink that ignores all events. */
export const silent: EventSink = Object.freeze({ emit: () => {} });

/** Passes events to a listener and to an RxJS Observable. A listener that throws affects neither the run nor other listeners. */
export class EventHub implements EventSink {
  readonly #listener: ((event: SyncEvent) => void) | undefined;
  #subject: Subject<SyncEvent> | undefined;
  #observable: Observable<SyncEvent> | undefined;
  #completed = false;

  constructor(listener?: (event: SyncEvent) => void) {
    this.#listener = listener;
  }

  /** The events as an Observable, created on first use. Earlier events are not repeated. */
  get events$(): Observable<SyncEvent> {
    this.#subject ??= new (rxjs().Subject)<SyncEvent>();
    if (this.#completed) this.#subject.complete();
    return (this.#observable ??= forgiving(this.#subject));
  }

  emit(event: SyncEvent): void {
    const listener = this.#listener;
    if (listener !== undefined) attempt(() => listener(event));
    this.#subject?.next(event);
  }

  complete(): void {
    this.#completed = true;
    this.#subject?.complete();
  }
}
