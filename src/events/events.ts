import type { Observable, Subject } from 'rxjs';
import { attempt, forgiving } from './forgiving-observable.js';
import type { ChangeKind, Entity } from '../core/model.js';
import type { PlanSummary } from '../core/results.js';
import type { Rejection } from '../core/rejection.js';
import { rxjs } from '../flow/load-rxjs.js';

/** Why a run waits. */
export type WaitReason =
  /** Okta allows no new session within five minutes of triggering one. */
  | 'session-cooldown'
  /** A session is being imported. */
  | 'import'
  /** The window of a rate limit is used up. */
  | 'rate-limit'
  /** Okta had a fault, and is asked again a little later. */
  | 'back-off';

/** What happens in a run. Names are `subject:verb`; no event holds a profile value or a secret. */
export type SyncEvent =
  /** Some thousand records more were read. */
  | { readonly type: 'source:progress'; readonly entity: Entity; readonly read: number }
  /** An entity's source was read to its end. */
  | { readonly type: 'source:end'; readonly entity: Entity; readonly read: number; readonly rejected: number }
  | { readonly type: 'record:rejected'; readonly rejection: Rejection }
  /** A session that an earlier run left in flight was settled. */
  | {
      readonly type: 'journal:settled';
      readonly sessionId: string | undefined;
      readonly outcome: 'completed' | 'dropped' | 'unknown';
    }
  /** The plan is complete, and has not passed the guard yet. */
  | {
      readonly type: 'plan:ready';
      readonly plan: PlanSummary;
      /** The earliest end that Okta's limits allow. */
      readonly estimatedEnd: Date;
    }
  | { readonly type: 'session:created'; readonly sessionId: string; readonly number: number }
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
  /** Okta refused some records of a batch; they were singled out and stay behind. */
  | {
      readonly type: 'batch:refused';
      readonly sessionId: string;
      readonly entity: Entity;
      readonly kind: ChangeKind;
      readonly items: number;
    }
  | { readonly type: 'session:triggered'; readonly sessionId: string }
  | { readonly type: 'session:completed'; readonly sessionId: string; readonly changes: number }
  /** It was cancelled, and what it held is sent again in a new one. */
  | {
      readonly type: 'session:replayed';
      readonly sessionId: string | undefined;
      readonly reason: string;
      readonly attempt: number;
    }
  | { readonly type: 'session:cancelled'; readonly sessionId: string }
  | { readonly type: 'session:failed'; readonly sessionId: string; readonly status: string }
  /** A session's changes are now part of the baseline. */
  | {
      readonly type: 'state:committed';
      readonly sessionId: string;
      readonly changes: number;
      readonly remaining: number;
      /** When the rest will be confirmed, going by the sessions so far; never before Okta's limits allow. */
      readonly estimatedEnd: Date;
    }
  | {
      readonly type: 'wait:start';
      readonly reason: WaitReason;
      readonly until: Date;
      readonly sessionId: string | undefined;
    }
  | { readonly type: 'run:done'; readonly sent: number; readonly remaining: number };

/** Where the parts of a run tell what happens. */
export interface EventSink {
  emit(event: SyncEvent): void;
}

/** A sink that tells nobody. */
export const silent: EventSink = Object.freeze({ emit: () => {} });

/** Tells events to a listener, and as an RxJS Observable. Whoever throws harms neither the run nor others who listen. */
export class EventHub implements EventSink {
  readonly #listener: ((event: SyncEvent) => void) | undefined;
  #subject: Subject<SyncEvent> | undefined;
  #observable: Observable<SyncEvent> | undefined;
  #completed = false;

  constructor(listener?: (event: SyncEvent) => void) {
    this.#listener = listener;
  }

  /** Made when it is first asked for. What happened before is not told again. */
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
