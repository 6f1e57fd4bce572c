import { OptionsError } from '../core/errors.js';
import type { ChangeKind, MembershipRecord, Profile } from '../core/model.js';
import type { Listed } from './content.js';
import { identifier } from './random.js';

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

/** Changes a directory by hand, as an administrator or another program would; see `org.edit`. */
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
  #ids = 0;

  /** @param unconfirmed - true for a new user that waits for confirmation */
  constructor(seed: number, unconfirmed: (externalId: string) => boolean = () => false) {
    this.#seed = seed;
    this.#unconfirmed = unconfirmed;
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

  /** Applies one item. Returns false for a membership whose user or group does not exist: it has no effect. */
  apply(item: Listed, now: number): boolean {
    if (item.entity === 'users') this.#applyUser(item, now);
    else if (item.entity === 'groups') this.#applyGroup(item);
    else return this.#applyMembership(item);
    return true;
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
      if (held !== undefined) {
        this.#users.set(externalId, Object.freeze({ ...held, status: 'DEACTIVATED', lastUpdated: now }));
      }
      return;
    }
    const isWaiting = held === undefined ? this.#unconfirmed(externalId) : held.status === 'UNCONFIRMED';
    this.#setUser(externalId, profile, isWaiting ? 'UNCONFIRMED' : 'ACTIVE', now);
  }

  #setUser(externalId: string, profile: Profile, status: HeldUser['status'], now: number): void {
    const { id, created } = this.#users.get(externalId) ?? { id: this.#nextId('00u'), created: now };
    this.#users.set(externalId, Object.freeze({ id, profile, status, created, lastUpdated: now }));
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
