import { membershipKey, splitMembershipKey } from '../core/model.js';
import type { DirectoryClient, OktaGroup, OktaPage } from '../okta/directory-client.js';
import { Seen, type HeldRow } from '../state/store.js';
import { mapAhead } from '../flow/map-ahead.js';
import { allPages, refusal } from '../okta/read-back.js';
import type { CallOptions } from '../okta/wire.js';
import type { Comparison } from './comparison.js';
import type { KnownSource } from './known-source.js';

/** Groups that are read at the same time; the client's own limit may be lower. */
const GROUPS_AT_A_TIME = 4;

/** What reading the groups needs. */
export interface GroupsReading {
  readonly okta: DirectoryClient;
  readonly comparison: Comparison;
  readonly source: KnownSource;
  /** Which of the two entities are compared. */
  readonly groups: boolean;
  readonly memberships: boolean;
  /** True if `rows` are not all expected groups. */
  readonly isSample: boolean;
  /** The options of each call. */
  readonly call: CallOptions;
  readonly note: (text: string) => void;
  readonly progress: (entity: 'groups' | 'memberships', read: number) => void;
}

interface ReadGroup {
  readonly row: HeldRow;
  readonly group: OktaGroup | undefined;
  /** The first page of its members. */
  readonly members: OktaPage<string> | undefined;
}

/** Compares the expected groups in `rows` and their members, one group after the other, and looks for groups that are not ours. */
export async function verifyGroups(
  rows: AsyncIterable<readonly HeldRow[]>,
  context: GroupsReading,
): Promise<void> {
  const { comparison, groups, memberships, isSample } = context;
  const ids = new Set<string>();
  const sampled = new Set<string>();
  for await (const chunk of rows) {
    for await (const read of mapAhead(chunk, GROUPS_AT_A_TIME, (row) => readGroup(row, context))) {
      if (isSample) sampled.add(read.row.key);
      if (read.group?.id !== undefined) ids.add(read.group.id);
      if (read.group === undefined) await context.source.confirm();
      if (groups) await compareGroup(read, context);
      if (memberships) await compareMembers(read, context);
    }
  }
  if (memberships)
    await comparison.notSeen(
      'memberships',
      (key) => !isSample || sampled.has(splitMembershipKey(key).groupExternalId),
    );
  if (groups && !isSample) await findForeignGroups(ids, context);
}

async function readGroup(row: HeldRow, { okta, memberships, call }: GroupsReading): Promise<ReadGroup> {
  const group = await okta.getGroup(row.key, call);
  const members = group && memberships ? await okta.getMemberships(row.key, call) : undefined;
  return { row, group, members };
}

async function compareGroup(
  { row, group }: ReadGroup,
  { comparison, progress }: GroupsReading,
): Promise<void> {
  if (group === undefined) await comparison.missing('groups', row.key, row.held);
  else await comparison.known('groups', { externalId: row.key, profile: group.profile }, row.held);
  progress('groups', 1);
}

async function compareMembers(
  { row: { key: groupExternalId }, members }: ReadGroup,
  { okta, comparison, call, progress }: GroupsReading,
): Promise<void> {
  if (members === undefined) return;
  const read = (options: object) => okta.getMemberships(groupExternalId, options);
  for await (const page of allPages('getIdentitySourceGroupMemberships', read, call, members)) {
    const keyAt = (i: number) => membershipKey(groupExternalId, page[i] as string);
    const records = page.map((memberExternalId) => ({ groupExternalId, memberExternalId }));
    const codes = await comparison.codes('memberships', records, keyAt);
    for (const [i, code] of codes.entries()) {
      if (code === Seen.SAME) comparison.tally.same('memberships');
      else if (code === Seen.NEW) comparison.tally.differs('memberships', keyAt(i), 'foreign');
      else if (code === Seen.UNKNOWN) comparison.tally.differs('memberships', keyAt(i), 'unknown');
    }
    progress('memberships', page.length);
  }
}

/** Groups that the identity source owns and that are none of ours. Okta's list does not show external ids, so its own ids are compared. */
async function findForeignGroups(
  ids: ReadonlySet<string>,
  { okta, comparison, call, note }: GroupsReading,
): Promise<void> {
  try {
    for await (const page of allPages('listGroups', okta.listGroups.bind(okta), call)) {
      for (const { id } of page) {
        if (ids.has(id)) continue;
        comparison.tally.add({
          entity: 'groups',
          status: 'foreign',
          externalId: undefined,
          attributes: [],
          oktaId: id,
        });
      }
    }
  } catch (error) {
    const refused = refusal(error, 'the groups of the identity source', 'okta.groups.read');
    if (refused === undefined) throw error;
    note(refused.message);
  }
}
