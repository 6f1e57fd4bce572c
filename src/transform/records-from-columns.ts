import { OptionsError, SourceError } from '../core/errors.js';
import { LIMITS } from '../core/limits.js';
import type { GroupRecord, MembershipRecord, Profile, UserRecord } from '../core/model.js';
import { refuseUnknown, requireOneOf } from '../core/check-options.js';
import { withMapping } from '../core/declared-mapping.js';
import {
  attributeField,
  emptyCellOf,
  emptyValue,
  type EmptyCell,
  type FlatRow,
  type Limits,
  type RecordOptions,
} from './to-records.js';

/** The columns of a user or group. */
export interface RecordColumns {
  /** The column of the external id. */
  readonly externalId: string;
  /** The column of each attribute of the profile; several attributes may use the same column. */
  readonly profile: Readonly<Record<string, string>>;
}

/** Options of {@link userFrom} and {@link groupFrom}. */
export interface RecordFromOptions extends RecordOptions {
  /**
   * A row without one of the columns. `'fail'`: an error of the source, which ends the run. `'empty'`: treated like an empty
   * cell, for objects that omit empty members.
   * @defaultValue `'fail'`
   */
  readonly missingColumn?: 'fail' | 'empty';
}

/**
 * Creates a function that maps rows to users, from declared columns: `map(userFrom({ externalId: 'employee_id', profile: {
 * userName: 'mail', email: 'mail' } }))`. Because the mapping is declared, unchanged rows of a file are recognised by their
 * bytes and never become records, which is several times faster than your own function (docs/performance.md).
 *
 * @throws {@link OptionsError} at once for invalid columns. The function throws {@link SourceError} for a row without a column.
 */
export function userFrom(
  columns: RecordColumns,
  options: RecordFromOptions = {},
): (row: FlatRow) => UserRecord {
  return recordFrom(columns, LIMITS.userProfile, options);
}

/**
 * Like {@link userFrom}, for groups. @throws as {@link userFrom}
 * @example
 * const groups = pipe(fromCsv('groups.csv'), map(groupFrom({ externalId: 'code', profile: { displayName: 'name' } })));
 */
export function groupFrom(
  columns: RecordColumns,
  options: RecordFromOptions = {},
): (row: FlatRow) => GroupRecord {
  return recordFrom(columns, LIMITS.groupProfile, options);
}

/**
 * Like {@link userFrom}, for memberships: `map(membershipFrom({ groupExternalId: 'team', memberExternalId: 'employee_id' }))`.
 * @example
 * const columns = { groupExternalId: 'group', memberExternalId: 'person' };
 * const memberships = pipe(fromCsv('members.csv'), map(membershipFrom(columns)));
 * @throws as {@link userFrom}
 */
export function membershipFrom(columns: {
  readonly groupExternalId: string;
  readonly memberExternalId: string;
}): (row: FlatRow) => MembershipRecord {
  refuseUnknown('membershipFrom', columns, ['groupExternalId', 'memberExternalId']);
  const group = columnOf('groupExternalId', columns.groupExternalId);
  const member = columnOf('memberExternalId', columns.memberExternalId);
  const record = (row: FlatRow): MembershipRecord => ({
    groupExternalId: cellOf(row, group, 'fail') ?? '',
    memberExternalId: cellOf(row, member, 'fail') ?? '',
  });
  return withMapping(record, () => ({ kind: 'membership', group, member }));
}

function recordFrom(
  columns: RecordColumns,
  limits: Limits,
  options: RecordFromOptions,
): (row: FlatRow) => { externalId: string; profile: Profile } {
  refuseUnknown('columns', columns, ['externalId', 'profile']);
  refuseUnknown('options', options, ['emptyCell', 'missingColumn']);
  const emptyCell = emptyCellOf(options);
  const missing = requireOneOf('missingColumn', options.missingColumn ?? 'fail', ['fail', 'empty']);
  const id = columnOf('externalId', columns.externalId);
  if (typeof columns.profile !== 'object' || columns.profile === null)
    throw new OptionsError('profile', 'expected an object of columns by attribute');
  const attributes = Object.entries(columns.profile);
  if (attributes.length === 0) throw new OptionsError('profile', 'expected at least one attribute');
  for (const [name, column] of attributes) {
    if (name === '__proto__') throw new OptionsError('profile', '__proto__ is not a valid attribute name');
    columnOf(`profile.${name}`, column);
  }
  // The names are assigned in the same order every time, so that all profiles share one hidden class.
  const record = (row: FlatRow) => {
    const profile: Record<string, string | null> = {};
    for (const [name, column] of attributes) {
      const value = valueOf(cellOf(row, column, missing), name, limits, emptyCell);
      if (value !== undefined) profile[name] = value;
    }
    return { externalId: cellOf(row, id, 'fail') ?? '', profile };
  };
  return withMapping(record, () => ({
    kind: 'profile',
    externalId: id,
    attributes: attributes.map(([name, column]) => attributeField(name, column, limits, emptyCell)),
  }));
}

function valueOf(
  cell: string | null | undefined,
  name: string,
  limits: Limits,
  emptyCell: EmptyCell,
): string | null | undefined {
  return cell === '' || cell === null || cell === undefined
    ? emptyValue(cell, name, limits, emptyCell)
    : cell;
}

function cellOf(row: FlatRow, column: string, missing: 'fail' | 'empty'): string | null | undefined {
  const cell = row[column];
  if (cell === undefined && missing === 'fail')
    throw new SourceError(`the row has no column ${JSON.stringify(column)}`);
  return cell;
}

function columnOf(option: string, column: unknown): string {
  if (typeof column !== 'string' || column === '')
    throw new OptionsError(option, 'expected the name of a column');
  return column;
}
