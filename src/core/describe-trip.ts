import type { Entity } from './model.js';
import type { GuardTrip } from './results.js';
import { quoted } from './visible.js';

/** One limit of the guard that a plan exceeds, as a clause without a full stop. */
export function describeTrip({
  entity,
  rule,
  actual,
  limit,
  population,
  since,
  attribute,
  lookup,
}: GuardTrip): string {
  const upTo = `; the limit is ${count(limit)}`;
  const share = `${count(actual)} % of the ${count(population)} ${entity}`;
  switch (rule) {
    case 'deletePercent':
      return `${share} would be deleted${upTo} %`;
    case 'weekDeletePercent':
      return `${share} would be deleted within seven days, by this plan and earlier ones${upTo} %`;
    case 'heldBack':
      return `deletions of ${entity} are held back since ${since?.slice(0, 10)}, ${count(actual)} days (the limit is ${count(limit)}), because ${whyHeldBack(entity)}`;
    case 'updatePercent':
      return `${share} would be updated${upTo} %`;
    case 'emptiedPercent':
      return `${share} would lose their ${attribute}${upTo} %; has the source still its values?`;
    case 'deletes':
      return `${count(actual)} ${entity} would be deleted${upTo}`;
    case 'updates':
      return `${count(actual)} ${entity} would be updated${upTo}`;
    case 'creates':
      return `${count(actual)} ${entity} would be created${upTo}`;
    case 'emptySource':
      return `the source of ${entity} has no records, but there are ${count(population)} in Okta`;
    case 'groupLoss':
      return `a group would lose ${count(actual)} % of its ${count(population)} members${upTo} %`;
    case 'idChanges':
      return `${count(actual)} people come back under another externalId (the limit is ${count(limit)}): did the ids lose their zeros?`;
    case 'missingFiles':
      return `${lookup === undefined ? `the source of ${entity}` : `the lookup ${quoted(lookup)}`} has ${files(population - actual)}, and had ${count(population)} at the last complete run (${count(actual)} fewer; the limit is ${count(limit)})`;
    case 'noneLeftOut':
      return `a condition of the mapping left out ${count(actual)} ${entity} at the last complete run, and leaves out none now (the limit is ${count(limit)}): did a value get another name?`;
    case 'rejects':
      return `${count(actual)} % of the ${entity} in the source were rejected${upTo} %`;
  }
}

function whyHeldBack(entity: Entity): string {
  const record =
    'a record of the source has no valid id and may be any of them, or the last record of them in a feed is rejected';
  return entity === 'groups' ? `memberships of theirs are held back, or ${record}` : record;
}

function files(n: number): string {
  return `${count(n)} file${n === 1 ? '' : 's'}`;
}

function count(n: number): string {
  return n.toLocaleString('en-US', { maximumFractionDigits: 1 });
}
