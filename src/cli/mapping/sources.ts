import type { DirectorySources } from '../../sync/directory-changes.js';
import { modeOf, type Modes } from '../../core/mode.js';
import { contextOf, flowOf, type Flow } from '../../flow/flow.js';
import type { RunContext } from '../../flow/run-context.js';
import { ENTITIES, type Entity, type GroupRecord, type MembershipRecord } from '../../core/model.js';
import { flatMap } from '../../transform/flat-map.js';
import { mapRows } from '../../transform/map-rows.js';
import type { ValidateOptions } from '../../validate/validate-options.js';
import { openInput, type InputSpec } from '../inputs/inputs.js';
import { Rereads } from '../inputs/rereads.js';
import {
  duplicateOf,
  duplicatePair,
  identityPair,
  identityRecord,
  keyOfPair,
  keyOfRecord,
  listedOf,
  pairOf,
  recordOf,
  refusedList,
} from './apply.js';
import { unlessBlank } from './blank-rows.js';
import type { Row } from './cells.js';
import type { SourceFindings } from './source-findings.js';
import { membershipMapping, profileMapping } from './declared-mapping.js';
import { Duplicates, type Decide } from './duplicates.js';
import { preparedRows } from './prepared-rows.js';
import { isListed, type ListedRule, type Mapping, type NamedGroupsRule } from './mapping.js';
import { NamedGroups } from './named-groups.js';
import { inputOfLookup, refuseModes, refuseUseless, type MappedInputs } from './refuse-inputs.js';
import type { NeededColumns } from '../inputs/header-check.js';
import { columnsOf } from './mapping-columns.js';
import { comparisonOptions, type ComparisonOptions } from './comparison-options.js';

export type { MappedInputs };

/** Options of {@link mappedSources}. */
export interface MappedSourcesOptions {
  /** The stream that is read for `-`. @defaultValue `process.stdin` */
  readonly stdin?: NodeJS.ReadableStream;
  /** The most bytes of standard input to keep in memory if the mapping needs it more than once. @defaultValue 64 MiB */
  readonly maxHeldBytes?: number;
  /** Sees the rows of users and groups. @defaultValue nothing is noted */
  readonly findings?: SourceFindings | undefined;
  /** Attributes that are never cleared, besides those that the mapping leaves out. @defaultValue none */
  readonly neverClear?: readonly string[] | undefined;
  /** Other options of `validate`. @defaultValue its defaults */
  readonly validate?: Readonly<Record<'users' | 'groups', ValidateOptions>>;
  /** The inputs that expressions look up, beside those of users, groups and memberships. @defaultValue none */
  readonly lookups?: Readonly<Record<string, InputSpec>> | undefined;
  /** The sources that are feeds of changes. @defaultValue every source is the whole directory */
  readonly mode?: Modes | undefined;
}

/** The sources, and the options of `validate` for them. */
export type MappedSources = DirectorySources & ComparisonOptions;

/** The rows of an entity, and for an input with a rule for duplicates, which of them count. */
interface Opened {
  readonly rows: Flow<Row>;
  readonly decide: Decide | undefined;
}
type Open = (entity: Entity) => Opened;

/**
 * Creates the sources of one run of `plan` or `sync` from inputs and a mapping. Nothing is opened yet.
 *
 * An input that serves two entities is read twice, and must have the same bytes both times: see {@link Rereads}.
 * `validate` rejects a row that cannot be mapped; the rejection names the line of the row and of the mapping.
 *
 * @throws {@link OptionsError} for an input that the mapping does not use, or a mode that does not fit it.
 */
export function mappedSources(
  mapping: Mapping,
  inputs: MappedInputs,
  options: MappedSourcesOptions = {},
): MappedSources {
  refuseUseless(mapping, inputs);
  refuseModes(mapping, options.mode);
  const readsAgain = readsTwice(mapping, inputs) || ENTITIES.some((entity) => isReadBefore(mapping, entity));
  const rereads = readsAgain ? new Rereads(options.maxHeldBytes) : undefined;
  const openFrom = (input: InputSpec, columns: NeededColumns): Flow<Row> => {
    const rows = openInput(input, {
      ...(options.stdin !== undefined && { stdin: options.stdin }),
      columns,
      ...(rereads !== undefined && { rereads }),
    });
    return preparedRows(rows, mapping);
  };
  const used = [...mapping.lookups.values()].filter(({ isUsed }) => isUsed);
  const tables = used.map((lookup) => ({ lookup, input: inputOfLookup(lookup, inputs, options.lookups) }));
  const load = async (context: RunContext) => {
    for (const { lookup, input } of tables) {
      await lookup.load(() => openFrom(input, { names: lookup.columns, others: 'leave' }));
      // The input of an entity is counted as its source.
      const { name, files } = lookup;
      if (files !== undefined && !Object.hasOwn(inputs, name)) context.sourceLookups.set(name, files);
    }
  };
  const duplicates = duplicatesOf(mapping);
  const open: Open = (entity) => {
    const from = inputOf(mapping, entity);
    const input = inputs[from] as InputSpec;
    const rows = openFrom(input, columnsOf(mapping, entity));
    const found = duplicates[from];
    const looksUp = used.length > 0 && !isDeclared(mapping, entity);
    const loadAll = async (context: RunContext) => {
      if (looksUp) await load(context);
      await found?.load(() => openFrom(input, columnsOf(mapping, from)));
    };
    const isLoaded = looksUp || found?.needsRead === true;
    return { rows: isLoaded ? afterLoading(rows, loadAll) : rows, decide: found?.reader() };
  };
  const hasMemberships = inputs[inputOfMemberships(mapping)] !== undefined;
  const { groups } = mapping;
  return {
    ...(inputs.users !== undefined && { users: profiles(mapping.users, 'users', open, options) }),
    ...(groups.kind === 'memberships'
      ? hasMemberships && { groups: groupsNamed(groups, mapping, open) }
      : inputs.groups !== undefined && { groups: profiles(groups, 'groups', open, options) }),
    ...(hasMemberships && { memberships: memberships(mapping, open, options) }),
    ...comparisonOptions(mapping, options),
  };
}

