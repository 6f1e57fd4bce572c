import { OptionsError } from '../core/errors.js';
import type { ChangeKind, MembershipRecord, Profile } from '../core/model.js';
import type { Listed } from './content.js';
import type { OrgLogins } from './logins.js';
import { identifier } from './random.js';
import type { ViolationRule } from './types.js';

/** A user of the org. Users are never erased: a deleted user is deactivated. */
export interface HeldUser {
  /** The org's own id. */
  readonly id: string;
  readonly profile: Profile;
  /** UNCONFIRMED: imported, and waiting for an administrator's confirmation. */
  readonly status: 'ACTIVE' | 'UNCONFIRMED' | 'DEACTIVATED';
  /** Milliseconds since the Unix epoch. */
  readonly created: number;
  readonly lastUpdated: number;
}

/** A group of the org. */
export interface HeldGroup {
  /** The org's own id. */
  readonly id: string;
  readonly profile: Profile;
}

/** A copy of the users, groups and memberships of one identity source. */
export interface DirectoryView {
  /** Users by external id, including deactivated ones. */
  readonly users: ReadonlyMap<string, HeldUser>;
  /** Groups by external id. */
  readonly groups: ReadonlyMap<string, HeldGroup>;
  /** All memberships, as `JSON.stringify([groupExternalId, memberExternalId])`. */
  readonly memberships: ReadonlyMap<string, MembershipRecord>;
  /** The external ids of members by group; also contains groups without members. */
  readonly members: ReadonlyMap<string, ReadonlySet<string>>;
  /** The number of ACTIVE users. */
  readonly activeUsers: number;
}

/**
 * Changes a directory by hand, as an administrator or another program would; see `org.edit`. Logins that are in use are not
 * refused here.
 */
export interface DirectoryEdit {
  /** Sets the profile of a user, or creates it. @param status - by default that of the user, or ACTIVE */
  setUser(externalId: string, profile: Profile, status?: HeldUser['status']): void;
  /** Sets the status of a user. @throws OptionsError if there is no such user */
  setStatus(externalId: string, status: HeldUser['status']): void;
  /** Erases a user with its memberships, which Okta's API cannot do. */
  removeUser(externalId: string): void;
  /** Sets the profile of a group, or creates it. */
  setGroup(externalId: string, profile: Profile): void;
  removeGroup(externalId: string): void;
  /** @throws OptionsError if the group or the user does not exist */
  addMember(groupExternalId: string, memberExternalId: string): void;
  removeMember(groupExternalId: string, memberExternalId: string): void;
}

/** The users, groups and memberships of one identity source. */
export class SimulatedDirectory {
  readonly #users = new Map<string, HeldUser>();
  readonly #groups = new Map<string, HeldGroup>();
  readonly #members = new Map<string, Set<string>>();
  readonly #seed: number;
  readonly #unconfirmed: (externalId: string) => boolean;
  readonly #logins: OrgLogins | undefined;
  #ids = 0;

  /**
   * @param unconfirmed - true for a new user that waits for confirmation
   * @param logins - the logins in use in the org; undefined if several users may have one login
   */
  constructor(seed: number, unconfirmed: (externalId: string) => boolean, logins: OrgLogins | undefined) {
    this.#seed = seed;
    this.#unconfirmed = unconfirmed;
    this.#logins = logins;
  }

  /** All users by external id, in the order of their creation. */
  get users(): ReadonlyMap<string, HeldUser> {
    return this.#users;
  }

  /** All groups by external id, in the order of their creation. */
  get groups(): ReadonlyMap<string, HeldGroup> {
    return this.#groups;
  }

  user(externalId: string): HeldUser | undefined {
    return this.#users.get(externalId);
  }

  /** Finds a group by its external id or by the org's own id. */
  group(idOrExternalId: string): { externalId: string; group: HeldGroup } | undefined {
    const group = this.#groups.get(idOrExternalId);
    if (group !== undefined) return { externalId: idOrExternalId, group };
    for (const [externalId, other] of this.#groups) {
      if (other.id === idOrExternalId) return { externalId, group: other };
    }
    return undefined;
  }

  membersOf(groupExternalId: string): ReadonlySet<string> {
    return this.#members.get(groupExternalId) ?? new Set();
  }

  /**
   * True if a deletion finds its entity. A user that is already deactivated is not found.
   */
  matches(item: Listed): boolean {
    switch (item.entity) {
      case 'users': {
        const status = this.#users.get(item.externalId)?.status;
        return status !== undefined && status !== 'DEACTIVATED';
      }
      case 'groups':
        return this.#groups.has(item.externalId);
      case 'memberships':
        return this.membersOf(item.externalId).has(item.memberExternalId);
    }
  }

