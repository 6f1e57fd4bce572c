/** Okta's rate-limit buckets. All requests to `/sessions` and `/sessions/{id}` share one; every other path has its own. */
export type Bucket =
  | 'sessions'
  | 'start-import'
  | 'bulk-upsert'
  | 'bulk-delete'
  | 'bulk-groups-upsert'
  | 'bulk-groups-delete'
  | 'bulk-group-memberships-upsert'
  | 'bulk-group-memberships-delete';

/** One operation of the API. */
export interface Operation {
  /** Okta's operationId. Errors and waits contain it. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly bucket: Bucket;
}

const operation = (id: string, method: Operation['method'], bucket: Bucket): Operation =>
  Object.freeze({ id, method, bucket });

/** The eleven operations. Only a GET can be repeated safely after it was sent. */
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
});
