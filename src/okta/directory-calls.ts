import type { OktaHttpError } from '../core/errors.js';
import type { GroupRecord, MembershipRecord, UserRecord } from '../core/model.js';
import { isUnknown, requireAccepted } from './answers.js';
import { Connection, segment } from './connection.js';
import {
  parseAppUsers,
  parseGroup,
  parseMembers,
  parseOrgGroups,
  parseSchema,
  parseUser,
} from './directory-answers.js';
import type {
  AppUser,
  DirectoryClient,
  OktaGroup,
  OktaPage,
  OktaUser,
  OrgGroup,
  PageOptions,
  SchemaAttribute,
} from './directory-client.js';
import { OPERATIONS, type Operation } from './operations.js';
import type { CallOptions, WireResponse } from './wire.js';

type Parse<T> = (operation: string, response: WireResponse) => T;

/** "At most 1000 a page" of members; the Apps and Groups API allow 500 and more. */
const MOST_MEMBERS = 1000;
const MOST_ITEMS = 500;

/** The calls of {@link DirectoryClient}. */
export class DirectoryCalls extends Connection implements DirectoryClient {
  async createUser(user: UserRecord, options?: CallOptions): Promise<void> {
    await this.#send(OPERATIONS.createUser, '/users', recordBody(user), requireAccepted, options);
  }

  async getUser(externalId: string, options?: CallOptions): Promise<OktaUser | undefined> {
    return unlessUnknown(this.#send(OPERATIONS.getUser, userPath(externalId), undefined, parseUser, options));
  }

  async replaceUser(user: UserRecord, options?: CallOptions): Promise<OktaUser> {
    return this.#send(
      OPERATIONS.replaceUser,
      userPath(user.externalId),
      recordBody(user),
      parseUser,
      options,
    );
  }

  async updateUser({ externalId, profile }: UserRecord, options?: CallOptions): Promise<OktaUser> {
    const body = JSON.stringify({ profile });
    return this.#send(OPERATIONS.updateUser, userPath(externalId), body, parseUser, options);
  }

  async deleteUser(externalId: string, options?: CallOptions): Promise<void> {
    await this.#send(OPERATIONS.deleteUser, userPath(externalId), undefined, requireAccepted, options);
  }

  async createGroup(group: GroupRecord, options?: CallOptions): Promise<OktaGroup> {
    return this.#send(OPERATIONS.createGroup, '/groups', recordBody(group), parseGroup, options);
  }

  async getGroup(externalId: string, options?: CallOptions): Promise<OktaGroup | undefined> {
    return unlessUnknown(
      this.#send(OPERATIONS.getGroup, groupPath(externalId), undefined, parseGroup, options),
    );
  }

  async updateGroup(group: GroupRecord, options?: CallOptions): Promise<OktaGroup> {
    const path = groupPath(group.externalId);
    return this.#send(OPERATIONS.updateGroup, path, recordBody(group), parseGroup, options);
  }

  async deleteGroup(externalId: string, options?: CallOptions): Promise<void> {
    await this.#send(OPERATIONS.deleteGroup, groupPath(externalId), undefined, requireAccepted, options);
  }

  async getMemberships(
    groupExternalId: string,
    options?: PageOptions,
  ): Promise<OktaPage<string> | undefined> {
    const path = `${groupPath(groupExternalId)}/membership?${pageQuery(options, MOST_MEMBERS)}`;
    return unlessUnknown(this.#send(OPERATIONS.getMemberships, path, undefined, parseMembers, options));
  }

  async createMembership(membership: MembershipRecord, options?: CallOptions): Promise<void> {
    const path = `${groupPath(membership.groupExternalId)}/membership`;
    const body = JSON.stringify({ memberExternalId: membership.memberExternalId });
    await this.#send(OPERATIONS.createMembership, path, body, requireAccepted, options);
  }

  async deleteMembership(membership: MembershipRecord, options?: CallOptions): Promise<void> {
    const member = segment('memberExternalId', membership.memberExternalId);
    const path = `${groupPath(membership.groupExternalId)}/membership/${member}`;
    await this.#send(OPERATIONS.deleteMembership, path, undefined, requireAccepted, options);
  }

  async listAppUsers(options?: PageOptions): Promise<OktaPage<AppUser>> {
    return this.#list(OPERATIONS.listAppUsers, `apps/${this.identitySourceId}/users`, parseAppUsers, options);
  }

  async listUnconfirmedUsers(options?: PageOptions): Promise<OktaPage<AppUser>> {
    const path = `apps/${this.identitySourceId}/unconfirmed-users`;
    return this.#list(OPERATIONS.listUnconfirmedUsers, path, parseAppUsers, options);
  }

  async listGroups(options?: PageOptions): Promise<OktaPage<OrgGroup>> {
    const search = `source.id eq "${this.identitySourceId}"`;
    return this.#list(OPERATIONS.listGroups, 'groups', parseOrgGroups, options, { search });
  }

  async getSchema(options?: CallOptions): Promise<readonly SchemaAttribute[]> {
    const operation = OPERATIONS.getSchema;
    const path = `/api/v1/meta/schemas/apps/${this.identitySourceId}/default`;
    return this.call(operation, path, undefined, (answer) => parseSchema(operation.id, answer), options);
  }

  #list<T>(
    operation: Operation,
    path: string,
    parse: Parse<T>,
    options: PageOptions | undefined,
    filter: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    const query = pageQuery(options, MOST_ITEMS, filter);
    const read = (answer: WireResponse) => parse(operation.id, answer);
    return this.call(operation, `/api/v1/${path}?${query}`, undefined, read, options);
  }

  #send<T>(
    operation: Operation,
    path: string,
    body: string | undefined,
    parse: Parse<T>,
    options: CallOptions | undefined,
  ): Promise<T> {
    return this.callSource(operation, path, body, (answer) => parse(operation.id, answer), options);
  }
}

function userPath(externalId: string): string {
  return `/users/${segment('externalId', externalId)}`;
}

function groupPath(externalId: string): string {
  return `/groups/${segment('externalId', externalId)}`;
}

function recordBody({ externalId, profile }: UserRecord | GroupRecord): string {
  return JSON.stringify({ externalId, profile });
}

function pageQuery(
  { after, limit }: PageOptions = {},
  most: number,
  filter: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams({ ...filter, limit: String(limit ?? most) });
  if (after !== undefined) query.set('after', after);
  return query.toString();
}

async function unlessUnknown<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    // A 400 says that the request was wrong, and nothing about what Okta has.
    if (isUnknown(error) && (error as OktaHttpError).status === 404) return undefined;
    throw error;
  }
}
