import type { SearchEntry } from 'ldapts';
import { valueOf } from './binary-values.js';
import type { LdapCell, LdapRow } from './ldap-row.js';

/** The attributes of a search. */
export interface Columns {
  /** The attributes to ask for. */
  readonly asked: readonly string[];
  /** The column of each attribute, by the name in lower case. */
  readonly names: ReadonlyMap<string, string>;
  /** Attributes whose bytes become base64, in lower case. */
  readonly binary: ReadonlySet<string>;
}

/** The rest of a list that the server gives in parts. */
export interface ValueRange {
  /** The attribute in lower case. */
  readonly key: string;
  /** The number of the last value of the part; undefined for the last part. */
  readonly to: number | undefined;
}

/** An entry, whose lists may lack values that must be asked for. */
export interface OpenEntry {
  readonly dn: string;
  /** The values of the attributes, by their names in lower case. */
  readonly values: Map<string, Uint8Array[]>;
  readonly ranges: ValueRange[];
}

/** Asks for no attributes at all (RFC 4511, 4.5.1.8). */
const NONE = '1.1';
const DN = 'dn';
/** Attributes that are lists by nature. */
const LISTS: ReadonlySet<string> = new Set(
  ['member', 'uniqueMember', 'memberUid', 'memberOf', 'objectClass', 'proxyAddresses', 'sIDHistory'].map(
    (name) => name.toLowerCase(),
  ),
);

/** The columns of these attributes. */
export function columnsOf(attributes: readonly string[], binary: readonly string[] = []): Columns {
  const asked = attributes.filter((name) => name.toLowerCase() !== DN);
  return {
    asked: asked.length === 0 ? [NONE] : asked,
    names: new Map(attributes.map((name) => [name.toLowerCase(), name])),
    binary: new Set(binary.map((name) => name.toLowerCase())),
  };
}

/** The values of an entry that were asked for. Active Directory gives long lists in parts (`member;range=0-1499`). */
export function openEntry({ name, attributes }: SearchEntry, names: Columns['names']): OpenEntry {
  const entry: OpenEntry = { dn: name, values: new Map(), ranges: [] };
  for (const { type, parsedBuffers: values } of attributes) {
    const [, before = type, to, after = ''] = /^(.*?);range=\d+-(\d+|\*)(.*)$/i.exec(type) ?? [];
    const key = `${before}${after}`.toLowerCase();
    if (!names.has(key) || values.length === 0) continue;
    entry.values.set(key, values);
    if (to !== undefined && to !== '*') entry.ranges.push({ key, to: Number(to) });
  }
  return entry;
}

/** The row of an entry whose lists are complete. */
export function rowOf({ dn, values }: OpenEntry, { names, binary }: Columns): LdapRow {
  const row: Record<string, LdapCell> = {};
  for (const [key, column] of names) {
    if (key === DN) row[column] = dn;
    const found = values.get(key);
    if (found === undefined) continue;
    const [attribute = key] = key.split(';');
    const cells = found.map((bytes) => valueOf(bytes, attribute, binary.has(key)));
    const [only] = cells;
    row[column] = cells.length === 1 && only !== undefined && !LISTS.has(attribute) ? only : cells;
  }
  return row;
}
