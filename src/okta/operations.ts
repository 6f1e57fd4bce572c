/** Okta's rate-limit buckets. All requests to `/sessions` and `/sessions/{id}` share one; every other path has its own. */
export type Bucket =
  | 'sessions'
  | 'start-import'
  | 'bulk-upsert'
  | 'bulk-delete'
  | 'bulk-groups-upsert'
  | 'bulk-groups-delete'
  | 'bulk-group-memberships-upsert'
  | 'bulk-group-memberships-delete'
  | 'users'
  | 'groups'
  | 'membership'
  | 'app-users'
  | 'unconfirmed-users'
  | 'org-groups'
  | 'schemas';

/** One operation of the API. */
export interface Operation {
  /** Okta's operationId. Errors and waits contain it. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly bucket: Bucket;
}

const operation = (id: string, method: Operation['method'], bucket: Bucket): Operation =>
  Object.freeze({ id, method, bucket });

/** The operations of sessions, of single users, groups and memberships, and those that read in pages. Only a GET can be repeated safely after it was sent. */
export const OPERATIONS = Object.freeze({
  createSession: operation('createIdentitySourceSession', 'POST', 'sessions'),
  listSessions: operation('listIdentitySourceSessions', 'GET', 'sessions'),
  getSession: operation('getIdentitySourceSession', 'GET', 'sessions'),
  deleteSession: operation('deleteIdentitySourceSession', 'DELETE', 'sessions'),
  startImport: operation('startImportFromIdentitySource', 'POST', 'start-import'),
  upsertUsers: operation('uploadIdentitySourceDataForUpsert', 'POST', 'bulk-upsert'),
  deleteUsers: operation('uploadIdentitySourceDataForDelete', 'POST', 'bulk-delete'),
  upsertGroups: operation('uploadIdentitySourceGroupsForUpsert', 'POST', 'bulk-groups-upsert'),
  deleteGroups: operation('uploadIdentitySourceGroupsDataForDelete', 'POST', 'bulk-groups-delete'),
  upsertMemberships: operation(
    'uploadIdentitySourceGroupMembershipsForUpsert',
    'POST',
    'bulk-group-memberships-upsert',
  ),
  deleteMemberships: operation(
    'uploadIdentitySourceGroupMembershipsForDelete',
    'POST',
    'bulk-group-memberships-delete',
  ),
  createUser: operation('createIdentitySourceUser', 'POST', 'users'),
  getUser: operation('getIdentitySourceUser', 'GET', 'users'),
  replaceUser: operation('replaceExistingIdentitySourceUser', 'PUT', 'users'),
  updateUser: operation('updateIdentitySourceUsers', 'PATCH', 'users'),
  deleteUser: operation('deleteIdentitySourceUser', 'DELETE', 'users'),
  createGroup: operation('createIdentitySourceGroups', 'POST', 'groups'),
  getGroup: operation('getIdentitySourceGroup', 'GET', 'groups'),
  updateGroup: operation('updateIdentitySourceGroups', 'POST', 'groups'),
  deleteGroup: operation('deleteIdentitySourceGroup', 'DELETE', 'groups'),
  getMemberships: operation('getIdentitySourceGroupMemberships', 'GET', 'membership'),
  createMembership: operation('createIdentitySourceGroupsMemberships', 'POST', 'membership'),
  deleteMembership: operation('deleteIdentitySourceGroupMemberships', 'DELETE', 'membership'),
  listAppUsers: operation('listApplicationUsers', 'GET', 'app-users'),
  listUnconfirmedUsers: operation('listUnconfirmedUsers', 'GET', 'unconfirmed-users'),
  listGroups: operation('listGroups', 'GET', 'org-groups'),
  getSchema: operation('getApplicationUserSchema', 'GET', 'schemas'),
});
