import { LIMITS } from '../../core/limits.js';
import { EMPTY, NORMAL_FORMS, SHAPES } from './values.js';

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string', minLength: 1 };
const flag: Schema = { type: 'boolean' };
const ref = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
const object = (properties: Schema, required: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const described = (description: string, schema: Schema): Schema => ({ ...schema, description });

const SHAPE_WORDS: Readonly<Record<(typeof SHAPES)[number], string>> = {
  clean: 'removes control and format characters, which nobody can see',
  trim: 'removes white space at both ends',
  collapse: 'replaces each sequence of white space by one space',
  lower: 'converts to lower case',
  upper: 'converts to upper case',
};
const shapes = {
  normalize: described('the form of Unicode', { enum: NORMAL_FORMS }),
  ...Object.fromEntries(SHAPES.map((shape) => [shape, described(SHAPE_WORDS[shape], flag)])),
};

const onCreate = described('the value is sent only when the person or group is created', flag);

const unique = described(
  'for userName of users: a login that another person has gets the next free form, such as anna.berg2@example.com',
  flag,
);

const follows = described('for other attributes of users: gets the number of the unique login as well', {
  const: 'userName',
});

/** The names of columns. */
const names: Schema = { type: 'array', items: text, minItems: 1 };

/** What makes one text of a list. */
const LIST: Schema = {
  split: described('the separator between the items; not needed for JSON arrays', text),
  first: described('the first item that is not empty', flag),
  join: described('all items, with this text between them', { type: 'string' }),
};

/** A value that is not listed stays as it is. */
const SAME = object({ same: { const: true } }, ['same']);

/** The schema of a value rule. An id cannot be null, and has no rule for empty values. */
function valueSchema(isId: boolean): Schema {
  const result: Schema = isId ? text : { type: ['string', 'null'] };
  const common = {
    ...shapes,
    values: described(
      'maps each value to another; a value that is not listed is rejected, unless there is a default',
      {
        type: 'object',
        minProperties: 1,
        additionalProperties: result,
      },
    ),
    default: described(
      `the result for values that are not listed; the same value for { "same": true }${isId ? '' : '; without values, the result for an empty text'}`,
      { anyOf: [result, SAME] },
    ),
    ...(isId
      ? {}
      : { empty: described('the result for an empty value', { enum: EMPTY }), onCreate, unique, follows }),
  };
  const column = described('the column', text);
  const columns = described('the first of these columns that is not empty', names);
  const template = described('text with columns in braces: {given} {middle?}', text);
  const cel = described('an expression in CEL; columns are row.name', text);
  const made = (source: Schema, name: string): Schema => ({
    ...object({ ...source, ...common }, [name]),
    ...(isId && { dependentRequired: { default: ['values'] } }),
  });
  return {
    anyOf: [
      described('the column', text),
      made({ column, ...(isId ? {} : LIST) }, 'column'),
      ...(isId ? [] : [made({ columns }, 'columns')]),
      made({ template }, 'template'),
      made({ cel }, 'cel'),
      ...(isId
        ? []
        : [
            object(
              {
                constant: described('the same value for every record', { type: ['string', 'null'] }),
                onCreate,
              },
              ['constant'],
            ),
          ]),
    ],
  };
}

function testSchema(test: string, schema: Schema): Schema {
  return object({ column: text, [test]: schema, trim: flag, ignoreCase: flag }, ['column', test]);
}

function dateSchema(test: string): Schema {
  const day = described('a day: 2026-12-31, today, today+14 or today-30', {
    type: 'string',
    pattern: '^(\\d{4}-\\d{2}-\\d{2}|today([+-]\\d{1,5})?)$',
  });
  const date = described('the form of the dates, such as DD.MM.YYYY; ISO by default', text);
  return object({ column: text, [test]: day, date, trim: flag, ignoreCase: flag }, ['column', test]);
}

const condition: Schema = {
  anyOf: [
    testSchema('equals', { type: 'string' }),
    testSchema('in', { type: 'array', items: { type: 'string' }, minItems: 1 }),
    testSchema('present', flag),
    testSchema('matches', described('a regular expression in the syntax of RE2', text)),
    dateSchema('before'),
    dateSchema('after'),
    object({ not: ref('condition') }, ['not']),
    object({ cel: described('an expression in CEL that gives true or false', text) }, ['cel']),
    ...['all', 'any'].map((join) =>
      object({ [join]: { type: 'array', items: ref('condition'), minItems: 1 } }, [join]),
    ),
  ],
};

const when = described(
  'rows that do not meet the condition are left out, and deleted in Okta if they are there',
  ref('condition'),
);
const deleted = described(
  'in a feed of changes (mode delta): rows that meet the condition mark a removal, and need no more than the ids',
  ref('condition'),
);
const duplicates: Schema = {
  description: 'which of several rows with the same id counts; without this, the others are rejected',
  anyOf: [
    { enum: ['fail', 'first', 'last'] },
    object(
      {
        newest: described('the column with a day, a time or a whole number', text),
        date: described('the form of the days, such as DD.MM.YYYY; ISO by default', text),
      },
      ['newest'],
    ),
  ],
};
const groupProfile: Schema = {
  ...object(Object.fromEntries(Object.keys(LIMITS.groupProfile).map((name) => [name, ref('value')]))),
  minProperties: 1,
};

const listKeys: Schema = {
  split: described('the separator between groups or members; not needed for JSON arrays', text),
  missing: described('a record without the column has an empty list, or is rejected (default)', {
    enum: ['empty', 'reject'],
  }),
  ...shapes,
  values: described('maps each item to another; null leaves it out', {
    type: 'object',
    minProperties: 1,
    additionalProperties: { type: ['string', 'null'] },
  }),
  default: described('the result for items that are not listed; null leaves them out', {
    anyOf: [{ type: ['string', 'null'] }, SAME],
  }),
};
const listOf = (source: string, schema: Schema): Schema => ({
  ...object({ [source]: schema, ...listKeys }, [source]),
  dependentRequired: { default: ['values'] },
});
const list: Schema = {
  anyOf: [
    listOf('column', text),
    listOf('columns', described('columns instead of one: their lists are one list', names)),
  ],
};

/** The JSON Schema of a mapping file, for editors. `loadMapping` checks a little more, e.g. unmatched braces. */
export function mappingSchema(): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'rollcall.mapping.json',
    description: 'The mapping file of the command rollcall. JSON with comments and trailing commas.',
    ...object({
      $schema: described('the address of this schema, for editors', { type: 'string' }),
      clean: described('removes control and format characters from all cells', flag),
      emptyValues: described('texts of cells that mean the same as an empty cell, such as NULL', {
        type: 'array',
        items: text,
        minItems: 1,
      }),
      lookups: described('inputs that expressions look up: lookup(input, key, column)', {
        type: 'object',
        additionalProperties: object({ key: described('the column of the key', text) }, ['key']),
      }),
      users: object(
        {
          externalId: ref('id'),
          profile: { type: 'object', minProperties: 1, additionalProperties: ref('value') },
          when,
          deleted,
          duplicates,
        },
        ['externalId', 'profile'],
      ),
      groups: {
        anyOf: [
          object({ externalId: ref('id'), profile: groupProfile, when, deleted, duplicates }, [
            'externalId',
            'profile',
          ]),
          object({ from: { const: 'memberships' }, profile: groupProfile }, ['from']),
        ],
      },
      memberships: {
        anyOf: [
          object({ groupExternalId: ref('id'), memberExternalId: ref('id'), when, deleted, duplicates }, [
            'groupExternalId',
            'memberExternalId',
          ]),
          object({ from: { const: 'users' }, groups: list, when }, ['from', 'groups']),
          object({ from: { const: 'groups' }, members: list, when }, ['from', 'members']),
        ],
      },
    }),
    $defs: { id: valueSchema(true), value: valueSchema(false), condition },
  };
}
