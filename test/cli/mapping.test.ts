import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { parse } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { recordOf } from '../../src/cli/mapping/apply.js';
import { identityMapping, loadMapping, parseMapping } from '../../src/cli/mapping/load.js';
import type { RecordRule } from '../../src/cli/mapping/mapping.js';
import { mappingSchema } from '../../src/cli/mapping/schema.js';
import { suggestMapping } from '../../src/cli/mapping/suggest.js';
import { parseTemplate } from '../../src/cli/mapping/template.js';
import { OptionsError } from '../../src/core/errors.js';
import { isLeftOut } from '../../src/validate/left-out-record.js';
import { refusalOf } from '../../src/validate/refused-record.js';
import { toUser } from '../../src/transform/to-records.js';
import { directory, files } from './support.js';

const TODAY = Date.UTC(2026, 5, 15);
const users = (profile: object, when?: object) =>
  parseMapping(
    JSON.stringify({ users: { externalId: 'id', profile, ...(when && { when }) } }),
    'm.json',
    TODAY,
  ).users as RecordRule;
const suggest = (header: readonly string[]) => suggestMapping({ header, columns: new Map() });
/** One attribute, made of one row. */
const valueOf = (value: unknown, row: object, attribute = 'nick') => {
  const record = recordOf(users({ [attribute]: value }), { id: '1', ...row });
  return refusalOf(record) ?? record?.profile[attribute];
};