/** True if the mapping of an entity has columns only, and so no expression that looks anything up. */
function isDeclared({ users, groups, memberships }: Mapping, entity: Entity): boolean {
  if (entity === 'memberships') return !isListed(memberships) && membershipMapping(memberships) !== undefined;
  const rule = entity === 'users' ? users : groups;
  return rule.kind !== 'memberships' && profileMapping(rule, entity) !== undefined;
}

/** The input whose rows an entity is made of. */
function inputOf(mapping: Mapping, entity: Entity): Entity {
  if (entity === 'memberships') return inputOfMemberships(mapping);
  return entity === 'groups' && mapping.groups.kind === 'memberships' ? inputOfMemberships(mapping) : entity;
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
  { findings, mode }: MappedSourcesOptions,
) {
  const mapping = profileMapping(rule, entity);
  const { rows, decide } = open(entity);
  const noted = <R extends object>(record: R): R => findings?.add(entity, record) ?? record;
  if (rule.kind === 'identity')
    return mapRows(
      rows,
      unlessBlank(rows, (row) => noted(identityRecord(entity, row))),
      mapping,
    );
  findings?.addAttributes(entity, rule.profile.keys());
  if (rule.when !== undefined) findings?.conditions.add(entity);
  const count = findings?.values.counter(entity, rule.when);
  const isFeed = modeOf(mode, entity) === 'delta';
  const toRecord = (row: Row) => {
    const counts = decide?.(row) ?? true;
    if (counts !== true) return duplicateOf(rule, row, counts === false ? undefined : counts);
    count?.(row);
    return noted(recordOf(rule, row, isFeed));
  };
  return mapRows(rows, unlessBlank(rows, toRecord), mapping);
}

function memberships(
  { memberships: rule }: Mapping,
  open: Open,
  { mode }: MappedSourcesOptions,
): Flow<MembershipRecord> {
  const opened = open('memberships');
  if (isListed(rule)) return listedIn(rule, opened);
  const { rows, decide } = opened;
  const mapping = membershipMapping(rule);
  const isFeed = modeOf(mode, 'memberships') === 'delta';
  const toRecord = (row: Row) => {
    if (rule.kind === 'identity') return identityPair(row);
    const counts = decide?.(row) ?? true;
    return counts === true ? pairOf(rule, row, isFeed) : duplicatePair(rule, row, counts);
  };
  return mapRows(rows, unlessBlank(rows, toRecord), mapping);
}

/** The memberships of lists in rows. */
function listedIn(rule: ListedRule, { rows, decide }: Opened): Flow<MembershipRecord> {
  const ofRow = (row: Row): Iterable<MembershipRecord> => {
    const counts = decide?.(row) ?? true;
    if (counts === true) return listedOf(rule, row);
    return counts === false ? [] : [refusedList(counts)];
  };
  return flatMap(unlessBlank<Iterable<MembershipRecord>>(rows, ofRow, []))(rows) as Flow<MembershipRecord>;
}

/** The rules for duplicates, by the input. */
function duplicatesOf(mapping: Mapping): Readonly<Partial<Record<Entity, Duplicates>>> {
  const of = (entity: 'users' | 'groups') => {
    const rule = mapping[entity];
    if (rule.kind !== 'rows' || rule.duplicates === undefined) return {};
    return { [entity]: new Duplicates(entity, rule.duplicates, (row) => keyOfRecord(rule, row)) };
  };
  const { memberships: pair } = mapping;
  const ofPairs = pair.kind === 'rows' &&
    pair.duplicates !== undefined && {
      memberships: new Duplicates('memberships', pair.duplicates, (row) => keyOfPair(pair, row)),
    };
  return { ...of('users'), ...of('groups'), ...ofPairs };
}

/** Whether an input is read before its records are made: for a lookup, or to decide which of its rows count. */
function isReadBefore(mapping: Mapping, entity: Entity): boolean {
  const rule = mapping[entity];
  return mapping.lookups.has(entity) || (rule.kind === 'rows' && rule.duplicates !== undefined);
}

/**
 * The groups of all memberships, each at its first appearance. A membership that cannot be mapped may have any group. If the rows of a
 * group say different things about it, the first one stands, and the next one is rejected.
 */
function groupsNamed(rule: NamedGroupsRule, mapping: Mapping, open: Open): Flow<GroupRecord> {
  const { memberships: from } = mapping;
  const opened = open('groups');
  const { rows, decide } = opened;
  return flowOf(() => {
    const groups = new NamedGroups(rule);
    if (isListed(from)) {
      return mapRows(listedIn(from, opened), (pair) => groups.of(pair, {})).chunks();
    }
    const toPair = (row: Row) => {
      if (from.kind === 'identity') return identityPair(row);
      const counts = decide?.(row) ?? true;
      return counts === true ? pairOf(from, row) : duplicatePair(from, row, counts);
    };
    const pair = unlessBlank(rows, toPair);
    return mapRows(rows, (row) => groups.of(pair(row), row)).chunks();
  }, contextOf(rows));
}

/** The same rows, after the lookups were loaded. They are not screened, because a lookup can change what a row means. */
function afterLoading(rows: Flow<Row>, load: (context: RunContext) => Promise<void>): Flow<Row> {
  const context = contextOf(rows);
  async function* chunks() {
    await load(context);
    yield* rows.chunks();
  }
  return flowOf(chunks, context);
}
