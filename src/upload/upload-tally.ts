import { displayKey, ENTITIES, type Batch, type Change, type Entity } from '../core/model.js';
import { changesByEntity, type KindCounts, type UploadReport } from '../core/results.js';
import type { Rejection } from '../core/rejection.js';
import type { WaitRange } from '../state/learned-wait.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Counts the requests of an upload, and the changes that Okta confirms and refuses. */
export class UploadTally {
  requests = 0;
  sessions = 0;
  confirmedSessions = 0;
  bytes = 0;
  /** The number of changes of the plan by entity; without a guard, of those received so far. */
  readonly #planned: Record<Entity, number> = { users: 0, groups: 0, memberships: 0 };
  readonly #received: Record<Entity, number> = { users: 0, groups: 0, memberships: 0 };
  #confirmedCount = 0;
  readonly #confirmed: Record<Entity, Mutable<KindCounts>> = {
    users: { creates: 0, updates: 0, deletes: 0 },
    groups: { creates: 0, updates: 0, deletes: 0 },
    memberships: { creates: 0, updates: 0, deletes: 0 },
  };
  readonly #refused: Rejection[] = [];
  /** The number of {@link #refused} that are part of the plan, by entity. */
  readonly #refusedOfPlan: Record<Entity, number> = { users: 0, groups: 0, memberships: 0 };

  /** Sets the size of the plan, if the guard has counted it. */
  plan(changes: Readonly<Record<Entity, number>> | undefined): void {
    if (changes === undefined) return;
    for (const entity of ENTITIES) this.#planned[entity] = Math.max(this.#planned[entity], changes[entity]);
  }

  received({ entity, changes }: Batch): void {
    this.#received[entity] += changes.length;
    this.#planned[entity] = Math.max(this.#planned[entity], this.#received[entity]);
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
    this.#refusedOfPlan[change.entity]++;
    return this.#addRefused(change, errorCode, reason);
  }

  /** Counts a record that the plan does not contain, because Okta refused it in an earlier run. */
  refusedBefore(change: Change, errorCode: string, reason: string): void {
    this.#addRefused(change, errorCode, reason);
  }

  #addRefused(change: Change, errorCode: string | undefined, reason: string): Rejection {
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

  /** The changes of the plan that are neither confirmed nor refused. */
  get remaining(): number {
    return Object.values(this.remainingByEntity).reduce((sum, remaining) => sum + remaining, 0);
  }

  get remainingByEntity(): Record<Entity, number> {
    const confirmed = changesByEntity(this.#confirmed);
    const left = (entity: Entity) => this.#planned[entity] - confirmed[entity] - this.#refusedOfPlan[entity];
    return { users: left('users'), groups: left('groups'), memberships: left('memberships') };
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
      remainingByEntity: this.remainingByEntity,
      refused: [...this.#refused],
      requests: this.requests,
      sessions: this.sessions,
      bytes: this.bytes,
    };
  }
}