describe('values', () => {
  it.each([
    ['c', { c: 'x' }, 'x'],
    [{ column: 'c' }, { c: '' }, null],
    [{ column: 'c', empty: 'keep' }, { c: '' }, ''],
    [{ column: 'c', empty: 'omit' }, { c: '' }, undefined],
    [{ column: 'c', trim: true, empty: 'omit' }, { c: '  ' }, undefined],
    [{ column: 'c', trim: true, collapse: true, upper: true }, { c: ' a \t b ' }, 'A B'],
    [{ column: 'c', lower: true, values: { a: 'one' } }, { c: 'A' }, 'one'],
    [{ column: 'c', values: { a: 'one' }, default: 'other' }, { c: 'z' }, 'other'],
    [{ column: 'c', values: { a: 'one' }, default: null }, { c: 'z' }, null],
    [{ column: 'c', values: { NULL: null }, default: { same: true } }, { c: 'z' }, 'z'],
    [{ column: 'c', values: { NULL: null }, default: { same: true } }, { c: 'NULL' }, null],
    [{ column: 'c', values: { a: null } }, { c: 'a' }, null],
    [{ column: 'c', values: { a: 'one', '': 'none' } }, { c: '' }, 'none'],
    [{ column: 'c', values: { a: 'one' } }, { c: '' }, null],
    [{ column: 'c', values: { toString: 'x' }, default: 'other' }, { c: 'constructor' }, 'other'],
    [{ constant: 'k' }, {}, 'k'],
    [{ constant: null }, {}, null],
    [{ template: '{a}-{b?}' }, { a: '1', b: '' }, '1-'],
    [{ template: '{a}-{b}' }, { a: '1', b: '' }, null],
    [{ template: '{b?}@x' }, { b: '' }, null],
    [{ template: '{{{a}}}' }, { a: '1' }, '{1}'],
    ['c', { c: 7 }, '7'],
    ['c', { c: true }, 'true'],
    ['c', { c: null }, null],
    ['c', {}, null],
    ['toString', {}, null],
    ['dept.name', { dept: { name: 'Sales' } }, 'Sales'],
    ['dept.name', { 'dept.name': 'Sales', dept: { name: 'Other' } }, 'Sales'],
    ['dept.name', { dept: { toString: 'x' } }, null],
    ['dept.name', { dept: null }, null],
    ['a.b.c', { a: { b: { c: 7 } } }, '7'],
    ['c', { c: 0.5 }, '0.5'],
    ['c', { c: true }, 'true'],
    [{ template: '{a.b}-{c}' }, { a: { b: 'x' }, c: 'y' }, 'x-y'],
    [{ column: 'c', clean: true }, { c: '\ufeffA\u200bn\u00adn\0\u202e\tB' }, 'Ann\tB'],
    [{ column: 'c', clean: true, trim: true }, { c: '\u200b ann\u200d \ufffd' }, 'ann \ufffd'],
    [
      { column: 'c', clean: true },
      { c: '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647 a\u200cb' },
      '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647 ab',
    ],
    [{ column: 'c', normalize: 'NFC' }, { c: 'Mu\u0308ller' }, 'M\u00fcller'],
    [{ column: 'c', normalize: 'NFKC', lower: true }, { c: '\uff21nn' }, 'ann'],
  ])('%j of %j is %j', (value, row, result) => expect(valueOf(value, row)).toBe(result));

  it('leaves an empty attribute out that Okta does not take as null', () => {
    const { profile } = recordOf(users({ secondEmail: 'c', nick: 'd' }), { id: '1', c: '', d: 'x' }) ?? {};
    expect(profile).toEqual({ nick: 'x' });
  });

  it.each([
    [{ column: 'c', values: { a: 'one' } }, { c: 'secret' }, 'NOT_MAPPED'],
    [{ column: 'c', empty: 'reject' }, { c: '' }, 'EMPTY'],
    ['c', { c: 2 ** 53 }, 'NOT_TEXT'],
    ['c', { c: { secret: 1 } }, 'NOT_TEXT'],
    [{ template: '{c}' }, { c: ['secret'] }, 'NOT_TEXT'],
  ])('%j of %j is rejected, with the line of the mapping and no value', (value, row, code) => {
    const refusal = valueOf(value, row);
    expect(refusal).toMatchObject({ key: '1', field: 'nick', code });
    expect((refusal as { reason: string }).reason).toMatch(/\(m\.json:1\)$/);
    expect(JSON.stringify(refusal)).not.toContain('secret');
  });

  it('takes no empty id', () => {
    const rule = users({ nick: 'c' });
    for (const id of ['', null, undefined])
      expect(refusalOf(recordOf(rule, { id, c: 'x' }))).toMatchObject({
        key: undefined,
        code: 'NO_EXTERNAL_ID',
      });
    expect(refusalOf(recordOf(rule, { id: 2 ** 60, c: 'x' }))).toMatchObject({
      key: undefined,
      code: 'NOT_TEXT',
    });
  });

  it('maps every row as without a mapping when each attribute is its column', () => {
    const names = ['userName', 'email', 'firstName', 'secondEmail', 'homeAddress', 'custom'];
    const rule = users(Object.fromEntries(names.map((name) => [name, name])));
    const row = fc.record(Object.fromEntries(names.map((name) => [name, fc.string({ maxLength: 3 })])));
    fc.assert(
      fc.property(row, fc.string({ minLength: 1 }), (cells, id) => {
        const { externalId, profile } = toUser({ externalId: id, ...cells });
        expect(recordOf(rule, { id, ...cells })).toEqual({ externalId, profile });
      }),
    );
  });

  it('gives back every text that a template is made of', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string({ minLength: 1 }), (before, after, cell) => {
        const escape = (text: string) => text.replace(/[{}]/g, '$&$&');
        const template = parseTemplate(`${escape(before)}{c}${escape(after)}`);
        expect('problem' in template ? template : template.render({ c: cell }, '')).toBe(
          before + cell + after,
        );
      }),
    );
  });
});

