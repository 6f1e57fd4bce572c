import { SourceError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';
import { openEntry, type Columns, type OpenEntry, type ValueRange } from './entry-row.js';
import { searchFailure } from './failures.js';
import type { LdapSession } from './session.js';

/**
 * Asks for the rest of lists that Active Directory gives in parts, until it says that a part is the last one.
 * @throws {@link SourceError} if a part is missing, because the list would look shorter than it is
 */
export async function completeRanges(
  entry: OpenEntry,
  session: LdapSession,
  columns: Columns,
  name: string,
): Promise<void> {
  for (const range of entry.ranges) await completeRange(entry, range, session, columns, name);
}

async function completeRange(
  entry: OpenEntry,
  { key, to }: ValueRange,
  session: LdapSession,
  { names }: Columns,
  name: string,
): Promise<void> {
  const values = entry.values.get(key) ?? [];
  for (let last = to; last !== undefined;) {
    const next = last + 1;
    const part = await partFrom(entry.dn, key, next, session, names, name);
    values.push(...part.values);
    if (part.to !== undefined && part.to < next) throw missing(entry.dn, key, next, name);
    last = part.to;
  }
}

async function partFrom(
  dn: string,
  key: string,
  from: number,
  session: LdapSession,
  names: Columns['names'],
  name: string,
): Promise<{ readonly values: readonly Uint8Array[]; readonly to: number | undefined }> {
  const { entries } = await session
    .search({
      base: dn,
      filter: '(objectClass=*)',
      scope: 'base',
      attributes: [`${key};range=${from}-*`],
    })
    .catch((error: unknown) => {
      throw searchFailure(name, dn, error);
    });
  const [found] = entries;
  const part = found && openEntry(found, names);
  const values = part?.values.get(key);
  const isRange = found?.attributes.some(({ type }) => type.toLowerCase().includes(`;range=${from}-`));
  if (part === undefined || values === undefined || isRange !== true) throw missing(dn, key, from, name);
  return { values, to: part.ranges[0]?.to };
}

function missing(dn: string, key: string, from: number, name: string): SourceError {
  return new SourceError(
    `the server gave no values of ${quoted(key)} from number ${from} on, of the entry ${quoted(dn)}, so the list is incomplete; run again`,
    { file: name },
  );
}
