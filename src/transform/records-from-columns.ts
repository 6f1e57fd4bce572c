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

/** The columns that a user or group is made of. */
export interface RecordColumns {
  /** The column of the external id. */
  readonly externalId: string;
  /** The column of each attribute of the profile; one column may serve several. */
  readonly profile: Readonly<Record<string, string>>;
}

/** Options of {@link userFrom} and {@link groupFrom}. */
export interface RecordFromOptions extends RecordOptions {
  /**
   * What a row without one of the columns is. `'fail'`: a fault of the source, which ends the run. `'empty'`: the same as a
   * row with an empty cell, for objects whose members are left out when they are empty.
   * @defaultValue `'fail'`
   */
  readonly missingColumn?: 'fail' | 'empty';
}

/**
 * A function from rows to users, declared as columns: `map(userFrom({ externalId: 'employee_id', profile: { userName: 'mail',
 * email: 'mail' } }))`. Since its mapping is known, unchanged rows of a file are recognised by their bytes and never become
 * records, which is several times faster than a function of your own (docs/performance.md).
 *
 * @throws {@link OptionsError} at once for columns of no use; the function {@link SourceError} for a row without a column.
 */
export function userFrom(
  columns: RecordColumns,
  options: RecordFromOptions = {},
): (row: FlatRow) => UserRecord {
  return recordFrom(columns, LIMITS.userProfile, options);
}

/** The same for groups. @throws as {@link userFrom} */
export function groupFrom(
  columns: RecordColumns,
  options: RecordFromOptions = {},
): (row: FlatRow) => GroupRecord {
  return recordFrom(columns, LIMITS.groupProfile, options);
}

/**
 * The same for memberships: `map(membershipFrom({ groupExternalId: 'team', memberExternalId: 'employee_id' }))`.
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
  // One shape for all profiles: names are assigned in the same order every time.
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
