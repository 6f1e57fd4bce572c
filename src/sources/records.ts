import { LIMITS, type AttributeLimit } from '../limits.js';
import type { GroupRecord, MembershipRecord, UserRecord } from '../model.js';
import { refuseUnknown, requireOneOf } from '../options.js';

/** Options of {@link toUser} and {@link toGroup}. */
export interface ToRecordOptions {
  /**
   * What an empty cell becomes: `auto` is null where the service takes null and leaves the attribute out where it does
   * not (`secondEmail`); `keep` is `''`; `omit` leaves the attribute out.
   * @defaultValue `'auto'`
   */
  readonly emptyCell?: 'auto' | 'keep' | 'omit';
}

type Row = Readonly<Record<string, string | undefined>>;

/** A function that makes a user of a row: `externalId`, and one column for each attribute of the profile. */
export function toUser(options: ToRecordOptions = {}): (row: Row) => UserRecord {
  return recordMaker(options, LIMITS.userProfile);
}

/** A function that makes a group of a row: `externalId`, `displayName`, `description`. */
export function toGroup(options: ToRecordOptions = {}): (row: Row) => GroupRecord {
  return recordMaker(options, LIMITS.groupProfile);
}

/** A function that makes a membership of a row: `groupExternalId`, `memberExternalId`. */
export function toMembership(): (row: Row) => MembershipRecord {
  return ({ groupExternalId = '', memberExternalId = '' }) => ({ groupExternalId, memberExternalId });
}

function recordMaker(options: ToRecordOptions, limits: Readonly<Record<string, AttributeLimit>>): (row: Row) => UserRecord {
  refuseUnknown('toUser', options, ['emptyCell']);
  const emptyCell = requireOneOf('emptyCell', options.emptyCell ?? 'auto', ['auto', 'keep', 'omit']);
  return (row) => {
    const profile: Record<string, string | null> = {};
    for (const name of Object.keys(row)) {
      if (name === 'externalId') continue;
      const value = row[name];
      if (value === undefined) continue;
      if (value !== '' || emptyCell === 'keep') put(profile, name, value);
      else if (emptyCell === 'auto' && (limits[name]?.nullable ?? true)) put(profile, name, null);
    }
    return { externalId: row['externalId'] ?? '', profile };
  };
}

function put(profile: Record<string, string | null>, name: string, value: string | null): void {
  // Assigned, `__proto__` would set the prototype; defined, validate sees and refuses it.
  if (name === '__proto__') Object.defineProperty(profile, name, { value, enumerable: true, configurable: true, writable: true });
  else profile[name] = value;
}
