import { join } from 'node:path';
import { cacheDirectory, makeFile } from './files.js';
import { personId } from './people.js';

/** Users of each group, and memberships of each user, on the mean. */
const USERS_PER_GROUP = 10;
const MEMBERSHIPS_PER_USER = 2;

/** The groups of a directory with this many users; made when the file is not there. */
export function wholeGroupsFile(users: number): string {
  return makeFile(join(cacheDirectory(), `whole-groups-${users}.csv`), function* () {
    yield 'externalId,displayName,description';
    for (let group = 0; group < groupCount(users); group++)
      yield `${groupId(group)},Team ${group},Everybody of team ${group}`;
  });
}

/** Its memberships: one in two users is in the first group, and everybody is in other groups. */
export function wholeMembershipsFile(users: number): string {
  return makeFile(join(cacheDirectory(), `whole-memberships-${users}.csv`), function* () {
    yield 'groupExternalId,memberExternalId';
    const inFirst = Math.floor(users / 2);
    for (let user = 0; user < inFirst; user++) yield `${groupId(0)},${personId(user)}`;
    const others = groupCount(users) - 1;
    for (let pair = 0; pair < MEMBERSHIPS_PER_USER * users - inFirst; pair++) {
      const [user, round] = [pair % users, Math.floor(pair / users)];
      yield `${groupId(1 + ((user * 7 + round * 13) % others))},${personId(user)}`;
    }
  });
}

/** Users, groups and memberships together. */
export function wholeCount(users: number): number {
  return users + groupCount(users) + MEMBERSHIPS_PER_USER * users;
}

function groupCount(users: number): number {
  return Math.max(20, Math.floor(users / USERS_PER_GROUP));
}

function groupId(group: number): string {
  return `G${String(group).padStart(6, '0')}`;
}
