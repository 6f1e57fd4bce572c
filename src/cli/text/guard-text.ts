import type { GuardTrip } from '../../core/results.js';
import { count } from './words.js';

/** The limits that a plan exceeds, one line each. */
export function tripLines(trips: readonly GuardTrip[]): string[] {
  return trips.map((trip) => `  ${tripText(trip)}`);
}

/** One limit that a plan exceeds, as text. */
export function tripText({ entity, rule, actual, limit, population }: GuardTrip): string {
  const of = `of the ${count(population)} ${entity} in Okta`;
  switch (rule) {
    case 'deletePercent':
      return `${percent(actual)} ${of} would be deleted; the limit is ${percent(limit)} (--max-delete-percent)`;
    case 'updatePercent':
      return `${percent(actual)} ${of} would be updated; the limit is ${percent(limit)} (--max-update-percent)`;
    case 'deletes':
      return `${count(actual)} ${entity} would be deleted; the limit is ${count(limit)} (--max-deletes)`;
    case 'updates':
      return `${count(actual)} ${entity} would be updated; the limit is ${count(limit)} (--max-updates)`;
    case 'emptySource':
      return `the source of ${entity} has no records, but there are ${count(population)} in Okta (--allow-empty)`;
    case 'rejects':
      return `${percent(actual)} of the ${entity} in the source were rejected; the limit is ${percent(limit)} (--max-reject-percent)`;
    default:
      // A rule that has no text of its own yet.
      return `${entity}: ${String(rule)} is ${count(actual)}, the limit is ${count(limit)}`;
  }
}

function percent(n: number): string {
  return `${Math.round(n * 10) / 10} %`;
}
