import type { GroupRecord, MembershipRecord, Profile, UserRecord } from '../core/model.js';
import type { CallOptions } from './wire.js';

/** A user of the identity source, read by its external id. */
export interface OktaUser {
  /** Okta's id of the app user; not that of the Okta user. */
  readonly id: string | undefined;
  readonly externalId: string;
  readonly profile: Profile;
  /** ISO date-time. */
  readonly lastUpdated: string | undefined;
}

/** A group of the identity source, read by its external id. */
export interface OktaGroup {
  /** Okta's id of the group. */
  readonly id: string | undefined;
  readonly externalId: string;
  readonly profile: Profile;
}

/** A user of the identity source, from a page of the Apps API. */
export interface AppUser {
  readonly id: string | undefined;
  /** Undefined for a user that did not come from the identity source. */
  readonly externalId: string | undefined;
  /** Okta's status, such as ACTIVE, IMPORTED, MATCHED, UNASSIGNED or DEPROVISIONED. */
  readonly status: string | undefined;
  /** When Okta last imported the user, in milliseconds since the epoch; undefined if the answer does not say. */
  readonly lastSync?: number | undefined;
  readonly profile: Profile;
}

/** A group of the org that the identity source owns. Okta's answer need not contain its external id. */
export interface OrgGroup {
  readonly id: string;
  readonly name: string;
}

/** An attribute of users in the schema of the identity source. */
export interface SchemaAttribute {
  readonly name: string;
  /** Okta's type; only `string` can be synchronized. */
  readonly type: string | undefined;
  readonly required: boolean;
  /** Characters. */
  readonly maxLength: number | undefined;
}

/** A page of a list. */
export interface OktaPage<T> {
  readonly items: readonly T[];
  /** The `after` of the next page; undefined for the last page. */
  readonly next: string | undefined;
}

/** Options of a call that reads one page. */
export interface PageOptions extends CallOptions {
  /** The `next` of the page before. @defaultValue the first page */
  readonly after?: string;
  /** The most items of the page. @defaultValue the most that Okta allows: 1000 members, otherwise 500 */
  readonly limit?: number;
}

/**
 * The operations of Okta's Identity Sources API on single users, groups and memberships, and the calls of the Apps, Groups and
 * Schemas API that read an identity source in pages. Each path has its own rate limit, which the client keeps. As for
 * `OktaClient`, only a GET is repeated after its response was lost.
 *
 * The operations that write take effect at once, without a session. The state does not learn of them.
 */
export interface DirectoryClient {
  readonly orgUrl: string;
  readonly identitySourceId: string;
  /** The `Date` of Okta's latest response, in milliseconds since the epoch; undefined before the first. */
  serverDate(): number | undefined;
  /**
   * The rate limits that Okta told so far: the requests that it allows in one window, mostly a minute, by the kind of request, such as
   * `sessions`, `bulk-upsert` or `app-users`. The client uses `rateLimitShare` of them.
   */
  rateLimits(): ReadonlyMap<string, number>;

  /** Okta's `createIdentitySourceUser`. */
  createUser(user: UserRecord, options?: CallOptions): Promise<void>;
  /** Okta's `getIdentitySourceUser`. Returns undefined if Okta does not know the user. */
  getUser(externalId: string, options?: CallOptions): Promise<OktaUser | undefined>;
  /** Okta's `replaceExistingIdentitySourceUser`: attributes that the profile lacks are removed. */
  replaceUser(user: UserRecord, options?: CallOptions): Promise<OktaUser>;
  /** Okta's `updateIdentitySourceUsers`: attributes that the profile lacks stay. */
  updateUser(user: UserRecord, options?: CallOptions): Promise<OktaUser>;
  /** Okta's `deleteIdentitySourceUser`: deactivates the user. */
  deleteUser(externalId: string, options?: CallOptions): Promise<void>;
  /** Okta's `createIdentitySourceGroups`. */
  createGroup(group: GroupRecord, options?: CallOptions): Promise<OktaGroup>;
  /** Okta's `getIdentitySourceGroup`. Returns undefined if Okta does not know the group. */
  getGroup(externalId: string, options?: CallOptions): Promise<OktaGroup | undefined>;
  /** Okta's `updateIdentitySourceGroups`. */
  updateGroup(group: GroupRecord, options?: CallOptions): Promise<OktaGroup>;
  /** Okta's `deleteIdentitySourceGroup`. */
  deleteGroup(externalId: string, options?: CallOptions): Promise<void>;
  /**
   * Okta's `getIdentitySourceGroupMemberships`: a page of the external ids of a group's members, at most 1000. Returns undefined if
   * Okta does not know the group.
   */
  getMemberships(groupExternalId: string, options?: PageOptions): Promise<OktaPage<string> | undefined>;
  /** Okta's `createIdentitySourceGroupsMemberships`. */
  createMembership(membership: MembershipRecord, options?: CallOptions): Promise<void>;
  /** Okta's `deleteIdentitySourceGroupMemberships`. */
  deleteMembership(membership: MembershipRecord, options?: CallOptions): Promise<void>;

  /**
   * Okta's `listApplicationUsers`: a page of the users of the identity source, at most 500. It needs the scope `okta.apps.read`.
   * Okta does not promise it for identity sources: expect 403 and 404.
   */
  listAppUsers(options?: PageOptions): Promise<OktaPage<AppUser>>;
  /** A page of the users that were imported and wait for an administrator's confirmation; as {@link listAppUsers}. */
  listUnconfirmedUsers(options?: PageOptions): Promise<OktaPage<AppUser>>;
  /** Okta's `listGroups`: a page of the groups that the identity source owns. It needs the scope `okta.groups.read`. */
  listGroups(options?: PageOptions): Promise<OktaPage<OrgGroup>>;
  /** Okta's `getApplicationUserSchema`: the attributes of users. It needs the scope `okta.schemas.read`. */
  getSchema(options?: CallOptions): Promise<readonly SchemaAttribute[]>;
}
