import type { Profile } from '../core/model.js';
import { emptyContent, iso, jsonContent, pageOf, type Content } from './answers.js';
import { ApiFault, invalid, loginTaken } from './api-fault.js';
import { readMember, readOne, type Listed } from './content.js';
import { MAX_PAGE } from './contract.js';
import type { HeldGroup, SimulatedDirectory } from './directory.js';
import type { EntityRoute } from './routes.js';
import type { OrgRequest } from './types.js';

/** Executes an operation on one user, group or membership. It takes effect at once, without a session. */
export function performEntity(
  directory: SimulatedDirectory,
  route: EntityRoute,
  { body }: OrgRequest,
  url: string,
  now: number,
): Content {
  switch (route.name) {
    case 'create-user': {
      const user = readOne('users', body);
      if (directory.user(user.externalId) !== undefined) throw invalid('the user exists');
      applyOrRefuse(directory, user, now);
      return emptyContent(200);
    }
    case 'user':
      return userContent(directory, route.id, UNSET);
    case 'replace-user':
      requireUser(directory, route.id);
      applyOrRefuse(directory, readOne('users', body, route.id), now);
      return userContent(directory, route.id);
    case 'update-user': {
      const { profile } = requireUser(directory, route.id);
      const given = readOne('users', body, route.id);
      applyOrRefuse(directory, { ...given, profile: Object.freeze({ ...profile, ...given.profile }) }, now);
      return userContent(directory, route.id);
    }
    case 'delete-user':
      requireUser(directory, route.id);
      directory.apply(deletion('users', route.id), now);
      return emptyContent(204);
    case 'create-group': {
      const group = readOne('groups', body);
      if (directory.group(group.externalId) !== undefined) throw invalid('the group exists');
      directory.apply(group, now);
      return groupContent(directory, group.externalId);
    }
    case 'group':
      return groupContent(directory, route.id);
    case 'update-group': {
      const { externalId } = requireGroup(directory, route.id);
      directory.apply(readOne('groups', body, externalId), now);
      return groupContent(directory, externalId);
    }
    case 'delete-group':
      directory.apply(deletion('groups', requireGroup(directory, route.id).externalId), now);
      return emptyContent(204);
    case 'members': {
      const { externalId } = requireGroup(directory, route.id);
      const { items, headers } = pageOf([...directory.membersOf(externalId)], route.query, MAX_PAGE, url);
      return jsonContent(200, { memberExternalIds: items }, headers);
    }
    case 'add-member': {
      const { externalId } = requireGroup(directory, route.id);
      const added = { ...deletion('memberships', externalId, readMember(body)), kind: 'upsert' } as const;
      if (directory.apply(added, now) !== undefined) throw invalid('no such member');
      return emptyContent(204);
    }
    case 'remove-member': {
      const { externalId } = requireGroup(directory, route.id);
      directory.apply(deletion('memberships', externalId, route.memberId), now);
      return emptyContent(204);
    }
  }
}

/** Applies the upsert of a user. @throws ApiFault if another active user has the login */
function applyOrRefuse(directory: SimulatedDirectory, user: Listed, now: number): void {
  if (directory.apply(user, now) !== undefined) throw loginTaken();
}

const NO_PROFILE: Profile = Object.freeze({});

function deletion(entity: Listed['entity'], externalId: string, memberExternalId = ''): Listed {
  return { entity, kind: 'delete', externalId, memberExternalId, profile: NO_PROFILE };
}

/** In recordings, the answer of the call that reads a user has these attributes also if they were never sent. */
const UNSET: Profile = Object.freeze({
  firstName: null,
  lastName: null,
  mobilePhone: null,
});

function userContent(
  directory: SimulatedDirectory,
  externalId: string,
  unset: Profile = NO_PROFILE,
): Content {
  const { id, profile, created, lastUpdated } = requireUser(directory, externalId);
  const times = { created: iso(created), lastUpdated: iso(lastUpdated) };
  return jsonContent(200, { id, externalId, profile: { ...unset, ...profile }, ...times });
}

function groupContent(directory: SimulatedDirectory, idOrExternalId: string): Content {
  const { externalId, group } = requireGroup(directory, idOrExternalId);
  return jsonContent(200, { id: group.id, externalId, profile: group.profile });
}

function requireUser(directory: SimulatedDirectory, externalId: string) {
  const user = directory.user(externalId);
  if (user === undefined) throw new ApiFault(404, 'E0000007', 'no such user');
  return user;
}

function requireGroup(
  directory: SimulatedDirectory,
  idOrExternalId: string,
): { externalId: string; group: HeldGroup } {
  const found = directory.group(idOrExternalId);
  if (found === undefined) throw new ApiFault(404, 'E0000007', 'no such group');
  return found;
}