describe('conditions', () => {
  const passes = (when: object, row: object) => {
    const record = recordOf(users({ nick: 'id' }, when), { id: '1', ...row });
    return refusalOf(record)?.code ?? !isLeftOut(record);
  };
  const equals = { column: 'c', equals: 'a' };
  const never = { column: 'id', equals: 'other' };
  const always = { column: 'id', equals: '1' };

  it.each([
    [equals, { c: 'a' }, true],
    [equals, { c: 'A' }, false],
    [{ ...equals, ignoreCase: true, trim: true }, { c: ' A ' }, true],
    [{ column: 'c', in: ['A', 'b'], ignoreCase: true }, { c: 'a' }, true],
    [{ column: 'c', in: ['A', 'b'] }, { c: 'a' }, false],
    [{ column: 'c', equals: '' }, { c: null }, true],
    [{ column: 'c', present: true }, { c: ' ' }, true],
    [{ column: 'c', present: true, trim: true }, { c: ' ' }, false],
    [{ column: 'c', present: false }, {}, true],
    [{ column: 'c', matches: '^a.$' }, { c: 'a😀' }, true],
    [{ column: 'c', matches: 'B', ignoreCase: true }, { c: 'abc' }, true],
    [{ column: 'c', equals: 'true' }, { c: true }, true],
    [{ not: equals }, { c: 'a' }, false],
    [{ all: [always, never] }, {}, false],
    [{ any: [never, always] }, {}, true],
    // What cannot be told is not taken for false, unless something else decides.
    [equals, {}, 'MISSING_COLUMN'],
    [{ not: equals }, {}, 'MISSING_COLUMN'],
    [{ all: [equals, always] }, {}, 'MISSING_COLUMN'],
    [{ all: [equals, never] }, {}, false],
    [{ any: [equals, never] }, {}, 'MISSING_COLUMN'],
    [{ any: [equals, always] }, {}, true],
    [equals, { c: [] }, 'NOT_TEXT'],
  ])('%j of %j is %j', (when, row, result) => expect(passes(when, row)).toBe(result));

  it('follows the laws of logic', () => {
    const leaf = fc
      .tuple(fc.constantFrom('a', 'b'), fc.constantFrom('x', 'y'))
      .map(([column, equals]) => ({ column, equals }));
    const row = fc.record({ a: fc.constantFrom('x', 'y'), b: fc.constantFrom('x', 'y') });
    fc.assert(
      fc.property(leaf, leaf, row, (p, q, cells) => {
        expect(passes({ not: { all: [p, q] } }, cells)).toBe(
          passes({ any: [{ not: p }, { not: q }] }, cells),
        );
        expect(passes({ not: { not: p } }, cells)).toBe(passes(p, cells));
      }),
    );
  });
});

