import { ENTITIES, type Entity } from '../core/model.js';
import type { PendingRow } from './journal.js';

/** The name of the meta value with the deletions of the last days; {@link withDeletions} makes it. */
export const DELETIONS_BY_DAY = 'deletions-by-day';

/** The days that count besides the current one. */
const DAYS = 7;
const DAY_MS = 86_400_000;

/** The number of deletions of each entity. */
export type DeletionCounts = Readonly<Record<Entity, number>>;
/** Deletions by day, counted from the epoch, in UTC. */
type Table = Record<string, Partial<DeletionCounts>>;

/** The number of deletions of each entity among rows of sessions. */
export function deletionsIn(rows: readonly PendingRow[]): DeletionCounts {
  const counts = { users: 0, groups: 0, memberships: 0 };
  for (const { kind, entity } of rows) if (kind === 'delete') counts[entity]++;
  return counts;
}

/**
 * The meta value `deletions-by-day` with further deletions. A store sets it in the transaction in which `settle` ends a session
 * as `completed`, with the time at which the session was triggered, or created if it was not triggered.
 * @param value - the value before; it is also the result if there are no deletions
 * @param at - milliseconds since the epoch
 * @example
 * const value = await state.getMeta('deletions-by-day');
 * const table = withDeletions(value, Date.now(), { users: 2, groups: 0, memberships: 0 });
 */
export function withDeletions(
  value: string | undefined,
  at: number,
  counts: DeletionCounts,
): string | undefined {
  if (ENTITIES.every((entity) => counts[entity] === 0)) return value;
  const today = dayOf(at);
  const table = recentDays(value, at);
  const before = table[today];
  const sum = (entity: Entity) => (before?.[entity] ?? 0) + counts[entity];
  table[today] = { users: sum('users'), groups: sum('groups'), memberships: sum('memberships') };
  return JSON.stringify(table);
}

/** The deletions of each entity in the last seven days. @param value - the meta value {@link DELETIONS_BY_DAY} */
export function recentDeletions(value: string | undefined, now: number): DeletionCounts {
  const sums = { users: 0, groups: 0, memberships: 0 };
  for (const counts of Object.values(recentDays(value, now)))
    for (const entity of ENTITIES) sums[entity] += counts[entity] ?? 0;
  for (const entity of ENTITIES) sums[entity] = Math.max(0, sums[entity]);
  return sums;
}

/**
 * The meta value {@link DELETIONS_BY_DAY} after a person approved a plan: neither its deletions nor earlier ones count from then on.
 * @param planned - the deletions of the plan, which its sessions will add
 */
export function afterApproval(now: number, planned: DeletionCounts): string {
  const { users, groups, memberships } = planned;
  const negative = { users: -users, groups: -groups, memberships: -memberships };
  return withDeletions(undefined, now, negative) ?? '{}';
}

/** The part of the table that counts. The clock may be that of the server or of this machine, so a day may be ahead. */
function recentDays(value: string | undefined, now: number): Table {
  const table = value === undefined ? {} : (JSON.parse(value) as Table);
  const today = dayOf(now);
  return Object.fromEntries(Object.entries(table).filter(([day]) => Math.abs(today - Number(day)) <= DAYS));
}

function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}
