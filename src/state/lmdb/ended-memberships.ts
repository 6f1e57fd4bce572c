import { membershipKey } from '../../core/model.js';
import { membershipAfter, type EndedParents } from '../ended-parents.js';
import type { AdoptedRow } from '../store.js';
import type { EntityRows } from './entity-rows.js';
import { decodeKey, prefixesOfKeys } from './row-codec.js';

/**
 * The new rows of the memberships of removed users and groups, in chunks. Runs inside a write.
 *
 * The memberships of a group are next to each other. Those of a user are not, so if a commit removes users, the keys of all
 * memberships are read once.
 */
export function* endedMemberships(
  memberships: EntityRows,
  ended: EndedParents,
): Generator<readonly AdoptedRow[], void, undefined> {
  for (const prefix of prefixesOf(ended))
    for (const keys of memberships.keys(prefix)) {
      const rows = keys.map((key) => membershipAfter(decodeKey(key), ended));
      yield rows.filter((row) => row !== undefined);
    }
}

const ALL = Buffer.alloc(0);

/** The prefixes of the keys that must be read. */
function prefixesOf({ users, groups }: EndedParents): readonly Buffer[] {
  if (users.size > 0) return [ALL];
  const prefixes: Buffer[] = [];
  for (const group of groups) {
    const own = prefixesOfKeys(membershipKey(group, ''));
    if (own === undefined) return [ALL];
    prefixes.push(...own);
  }
  return prefixes;
}
