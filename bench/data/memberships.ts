import { join } from 'node:path';
import { cacheDirectory, makeFile } from './files.js';
import { personId } from './people.js';
import { mix, shuffled } from './random.js';

/** Memberships of each user. */
export const PAIRS_PER_USER = 5;
const USERS_PER_GROUP = 50;
const CHOICE_SEED = 81;
const ORDER_SEED = 82;

export type MembershipDay = 'first' | 'second';

/** Groups of a directory with this many users. */
export function groupCount(users: number): number {
  return Math.max(PAIRS_PER_USER * 4, Math.ceil(users / USERS_PER_GROUP));
}

/** The groups themselves. */
export function* groupsOf(users: number): Generator<{
  externalId: string;
  profile: { displayName: string; description: string };
}> {
  for (let i = 0; i < groupCount(users); i++)
    yield {
      externalId: groupId(i),
      profile: { displayName: `Team ${i}`, description: `Everybody of team ${i}` },
    };
}

/** Users of whom one membership is another on the second day: one removed and one new each, so 1 % of all pairs change. */
export function movedUsers(users: number): number {
  return Math.max(1, Math.round((users * PAIRS_PER_USER) / 200));
}

/** The path of a day's memberships, shuffled; made when it is not there. */
export function membershipsFile(day: MembershipDay, users: number): string {
  const path = join(cacheDirectory(), `memberships-${day}-${users}.csv`);
  return makeFile(path, () => lines(day, users));
}

function* lines(day: MembershipDay, users: number): Generator<string, void, undefined> {
  yield 'groupExternalId,memberExternalId';
  const moved = new Uint8Array(users);
  if (day === 'second')
    for (const user of shuffled(users, CHOICE_SEED).subarray(0, movedUsers(users))) moved[user] = 1;
  for (const pair of shuffled(users * PAIRS_PER_USER, ORDER_SEED)) {
    const user = Math.floor(pair / PAIRS_PER_USER);
    const slot = pair % PAIRS_PER_USER;
    // The sixth group of a user who moved takes the place of the fifth.
    const at = slot === PAIRS_PER_USER - 1 && moved[user] === 1 ? PAIRS_PER_USER : slot;
    yield `${groupId(groupOf(user, at, groupCount(users)))},${personId(user)}`;
  }
}

/** The `at`th group of a user; the first six differ. */
function groupOf(user: number, at: number, groups: number): number {
  const step = 1 + (mix(5, user) % Math.floor((groups - 1) / (PAIRS_PER_USER + 1)));
  return (mix(6, user) + at * step) % groups;
}

function groupId(index: number): string {
  return `G${String(index).padStart(6, '0')}`;
}