describe('loadMapping', () => {
  const wrap = (profile: string) => `{ "users": { "externalId": "id", "profile": { "nick": ${profile} } } }`;
  it.each([
    [
      '{\n  // who\n  "user": {}\n}',
      /^m\.json:3:3: the mapping: unknown key "user"; did you mean "users"\?$/,
    ],
    ['{\n "users": {"externalId": "id"}}', /^m\.json:2:11: users: missing key "profile"$/],
    ['{"users": {"externalid": "id"}}', /unknown key "externalid"; did you mean "externalId"\?$/],
    ['{"users": ', /^m\.json:1:\d+: not valid JSON: /],
    ['', /^m\.json:1:1: (not valid JSON|the file is empty)/],
    ['[]', /^m\.json:1:1: the mapping: expected an object$/],
    ['{"users": {}, "users": {}}', /^m\.json:1:15: the mapping: "users" is set twice$/],
    [
      '{"users": {"externalId": {"constant": "1"}, "profile": {}}}',
      /a constant would give every record the same id/,
    ],
    ['{"users": {"externalId": {"column": "a", "empty": "omit"}, "profile": {}}}', /unknown key "empty"/],
    ['{"users": {"externalId": "id", "profile": {}}}', /users\.profile: must not be empty$/],
    ['{"users": {"externalId": "id", "profile": {"firstname": "x"}}}', /did you mean "firstName"\?$/],
    ['{"users": {"externalId": "id", "profile": {"__proto__": "x"}}}', /not a valid attribute name/],
    [wrap('7'), /users\.profile\.nick: expected an object$/],
    [wrap('""'), /users\.profile\.nick: the column: must not be empty$/],
    [wrap('{"colum": "a"}'), /unknown key "colum"; did you mean "column"\?$/],
    [
      wrap('{"column": "a", "constant": "b"}'),
      /expected one of column, columns, constant, template and cel$/,
    ],
    [wrap('{"trim": true}'), /expected one of column, columns, constant, template and cel$/],
    [wrap('{"constant": "b", "trim": true}'), /trim has no effect on a constant$/],
    [wrap('{"column": "a", "trim": "yes"}'), /nick\.trim: expected true or false$/],
    [wrap('{"column": "a", "lower": true, "upper": true}'), /lower and upper exclude each other$/],
    [wrap('{"column": "a", "default": ""}'), /nick\.default: must not be empty$/],
    [wrap('{"column": "a", "default": "b", "empty": "omit"}'), /empty has no effect beside a default$/],
    [wrap('{"columns": []}'), /nick\.columns: expected a non-empty array$/],
    [wrap('{"columns": ["a"], "join": ";"}'), /join has an effect on a column only$/],
    [wrap('{"column": "a", "first": true, "join": ";"}'), /first and join exclude each other$/],
    [wrap('{"column": "a", "split": ";"}'), /split needs first or join$/],
    [
      '{"users": {"externalId": {"columns": ["a"]}, "profile": {"a": "b"}}}',
      /id from several columns would change/,
    ],
    [
      '{"users": {"externalId": {"column": "a", "first": true}, "profile": {"a": "b"}}}',
      /unknown key "first"/,
    ],
    [
      '{"users": {"externalId": {"column": "a", "default": "x"}, "profile": {"a": "b"}}}',
      /a default would give every record without an id the same id$/,
    ],
    [
      '{"memberships": {"from": "users", "groups": {"column": "g", "columns": ["h"]}}}',
      /expected a column, or columns$/,
    ],
    [
      '{"memberships": {"from": "users", "groups": {"column": "g", "default": "x"}}}',
      /default has no effect without values$/,
    ],
    [wrap('{"column": "a", "values": {}}'), /nick\.values: must not be empty$/],
    [wrap('{"column": "a", "values": {"x": 1}}'), /nick\.values\.x: expected a string$/],
    [wrap('{"column": "a", "empty": "nul"}'), /unknown word "nul"; did you mean "null"\?$/],
    [wrap('{"template": "a {b"}'), /template: unmatched brace/],
    [wrap('{"template": "a {}"}'), /template: /],
    [wrap('{"template": "a {?}"}'), /the braces contain no column$/],
    [wrap('{"template": "a"}'), /the template has no column; use "constant" instead$/],
    [
      '{"users": {"externalId": "i", "profile": {"a": "b"}, "when": {"column": "c"}}}',
      /when: expected a column and one of/,
    ],
    [
      '{"users": {"externalId": "i", "profile": {"a": "b"}, "when": {"all": []}}}',
      /when\.all: expected a non-empty array/,
    ],
    [
      '{"users": {"externalId": "i", "profile": {"a": "b"}, "when": {"all": [], "column": "c"}}}',
      /all must be the only key/,
    ],
    [
      '{"users": {"externalId": "i", "profile": {"a": "b"}, "when": {"column": "c", "matches": "("}}}',
      /not a valid regular expression/,
    ],
    ['{"groups": {"externalId": "i", "profile": {"name": "n"}}}', /unknown key "name"/],
    ['{"groups": {"from": "users"}}', /groups\.from: unknown word "users"; expected one of memberships/],
    ['{"memberships": {"from": "users"}}', /memberships: missing key "groups"$/],
    [
      '{"memberships": {"from": "users", "groups": {"column": "g", "split": ""}}}',
      /split: must not be empty$/,
    ],
    ['{"memberships": {"groupExternalId": "g"}}', /memberships: missing key "memberExternalId"$/],
  ])('refuses %s', (text, message) => {
    expect(() => parseMapping(text, 'm.json')).toThrow(OptionsError);
    expect(() => parseMapping(text, 'm.json')).toThrow(message);
  });

  it('reads a file with comments, trailing commas and a byte order mark', async () => {
    const cwd = await directory();
    const path = join(cwd, 'm.json');
    await files(cwd, { 'm.json': `\ufeff// mine\n${wrap('"c",')}` });
    expect((await loadMapping(path, 0)).users.kind).toBe('rows');
    await expect(loadMapping(join(cwd, 'no.json'), 0)).rejects.toThrow(
      /^--map: .*no\.json cannot be read: ENOENT$/,
    );
  });

  it('takes what it says nothing of as without a mapping', () => {
    expect(parseMapping('{}', 'm.json')).toEqual(identityMapping);
  });
});

