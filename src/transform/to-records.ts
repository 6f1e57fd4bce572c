import { SourceError } from '../core/errors.js';
import { LIMITS, type AttributeLimit } from '../core/limits.js';
import type { GroupRecord, MembershipRecord, Profile, UserRecord } from '../core/model.js';
import { requireOneOf } from '../core/check-options.js';
import { withMapping, type DeclaredAttribute, type DeclaredMapping } from '../core/declared-mapping.js';

/** A flat row: a CSV row, or an object with one property per column. */
export type FlatRow = Readonly<Record<string, string | null | undefined>>;

/** Options of {@link toUser} and {@link toGroup}. */
export interface RecordOptions {
  /**
   * The value for an empty cell. `'auto'`: null if Okta allows null, as for custom attributes; otherwise, as for
   * `secondEmail`, the attribute is left out. `'keep'`: the empty text. `'omit'`: the attribute is always left out. If
   * the source sets it for others, an upsert clears it nevertheless, unless the option `neverClear` of `validate` names it.
   * @defaultValue `'auto'`
   */
  readonly emptyCell?: 'auto' | 'keep' | 'omit';
}

/** The option `emptyCell`. */
export type EmptyCell = NonNullable<RecordOptions['emptyCell']>;
/** Limits by attribute. */
export type Limits = Readonly<Record<string, AttributeLimit>>;

const USER: Limits = LIMITS.userProfile;
const GROUP: Limits = LIMITS.groupProfile;

/**
 * Converts a row with a column `externalId` and one column for each profile attribute to a user.
 *
 * @param options - May be a number, which is ignored, so that `map(toUser)` works.
 * @throws {@link SourceError} if the row has no column `externalId`. (`validate` rejects a row in which it is empty.)
 */
export function toUser(row: FlatRow, options?: RecordOptions | number): UserRecord {
  return toRecord(row, USER, emptyCellOf(options));
}

/**
 * Converts a row with the columns `externalId`, `displayName` and, optionally, `description` to a group.
 *
 * @param options - May be a number, which is ignored, so that `map(toGroup)` works.
 * @throws {@link SourceError} if the row has no column `externalId`.
 */
export function toGroup(row: FlatRow, options?: RecordOptions | number): GroupRecord {
  return toRecord(row, GROUP, emptyCellOf(options));
}

/**
 * Converts a row with the columns `groupExternalId` and `memberExternalId` to a membership; other columns are ignored.
 *
 * @throws {@link SourceError} if one of the columns is missing.
 */
export function toMembership(row: FlatRow): MembershipRecord {
  return { groupExternalId: idOf(row, 'groupExternalId'), memberExternalId: idOf(row, 'memberExternalId') };
}

withMapping(toUser, (columns) => columns && allColumns(columns, USER));
withMapping(toGroup, (columns) => columns && allColumns(columns, GROUP));
withMapping(toMembership, () => ({
  kind: 'membership',
  group: 'groupExternalId',
  member: 'memberExternalId',
}));

function allColumns(columns: readonly string[], limits: Limits): DeclaredMapping | undefined {
  if (!columns.includes('externalId')) return undefined;
  const attributes = columns
    .filter((name) => name !== 'externalId')
    .map((name) => attributeField(name, name, limits, 'auto'));
  return { kind: 'profile', externalId: 'externalId', attributes };
}

/** Declares an attribute that comes from a column. */
export function attributeField(
  name: string,
  column: string,
  limits: Limits,
  emptyCell: EmptyCell,
): DeclaredAttribute {
  const kept = (cell: '' | null) => emptyValue(cell, name, limits, emptyCell);
  const empty = kept('');
  return {
    name,
    column,
    empty: empty === undefined ? 'omit' : empty === null ? 'null' : 'keep',
    nullStays: kept(null) === null,
  };
}

/** The option, checked. */
export function emptyCellOf(options: RecordOptions | number | undefined): EmptyCell {
  if (typeof options !== 'object' || options.emptyCell === undefined) return 'auto';
  return requireOneOf('emptyCell', options.emptyCell, ['auto', 'keep', 'omit']);
}

function toRecord(
  row: FlatRow,
  limits: Limits,
  emptyCell: EmptyCell,
): { externalId: string; profile: Profile } {
  const externalId = idOf(row, 'externalId');
  const profile: Record<string, string | null> = {};
  for (const name of Object.keys(row)) {
    if (name === 'externalId') continue;
    const cell = row[name];
    const value =
      cell === '' || cell === null || cell === undefined ? emptyValue(cell, name, limits, emptyCell) : cell;
    if (value === undefined) continue;
    // `validate` must see and reject such an attribute; an assignment would set the prototype of the profile instead.
    if (name === '__proto__')
      Object.defineProperty(profile, name, { value, enumerable: true, writable: true, configurable: true });
    else profile[name] = value;
  }
  return { externalId, profile };
}

/** The value for an empty cell; undefined if the attribute is left out. */
export function emptyValue(
  cell: '' | null | undefined,
  name: string,
  limits: Limits,
  emptyCell: EmptyCell,
): string | null | undefined {
  if (emptyCell === 'omit') return undefined;
  if (emptyCell === 'keep') return cell;
  return !Object.hasOwn(limits, name) || limits[name]?.nullable === true ? null : undefined;
}

function idOf(row: FlatRow, column: string): string {
  if (!Object.hasOwn(row, column))
    throw new SourceError(
      `the row has no column ${column}; rename columns with the option columns of fromCsv, or declare a mapping`,
    );
  return row[column] ?? '';
}
