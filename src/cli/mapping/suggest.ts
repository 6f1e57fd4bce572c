import { LIMITS } from '../../core/limits.js';
import type { TableSample } from '../inputs/table-sample.js';
import { isAccountControl, isLeftWord, recognised } from './recognised.js';

/** What is trimmed and put in small letters, for exports write it as people typed it. */
const ADDRESSES = new Set(['userName', 'email', 'secondEmail']);

/**
 * A commented mapping for users with these columns, guessed from their values and the names that HR systems and directories
 * use. What is not recognised is listed behind `//`.
 */
export function suggestMapping(sample: Pick<TableSample, 'header' | 'columns' | 'source'>): string {
  const { columns } = sample;
  const found = recognised(sample);
  const { groups, status, endDate, others } = found;
  const words = [...new Set([...columns.values()].flatMap(({ missingWords }) => missingWords))];
  const id = found.profile.get('externalId');
  const email = found.profile.get('email');
  const profile = Object.keys(LIMITS.userProfile).flatMap((name) => {
    const column = found.profile.get(name) ?? (name === 'userName' ? email : undefined);
    if (column !== undefined) return [`      ${quote(name)}: ${value(name, column)},`];
    return name === 'userName' || name === 'email'
      ? [
          `      // Okta requires this attribute, but no column looks like it. Enter the name of the right column.`,
          `      ${quote(name)}: ${quote(name)},`,
        ]
      : [];
  });
  return [
    "// Maps the columns of your export to Okta's attributes; docs/mapping.md explains every key.",
    '{',
    ...(words.length === 0
      ? []
      : ['  // These words stand for an empty cell.', `  "emptyValues": [${words.map(quote).join(', ')}],`]),
    '  "users": {',
    ...(id === undefined
      ? [
          '    // No column looks like a permanent, unique id of a person. Enter the name of the right column.',
        ]
      : [
          '    // The permanent, unique id of a person. It must never change, so do not use the email address.',
        ]),
    `    "externalId": { "column": ${quote(id ?? 'externalId')}, "trim": true },`,
    ...(status === undefined && endDate === undefined
      ? []
      : [
          '    // Only rows that meet this condition are sent; people who do not meet it are deleted in Okta. Check your values.',
        ]),
    ...(status === undefined || endDate === undefined
      ? []
      : ['    // For both conditions, write one: "when": { "all": [{ ... }, { ... }] }.']),
    ...(status === undefined
      ? []
      : [
          `    // "when": ${isAccountControl(status) ? enabled(sample.header, status) : oneOf(sample, status)},`,
        ]),
    ...(endDate === undefined
      ? []
      : [
          `    // "when": { "any": [{ "column": ${quote(endDate)}, "present": false }, { "column": ${quote(endDate)}, "after": "today"${dateForm(columns.get(endDate)?.dateForms)} }] },`,
        ]),
    '    "profile": {',
    ...profile,
    ...(others.length === 0
      ? []
      : [
          "      // Columns that were not recognised. Add an attribute to the identity source's schema in Okta before you use it.",
          ...others.map((column) => `      // ${quote(camelCase(column))}: ${quote(column)},`),
        ]),
    '    },',
    '  },',
    ...(sample.source?.kind === 'ldap'
      ? [
          '  // Groups list their members: activate "groups" in the config file, and these parts.',
          `  // "groups": { "externalId": ${quote(id ?? 'entryUUID')}, "profile": { "displayName": "cn" } },`,
          '  // "memberships": { "from": "groups", "members": { "column": "member", "missing": "empty" } },',
        ]
      : groups === undefined
        ? []
        : [
            '  // Memberships from a column that lists groups. The groups come from --groups, or from the names in that column:',
            `  // "memberships": { "from": "users", "groups": { "column": ${quote(groups)}, "split": ${quote(columns.get(groups)?.separator ?? ';')} } },`,
            '  // "groups": { "from": "memberships" },',
          ]),
    '}',
    '',
  ].join('\n');
}

function value(name: string, column: string): string {
  if (!ADDRESSES.has(name)) return quote(column);
  return `{ "column": ${quote(column)}, "trim": true, "lower": true }`;
}

/** The condition for the values of people who are there; if none of them means that somebody left, it leaves out the rarest. */
function oneOf({ columns }: Pick<TableSample, 'columns'>, status: string): string {
  const words = [...(columns.get(status)?.values?.keys() ?? [])].filter((word) => word.trim() !== '');
  const staying = words.filter((word) => !isLeftWord(word));
  if (staying.length === 0) return `{ "column": ${quote(status)}, "in": ["active"] }`;
  // The most frequent value comes first.
  const kept = staying.length < words.length || words.length === 1 ? staying : staying.slice(0, -1);
  return `{ "column": ${quote(status)}, "in": [${kept.map(quote).join(', ')}] }`;
}

/** The condition for accounts of Active Directory that are neither disabled nor expired. */
function enabled(header: readonly string[], control: string): string {
  const expires = header.find((column) => column.toLowerCase() === 'accountexpires');
  const ends = expires === undefined ? '' : ` && fileTime(row.${expires}) > today()`;
  return `{ "cel": ${quote(`!hasFlag(row.${control}, 2)${ends}`)} }`;
}

/** The form of the dates of a column, unless it is the usual one. */
function dateForm([form]: readonly string[] = []): string {
  return form === undefined || form === 'YYYY-MM-DD' ? '' : `, "date": ${quote(form)}`;
}

function camelCase(column: string): string {
  const words = column.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const [first = 'attribute', ...rest] = words;
  const small = /^\p{Lu}+$/u.test(first)
    ? first.toLowerCase()
    : first.charAt(0).toLowerCase() + first.slice(1);
  return small + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join('');
}

/** JSON without line ends of any kind, so that it stays behind its `//`. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
}