describe('the schema', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(mappingSchema());
  const published = () =>
    readFileSync(new URL('../../src/cli/mapping/mapping-schema.json', import.meta.url), 'utf8');

  it('is published as it is made', () => expect(JSON.parse(published())).toEqual(mappingSchema()));

  it('takes every example of the documentation, and what init writes', () => {
    const doc = readFileSync(new URL('../../docs/mapping.md', import.meta.url), 'utf8');
    const texts = Array.from(
      doc.matchAll(/^```jsonc mapping\n([\s\S]*?)^```/gm),
      ([, text]) => text as string,
    );
    for (const text of [...texts, suggest(['id', 'email', 'groups', 'status'])]) {
      expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
    }
  });

  it.each([
    { user: {} },
    { users: { externalId: 'id' } },
    { users: { externalId: { constant: '1' }, profile: { a: 'b' } } },
    { users: { externalId: 'id', profile: { a: { column: 'b', trm: true } } } },
    { users: { externalId: 'id', profile: { a: { column: 'b', template: '{c}' } } } },
    { users: { externalId: { column: 'b', default: 'c' }, profile: { a: 'a' } } },
    { users: { externalId: 'id', profile: { a: 'b' }, when: { column: 'c' } } },
    { groups: { externalId: 'id', profile: { name: 'n' } } },
    { memberships: { from: 'users' } },
  ])('refuses %j, as loadMapping does', (mapping) => {
    expect(validate(mapping)).toBe(false);
    expect(() => parseMapping(JSON.stringify(mapping), 'm.json')).toThrow(OptionsError);
  });
});

describe('suggestMapping', () => {
  it('knows the names that HR systems use', () => {
    const text = suggest([
      'Employee ID',
      'E-Mail',
      'Given Name',
      'SURNAME',
      'Mobile Phone',
      'Cost Centre',
      'Status',
      'Groups',
    ]);
    expect(parse(text)).toEqual({
      users: {
        externalId: { column: 'Employee ID', trim: true },
        profile: {
          userName: { column: 'E-Mail', trim: true, lower: true },
          email: { column: 'E-Mail', trim: true, lower: true },
          firstName: 'Given Name',
          lastName: 'SURNAME',
          mobilePhone: 'Mobile Phone',
        },
      },
    });
    expect(text).toContain('// "costCentre": "Cost Centre",');
    // Deleting people by a guess is not for a program to do.
    expect(text).toContain('// "when": { "column": "Status"');
    expect(text).toContain(
      '// "memberships": { "from": "users", "groups": { "column": "Groups", "split": ";" } },',
    );
  });

  it('writes a mapping that can be read, whatever the header, and says what it did not find', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1, unit: 'binary' }), { maxLength: 6 }), (header) => {
        expect(parseMapping(suggest(header), 'm.json').users.kind).toBe('rows');
      }),
    );
    expect(suggest([])).toContain('No column looks like a permanent, unique id');
  });

  it('stays a mapping when what stands behind the comments is asked for', () => {
    const text = suggest(['id', 'mail', 'Cost-Centre 2', 'status', 'groups']).replace(
      /^( *)\/\/ (?=")/gm,
      '$1',
    );
    expect(parseMapping(text, 'm.json')).toMatchObject({
      users: { kind: 'rows' },
      memberships: { kind: 'users' },
      groups: { kind: 'memberships' },
    });
  });
});
