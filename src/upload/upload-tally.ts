import type { Batch, Change, Entity } from '../core/model.js';
import { displayKey } from '../core/model.js';
import type { KindCounts, UploadReport } from '../core/results.js';
import type { Rejection } from '../core/rejection.js';
import type { WaitRange } from '../state/learned-wait.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Counts the requests of an upload, and the changes that Okta confirms and refuses. */
export class UploadTally {
  requests = 0;
  sessions = 0;
  confirmedSessions = 0;
  bytes = 0;
  /** The number of changes of the plan; without a guard, of those received so far. */
  #planned = 0;
  #received = 0;
  #confirmedCount = 0;
  readonly #confirmed: Record<Entity, Mutable<KindCounts>> = {
    users: { creates: 0, updates: 0, deletes: 0 },
    groups: { creates: 0, updates: 0, deletes: 0 },
    memberships: { creates: 0, updates: 0, deletes: 0 },
  };
  readonly #refused: Rejection[] = [];
  /** Those of {@link #refused} that are no part of the plan. */
  #refusedBefore = 0;

  /** Sets the size of the plan, if the guard has counted it. */
  plan(changes: number | undefined): void {
    this.#planned = Math.max(this.#planned, changes ?? 0);
  }

  received(batch: Batch): void {
    this.#received += batch.changes.length;
    this.#planned = Math.max(this.#planned, this.#received);
  }

  sent(batch: Batch): void {
    this.requests++;
    this.bytes += batch.bytes;
  }

  confirmed(changes: readonly Change[]): void {
    this.#confirmedCount += changes.length;
    for (const { entity, kind, created } of changes) {
      this.#confirmed[entity][kind === 'delete' ? 'deletes' : created ? 'creates' : 'updates']++;
    }
  }

  refused(change: Change, errorCode: string | undefined, reason: string): Rejection {
    const rejection = {
      entity: change.entity,
      externalId: displayKey(change.entity, change.key),
      file: undefined,
      line: undefined,
      position: 0,
      field: undefined,
      code: errorCode ?? 'REFUSED',
      reason,
    };
    this.#refused.push(rejection);
    return rejection;
  }

  /** Counts a record that the plan does not contain, because Okta refused it in an earlier run. */
  refusedBefore(change: Change, errorCode: string, reason: string): void {
    this.refused(change, errorCode, reason);
    this.#refusedBefore++;
  }

  get remaining(): number {
    return this.#planned - this.#confirmedCount - this.#refused.length + this.#refusedBefore;
  }

  /**
   * Assumes that the remaining sessions are full, with requests like those so far. At the earliest, one follows the other by the
   * shortest wait; at the latest by the longest, or by the mean time of the sessions so far if that is longer.
   */
  expectedEnd(
    startedAt: number,
    now: number,
    { leastMs, mostMs }: WaitRange,
    requestsPerSession: number,
  ): { earliestEnd: Date; estimatedEnd: Date } {
    const perSession = Math.max(1, this.#confirmedCount / this.requests) * requestsPerSession;
    const sessions = Math.ceil(this.remaining / perSession);
    const meanMs = (now - startedAt) / this.confirmedSessions;
    return {
      earliestEnd: new Date(now + sessions * leastMs),
      estimatedEnd: new Date(now + sessions * Math.max(meanMs, mostMs)),
    };
  }

  report(): Omit<UploadReport, 'rejections'> {
    return {
      confirmed: structuredClone(this.#confirmed),
      remaining: this.remaining,
      refused: [...this.#refused],
      requests: this.requests,
      sessions: this.sessions,
      bytes: this.bytes,
    };
  }
}
