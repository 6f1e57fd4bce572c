import { LIMITS } from '../../core/limits.js';

/** Names that exports give the columns of users, without case and separators; the first that a header has is taken. */
const USUAL: Readonly<Record<string, readonly string[]>> = {
  externalId: [
    'externalid',
    'employeeid',
    'employeenumber',
    'personid',
    'personnelnumber',
    'workerid',
    'staffid',
    'emplid',
    'userid',
    'entryuuid',
    'objectguid',
    'uuid',
    'guid',
    'id',
    'uid',
  ],
  userName: ['username', 'login', 'loginname', 'userprincipalname', 'upn', 'samaccountname'],
  email: ['email', 'emailaddress', 'mail', 'workemail', 'primaryemail', 'primaryworkemail', 'businessemail'],
  secondEmail: ['secondemail', 'secondaryemail', 'personalemail', 'privateemail', 'homeemail'],
  firstName: ['firstname', 'givenname', 'given', 'forename', 'first', 'legalfirstname', 'preferredfirstname'],
  lastName: ['lastname', 'surname', 'familyname', 'family', 'last', 'sn', 'legallastname'],
  mobilePhone: ['mobilephone', 'mobile', 'cell', 'cellphone', 'mobilenumber'],
  homeAddress: ['homeaddress', 'address'],
};
/** Columns that hold a person's groups, and those that say whether a person is still there. */
const GROUPS = ['groups', 'memberof', 'grouplist', 'teams'];
const STATUS = ['status', 'employmentstatus', 'employeestatus', 'workerstatus', 'active', 'isactive'];
/** What is trimmed and put in small letters, for exports write it as people typed it. */
const ADDRESSES = new Set(['userName', 'email', 'secondEmail']);

/**
 * A commented mapping for users whose CSV has this header, guessed from the names that HR systems and directories
 * use. What is not recognised is listed behind `//`.
 */
export function suggestMapping(header: readonly string[]): string {
  const columns = new Map(header.map((column) => [plain(column), column]));
  const used = new Set<string>();
  const find = (names: readonly string[]) => {
    const column = names
      .map((name) => columns.get(name))
      .find((found) => found !== undefined && !used.has(found));
    if (column !== undefined) used.add(column);
    return column;
  };
  const found = new Map(Object.entries(USUAL).map(([name, names]) => [name, find(names)]));
  const groups = find(GROUPS);
  const status = find(STATUS);
  const id = found.get('externalId');
  const email = found.get('email');
  const profile = Object.keys(LIMITS.userProfile).flatMap((name) => {
    const column = found.get(name) ?? (name === 'userName' ? email : undefined);
    if (column !== undefined) return [`      ${quote(name)}: ${value(name, column)},`];
    return name === 'userName' || name === 'email'
      ? [
          `      // Okta requires this attribute, but no column looks like it. Enter the name of the right column.`,
          `      ${quote(name)}: ${quote(name)},`,
        ]
      : [];
  });
  const others = header.filter((column) => !used.has(column));
  return [
    "// Maps the columns of your export to Okta's attributes; docs/mapping.md explains every key.",
    '{',
    '  "users": {',
    ...(id === undefined
      ? [
          '    // No column looks like a permanent, unique id of a person. Enter the name of the right column.',
        ]
      : [
          '    // The permanent, unique id of a person. It must never change, so do not use the email address.',
        ]),
    `    "externalId": ${quote(id ?? 'externalId')},`,
    ...(status === undefined
      ? []
      : [
          '    // Only rows that meet this condition are sent; people who do not meet it are deleted in Okta. Check your values.',
          `    // "when": { "column": ${quote(status)}, "equals": "active", "ignoreCase": true },`,
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
    ...(groups === undefined
      ? []
      : [
          '  // Memberships from a column that lists groups. The groups come from --groups, or from the names in that column:',
          `  // "memberships": { "from": "users", "groups": { "column": ${quote(groups)}, "split": ";" } },`,
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

function plain(column: string): string {
  return column.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
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
