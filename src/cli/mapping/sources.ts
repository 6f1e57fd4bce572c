import type { DirectoryOptions, DirectorySources } from '../../sync/directory-changes.js';
import { OptionsError } from '../../core/errors.js';
import { contextOf, flowOf, type Flow } from '../../flow/flow.js';
import type { Entity, GroupRecord, MembershipRecord } from '../../core/model.js';
import { flatMap } from '../../transform/flat-map.js';
import { mapRows } from '../../transform/map-rows.js';
import { refusalOf, refusedRecord } from '../../validate/refused-record.js';
import { openInput, type InputSpec } from '../inputs/inputs.js';
import { Rereads } from '../inputs/rereads.js';
import { emptied } from './empty-values.js';
import { identityPair, identityRecord, listedOf, namedGroup, pairOf, recordOf } from './apply.js';
import type { Row } from './cells.js';
import type { ConditionValues } from './condition-values.js';
import { membershipMapping, profileMapping } from './declared-mapping.js';
import type { ListedRule, Mapping, NamedGroupsRule } from './mapping.js';
import { columnsOf } from './mapping-columns.js';

/** The inputs of a run. */
export type MappedInputs = Readonly<Partial<Record<Entity, InputSpec>>>;

/** Options of {@link mappedSources}. */
export interface MappedSourcesOptions {
  /** The stream that is read for `-`. @defaultValue `process.stdin` */
  readonly stdin?: NodeJS.ReadableStream;
  /** The most bytes of standard input to keep in memory if the mapping needs it more than once. @defaultValue 64 MiB */
  readonly maxHeldBytes?: number;
  /** Counts the values that the conditions of users and groups meet. @defaultValue they are not counted */
  readonly values?: ConditionValues | undefined;
  /** Attributes that are never cleared, besides those that the mapping leaves out. @defaultValue none */
  readonly neverClear?: readonly string[] | undefined;
}

/** The sources, and the attributes that the mapping says to leave alone if they are empty. */
export type MappedSources = DirectorySources & Pick<DirectoryOptions, 'validate'>;

type Open = (entity: Entity) => Flow<Row>;

/**
 * Creates the sources of one run of `plan` or `sync` from inputs and a mapping. Nothing is opened yet.
 *
 * An input that serves two entities is read twice, and must have the same bytes both times: see {@link Rereads}.
 * `validate` rejects a row that cannot be mapped; the rejection names the line of the row and of the mapping.
 *
 * @throws {@link OptionsError} for an input that the mapping does not use.
 */
export function mappedSources(
  mapping: Mapping,
  inputs: MappedInputs,
  options: MappedSourcesOptions = {},
): MappedSources {
  refuseUseless(mapping, inputs);
  const rereads = readsTwice(mapping, inputs) ? new Rereads(options.maxHeldBytes) : undefined;
  const open: Open = (entity) => {
    const from = entity === 'memberships' ? inputOfMemberships(mapping) : entity;
    const rows = openInput(inputs[from] as InputSpec, {
      ...(options.stdin !== undefined && { stdin: options.stdin }),
      columns: columnsOf(mapping, entity),
      ...(rereads !== undefined && { rereads }),
    });
    return emptied(rows, mapping.emptyValues);
  };
  const hasMemberships = inputs[inputOfMemberships(mapping)] !== undefined;
  const { groups } = mapping;
  return {
    ...(inputs.users !== undefined && { users: profiles(mapping.users, 'users', open, options.values) }),
    ...(groups.kind === 'memberships'
      ? hasMemberships && { groups: groupsNamed(groups, memberships(mapping, open)) }
      : inputs.groups !== undefined && { groups: profiles(groups, 'groups', open, options.values) }),
    ...(hasMemberships && { memberships: memberships(mapping, open) }),
    ...neverCleared(mapping, options.neverClear),
  };
}

/** The option `validate` for attributes that are never cleared. */
function neverCleared(
  { users, groups }: Mapping,
  named: readonly string[] = [],
): Pick<MappedSources, 'validate'> {
  const options = (rule: Mapping['users'] | Mapping['groups']) => {
    const neverClear = [...leftAlone(rule), ...named];
    return neverClear.length === 0 ? undefined : { neverClear };
  };
  const [ofUsers, ofGroups] = [options(users), options(groups)];
  if (ofUsers === undefined && ofGroups === undefined) return {};
  return { validate: { ...(ofUsers && { users: ofUsers }), ...(ofGroups && { groups: ofGroups }) } };
}

function leftAlone(rule: Mapping['users'] | Mapping['groups']): string[] {
  if (rule.kind === 'identity') return [];
  return Array.from(rule.profile).flatMap(([name, { isLeftAlone }]) => (isLeftAlone === true ? [name] : []));
}

function refuseUseless({ groups, memberships }: Mapping, inputs: MappedInputs): void {
  if (isListed(memberships) && inputs.memberships !== undefined)
    throw new OptionsError(
      '--memberships',
      `the mapping creates memberships from the ${memberships.kind}; remove this input, or change the mapping`,
    );
  if (groups.kind === 'memberships' && inputs.groups !== undefined)
    throw new OptionsError(
      '--groups',
      'the mapping creates groups from the memberships; remove this input, or change the mapping',
    );
}

function isListed(rule: Mapping['memberships']): rule is ListedRule {
  return rule.kind === 'users' || rule.kind === 'groups';
}

function inputOfMemberships({ memberships }: Mapping): Entity {
  return isListed(memberships) ? memberships.kind : 'memberships';
}

function readsTwice({ groups, memberships }: Mapping, inputs: MappedInputs): boolean {
  if (isListed(memberships)) return inputs[memberships.kind] !== undefined;
  return groups.kind === 'memberships' && inputs.memberships !== undefined;
}

function profiles(
  rule: Mapping['users'],
  entity: 'users' | 'groups',
  open: Open,
  values: ConditionValues | undefined,
) {
  const mapping = profileMapping(rule, entity);
  if (rule.kind === 'identity') return mapRows(open(entity), (row) => identityRecord(entity, row), mapping);
  const count = values?.counter(entity, rule.when);
  const toRecord = (row: Row) => {
    count?.(row);
    return recordOf(rule, row);
  };
  return mapRows(open(entity), toRecord, mapping);
}

function memberships({ memberships: rule }: Mapping, open: Open): Flow<MembershipRecord> {
  const rows = open('memberships');
  if (isListed(rule)) return flatMap((row: Row) => listedOf(rule, row))(rows) as Flow<MembershipRecord>;
  const mapping = membershipMapping(rule);
  return mapRows(rows, (row) => (rule.kind === 'identity' ? identityPair(row) : pairOf(rule, row)), mapping);
}

/** The groups of all memberships, each at its first appearance. A membership that cannot be mapped may have any group. */
function groupsNamed(rule: NamedGroupsRule, pairs: Flow<MembershipRecord>): Flow<GroupRecord> {
  return flowOf(() => {
    const seen = new Set<string>();
    return mapRows(pairs, (pair) => {
      const refusal = refusalOf(pair);
      if (refusal !== undefined) return refusedRecord<'groups'>({ ...refusal, key: undefined });
      const { groupExternalId } = pair;
      if (seen.has(groupExternalId)) return undefined;
      seen.add(groupExternalId);
      return namedGroup(rule, groupExternalId);
    }).chunks();
  }, contextOf(pairs));
}
