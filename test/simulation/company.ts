import type { GroupRecord, MembershipRecord, Profile, UserRecord } from '../../src/core/model.js';
import type { SourceDirectory } from '../support/world.js';
import type { Draws } from './draws.js';
import { Logins } from './logins.js';

const NAMES = ['Ann', 'Bö', '汉', '"x"', 'a\\b\n', 'Zoë'];
/** Ids are few, so that who leaves comes back another day. */
const MOST_USERS = 10;
const MOST_GROUPS = 4;
const EVERYBODY = Array.from({ length: MOST_USERS }, (_, id) => id);

/**
 * A company whose directory changes from day to day: people and groups come, change, leave and come back, and people
 * move between groups.
 */
export class Company {
  readonly #draws: Draws;
  /** Bytes of a further attribute of each person, so that a day takes many requests. */
  readonly #noteBytes: number;
  readonly #logins: Logins;
  /** Decides which attributes a record has; undefined if all records have the same. */
  readonly #lacks: Draws | undefined;
  readonly #users = new Map<number, Profile>();
  readonly #groups = new Map<number, Profile>();
  readonly #pairs = new Set<string>();

  /**
   * @param logins - by default everybody keeps the first login
   * @param lacks - with it, records lack some attributes, which come and go
   */
  constructor(draws: Draws, noteBytes: number, logins = new Logins(undefined), lacks?: Draws) {
    this.#lacks = lacks;
    this.#draws = draws;
    this.#noteBytes = noteBytes;
    this.#logins = logins;
  }

  /** Lets a day pass. */
  nextDay(): void {
    const draws = this.#draws;
    // Some days nothing happens, some days everything.
    const pace = draws.pick([0, 0.1, 0.3, 0.3, 0.6]);
    const first = this.#users.size === 0 && this.#groups.size === 0;
    const come = first ? 0.6 : pace;
    for (let id = 0; id < MOST_GROUPS; id++) {
      if (!this.#groups.has(id)) {
        if (draws.chance(come)) this.#groups.set(id, this.#group(id));
      } else if (draws.chance(pace / 3)) {
        this.#groups.delete(id);
        this.#forget((pair) => pair.startsWith(`g${id}/`));
      } else if (draws.chance(pace)) this.#groups.set(id, this.#group(id));
    }
    for (let id = 0; id < MOST_USERS; id++) {
      if (!this.#users.has(id)) {
        if (draws.chance(come)) this.#users.set(id, this.#user(id));
      } else if (draws.chance(pace / 3)) {
        this.#users.delete(id);
        this.#forget((pair) => pair.endsWith(`/u${id}`));
      } else if (draws.chance(pace)) this.#users.set(id, this.#user(id));
    }
    for (const group of this.#groups.keys()) {
      for (const user of this.#users.keys()) {
        const pair = `g${group}/u${user}`;
        if (!draws.chance(first ? 0.3 : pace / 2)) continue;
        if (!this.#pairs.delete(pair)) this.#pairs.add(pair);
      }
    }
    this.#logins.nextDay([...this.#users.keys()], EVERYBODY);
  }

  /** Lets a day pass after which Okta can have the directory in one run: no logins are exchanged or given twice. */
  lastDay(): void {
    this.nextDay();
    this.#logins.lastDay([...this.#users.keys()], EVERYBODY);
  }

  /** The directory of today. */
  directory(): SourceDirectory {
    return {
      users: Array.from(this.#users, ([id, profile]): UserRecord => ({
        externalId: `u${id}`,
        profile: { userName: this.#logins.of(id), ...profile },
      })),
      groups: Array.from(this.#groups, ([id, profile]): GroupRecord => ({ externalId: `g${id}`, profile })),
      memberships: Array.from(this.#pairs, (pair): MembershipRecord => {
        const [groupExternalId = '', memberExternalId = ''] = pair.split('/');
        return { groupExternalId, memberExternalId };
      }),
    };
  }

  /** The directory of today as a bad export shows it: some records are broken, named twice, or without an id. */
  badDirectory(): SourceDirectory {
    const draws = this.#draws;
    const { users, groups, memberships } = this.directory();
    const badUsers = users.flatMap((user) => {
      if (!draws.chance(0.15)) return [user];
      const { externalId, profile } = user;
      switch (draws.between(0, 4)) {
        case 0:
          return [{ externalId, profile: { ...profile, firstName: '😀' } }];
        case 1:
          return [{ externalId, profile: { ...profile, lastName: 'x'.repeat(51) } }];
        case 2:
          return [{ externalId, profile: { ...profile, email: null } }];
        case 3:
          return [user, { externalId, profile: { ...profile, firstName: 'Twice' } }];
        default:
          return [{ externalId: draws.chance(0.5) ? '' : externalId, profile: {} }];
      }
    });
    const badGroups = groups.map((group) =>
      draws.chance(0.1) ? { ...group, profile: { ...group.profile, displayName: '' } } : group,
    );
    const badMemberships = memberships.flatMap((membership) =>
      draws.chance(0.1) ? [{ ...membership, memberExternalId: 'nobody' }] : [membership],
    );
    // One row without an id holds back the deletions of all memberships.
    if (draws.chance(0.2)) badMemberships.push({ groupExternalId: '', memberExternalId: 'u1' });
    return { users: badUsers, groups: badGroups, memberships: badMemberships };
  }

  #user(id: number): Profile {
    const draws = this.#draws;
    const profile = {
      email: `u${id}@example.com`,
      firstName: draws.pick(NAMES),
      title: draws.chance(0.3) ? null : `title ${draws.between(1, 99)}`,
      ...(this.#noteBytes > 0 && { notes: 'n'.repeat(this.#noteBytes) }),
    };
    return this.#some(profile, 'firstName', 'title', 'notes');
  }

  #group(id: number): Profile {
    const profile = { displayName: `Group ${id}`, description: `version ${this.#draws.between(1, 99)}` };
    return this.#some(profile, 'description');
  }

  /** The profile without some of these attributes. */
  #some(profile: Profile, ...names: readonly string[]): Profile {
    const gone = new Set(names.filter(() => this.#lacks?.chance(0.3) === true));
    return Object.fromEntries(Object.entries(profile).filter(([name]) => !gone.has(name)));
  }

  #forget(gone: (pair: string) => boolean): void {
    for (const pair of this.#pairs) if (gone(pair)) this.#pairs.delete(pair);
  }
}