  /** True for an upsert that gives a user the login of another active user of the org. */
  isLoginTaken({ entity, kind, externalId, profile }: Listed): boolean {
    if (entity !== 'users' || kind === 'delete' || this.#isWaiting(externalId)) return false;
    return this.#logins?.isTaken(profile['userName'], this.#users.get(externalId)?.id) === true;
  }

  /** An upsert with the attributes that it leaves out, as the directory has them. Those of a deactivated user count too. */
  completed(item: Listed): Listed {
    const { entity, kind, externalId, profile } = item;
    if (entity === 'memberships' || kind === 'delete') return item;
    const held = (entity === 'users' ? this.#users : this.#groups).get(externalId);
    return held === undefined ? item : { ...item, profile: Object.freeze({ ...held.profile, ...profile }) };
  }

  /** Applies one item. Returns the broken rule for an item that has no effect. */
  apply(item: Listed, now: number): ViolationRule | undefined {
    if (this.isLoginTaken(item)) return 'login-taken';
    if (item.entity === 'users') this.#applyUser(item, now);
    else if (item.entity === 'groups') this.#applyGroup(item);
    else if (!this.#applyMembership(item)) return 'membership-before-entity';
    return undefined;
  }

  /** A copy, which later changes do not affect. */
  view(): DirectoryView {
    const memberships = new Map<string, MembershipRecord>();
    const members = new Map<string, ReadonlySet<string>>();
    for (const [groupExternalId, ids] of this.#members) {
      members.set(groupExternalId, new Set(ids));
      for (const memberExternalId of ids) {
        const key = JSON.stringify([groupExternalId, memberExternalId]);
        memberships.set(key, { groupExternalId, memberExternalId });
      }
    }
    let activeUsers = 0;
    for (const { status } of this.#users.values()) if (status === 'ACTIVE') activeUsers++;
    return {
      users: new Map(this.#users),
      groups: new Map(this.#groups),
      memberships,
      members,
      activeUsers,
    };
  }

  /** Erases a user and its memberships. */
  #removeUser(externalId: string): void {
    this.#logins?.replace(this.#users.get(externalId), undefined);
    this.#users.delete(externalId);
    for (const members of this.#members.values()) members.delete(externalId);
  }

  /** The functions that change the directory by hand. */
  edit(now: number): DirectoryEdit {
    return {
      setUser: (externalId, profile, status) =>
        this.#setUser(externalId, profile, status ?? this.#users.get(externalId)?.status ?? 'ACTIVE', now),
      setStatus: (externalId, status) => {
        const user = this.#users.get(externalId);
        if (user === undefined) throw new OptionsError('externalId', 'the org has no such user');
        this.#setUser(externalId, user.profile, status, now);
      },
      removeUser: (externalId) => this.#removeUser(externalId),
      setGroup: (externalId, profile) =>
        this.#applyGroup({ entity: 'groups', kind: 'upsert', externalId, memberExternalId: '', profile }),
      removeGroup: (externalId) =>
        this.#applyGroup({ entity: 'groups', kind: 'delete', externalId, memberExternalId: '', profile: {} }),
      addMember: (groupExternalId, memberExternalId) => {
        const added = this.#applyMembership(membership('upsert', groupExternalId, memberExternalId));
        if (!added) throw new OptionsError('memberExternalId', 'the org has no such group or user');
      },
      removeMember: (groupExternalId, memberExternalId) =>
        void this.#applyMembership(membership('delete', groupExternalId, memberExternalId)),
    };
  }

  #applyUser({ kind, externalId, profile }: Listed, now: number): void {
    const held = this.#users.get(externalId);
    if (kind === 'delete') {
      if (held !== undefined) this.#setUser(externalId, held.profile, 'DEACTIVATED', now);
      return;
    }
    this.#setUser(externalId, profile, this.#isWaiting(externalId) ? 'UNCONFIRMED' : 'ACTIVE', now);
  }

  /** True for a user who waits for confirmation after the next upsert. */
  #isWaiting(externalId: string): boolean {
    const held = this.#users.get(externalId);
    return held === undefined ? this.#unconfirmed(externalId) : held.status === 'UNCONFIRMED';
  }

  #setUser(externalId: string, profile: Profile, status: HeldUser['status'], now: number): void {
    const before = this.#users.get(externalId);
    const { id, created } = before ?? { id: this.#nextId('00u'), created: now };
    const user: HeldUser = Object.freeze({ id, profile, status, created, lastUpdated: now });
    this.#users.set(externalId, user);
    this.#logins?.replace(before, user);
  }

  #applyGroup({ kind, externalId, profile }: Listed): void {
    if (kind === 'delete') {
      this.#groups.delete(externalId);
      this.#members.delete(externalId);
      return;
    }
    const id = this.#groups.get(externalId)?.id ?? this.#nextId('00g');
    this.#groups.set(externalId, Object.freeze({ id, profile }));
    if (!this.#members.has(externalId)) this.#members.set(externalId, new Set());
  }

  #applyMembership({ kind, externalId, memberExternalId }: Listed): boolean {
    const members = this.#members.get(externalId);
    if (kind === 'delete') {
      members?.delete(memberExternalId);
      return true;
    }
    if (members === undefined || !this.#users.has(memberExternalId)) return false;
    members.add(memberExternalId);
    return true;
  }

  #nextId(prefix: string): string {
    return `${prefix}${identifier(17, this.#seed, this.#ids++)}`;
  }
}

function membership(kind: ChangeKind, externalId: string, memberExternalId: string): Listed {
  return { entity: 'memberships', kind, externalId, memberExternalId, profile: {} };
}
