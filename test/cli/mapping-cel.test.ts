import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordOf } from '../../src/cli/mapping/apply.js';
import { profileMapping } from '../../src/cli/mapping/declared-mapping.js';
import { columnsOf } from '../../src/cli/mapping/mapping-columns.js';
import { parseMapping } from '../../src/cli/mapping/load.js';
import type { RecordRule } from '../../src/cli/mapping/mapping.js';
import { isLeftOut } from '../../src/validate/left-out-record.js';
import { refusalOf } from '../../src/validate/refused-record.js';

const TODAY = Date.UTC(2026, 5, 15);
const mapping = (profile: object, when?: object) =>
  parseMapping(
    JSON.stringify({ users: { externalId: 'id', profile, ...(when && { when }) } }),
    'm.json',
    TODAY,
  );
const users = (profile: object, when?: object) => mapping(profile, when).users as RecordRule;

/** One attribute, made of one row by an expression: its value, or the refusal. */
function valueOf(cel: string, row: object, more: object = {}) {
  const record = recordOf(users({ nick: { cel, ...more } }), { id: '1', ...row });
  return refusalOf(record) ?? record?.profile['nick'];
}

/** What a condition makes of a row: `in`, `out`, or the code of the refusal. */
function decided(cel: string, row: object) {
  const record = recordOf(users({ nick: 'id' }, { cel }), { id: '1', ...row });
  const refusal = refusalOf(record);
  return refusal?.code ?? (isLeftOut(record) ? 'out' : 'in');
}

const MISSING =
  'the expression reads a column, a property or an item that is empty or missing, and does not say what that means (m.json:1)';

describe('a value by an expression', () => {
  it.each<[string, object, string | null]>([
    [
      "lower(ascii(row.given) + '.' + ascii(row.family)) + '@example.com'",
      { given: 'Zoë', family: 'Łukasz' },
      'zoe.lukasz@example.com',
    ],
    ["row['Personal Nr']", { 'Personal Nr': '007' }, '007'],
    ['row.n', { n: 7 }, '7'],
    ['row.n', { n: true }, 'true'],
    ['row.n', {}, null],
    ['row.n', { n: null }, null],
    ["row.a == '' ? row.b : row.a", { a: '', b: 'x' }, 'x'],
    ["row.a == '' ? row.b : row.a", { a: null, b: 'x' }, 'x'],
    ["row.a == '' ? row.b : row.a", { b: 'x' }, 'x'],
    ['firstNonEmpty([row.a, row.b, row.c])', { a: ' ', c: 'x' }, 'x'],
    ['firstNonEmpty([row.a])', {}, null],
    ["firstNonEmpty([row.a, 'none'])", {}, 'none'],
    ['upper(trim(row.a))', { a: ' é ' }, 'É'],
    ['pad(row.a, 6)', { a: '42' }, '000042'],
    ['pad(row.a, 6)', { a: 1234567 }, '1234567'],
    ["pad(row.a, 4, 'x')", { a: '42' }, 'xx42'],
    ["replace(row.a, '.', '$&')", { a: 'a.b.c' }, 'a$&b$&c'],
    ["replace(row.a, '', 'x')", { a: 'ab' }, 'ab'],
    ["extract(row.a, 'CN=([^,]+)')", { a: 'CN=Ada,OU=x' }, 'Ada'],
    ["extract(row.a, '[0-9]+')", { a: 'x12' }, '12'],
    ["extract(row.a, '[0-9]+')", { a: 'x' }, null],
    ["join(split(row.a, ';'), ', ')", { a: 'a; b;;c' }, 'a, b, c'],
    ["join(row.a, '|')", { a: ['x', 2, null] }, 'x|2|'],
    ['first(row.a)', { a: ['x', 'y'] }, 'x'],
    ['first(row.a)', { a: [] }, null],
    ["first(split(row.a, ','))", { a: 'x,y' }, 'x'],
    ['row.dept.name', { dept: { name: 'IT' } }, 'IT'],
    ["row.end == '' || date(row.end) > today() ? 'active' : 'ended'", { end: '2026-06-16' }, 'active'],
    ["date(row.end, 'DD.MM.YYYY') < today() + days(14) ? 'soon' : 'later'", { end: '28.06.2026' }, 'soon'],
    ["date(row.end, 'DD.MM.YYYY') < today() + days(14) ? 'soon' : 'later'", { end: '29.06.2026' }, 'later'],
    ['null', {}, null],
    ["row.a in ['x', 'y'] ? 'yes' : 'no'", { a: 'y' }, 'yes'],
    ["['x', 'y'].exists(v, v == row.a) ? 'yes' : 'no'", { a: 'z' }, 'no'],
    ['string(size(row.a))', { a: 'abc' }, '3'],
  ])('%s', (cel, row, wanted) => expect(valueOf(cel, row)).toBe(wanted));

  it('passes through the other keys of a value', () => {
    expect(valueOf('row.a', { a: ' X ' }, { trim: true, lower: true, values: { x: 'one' } })).toBe('one');
    expect(valueOf('row.a', { a: '' }, { empty: 'omit' })).toBeUndefined();
    expect(valueOf('row.a', { a: '' }, { empty: 'reject' })).toMatchObject({ code: 'EMPTY', field: 'nick' });
  });

  it('makes an id', () => {
    const { users: rule } = parseMapping(
      JSON.stringify({ users: { externalId: { cel: 'pad(row.nr, 4)' }, profile: { nick: 'nr' } } }),
      'm.json',
    );
    expect(recordOf(rule as RecordRule, { nr: '7' })).toEqual({ externalId: '0007', profile: { nick: '7' } });
  });

  it.each<[string, object, string, string]>([
    ['ascii(row.a)', { a: 'secret王' }, 'NOT_ASCII', 'has a letter that ascii() cannot write (m.json:1)'],
    [
      'string(date(row.a) > today())',
      { a: '31.6.2026' },
      'NOT_A_DATE',
      'is not a date in the form that date() expects (m.json:1)',
    ],
    [
      'lower(row.a)',
      { a: ['secret'] },
      'NOT_TEXT',
      'has neither text nor a whole number for lower() (m.json:1)',
    ],
    ['row.a', { a: 1.5 }, 'NOT_TEXT', 'is neither text nor a whole number (m.json:1)'],
    ['row.a', { a: { secret: 1 } }, 'NOT_TEXT', 'is neither text nor a whole number (m.json:1)'],
    ["row.a + 'x'", { a: true }, 'CEL', 'cannot be computed: no such overload: bool + string (m.json:1)'],
    ['pad(row.a, 2000)', { a: 'secret' }, 'CEL', 'is padded to more than 1024 characters (m.json:1)'],
    ['string(int(row.a))', { a: 'secret' }, 'CEL', 'cannot be computed (m.json:1)'],
    [
      'extract(row.a, row.b)',
      { a: 'secret', b: '(' },
      'CEL',
      'has a pattern for extract() that is not a regular expression (m.json:1)',
    ],
    ['row.a[0]', { a: 'secret' }, 'CEL', MISSING],
    ['row.a[5]', { a: ['secret'] }, 'CEL', MISSING],
  ])('rejects the row, and shows no value: %s', (cel, row, code, reason) => {
    expect(valueOf(cel, row)).toEqual({ key: '1', field: 'nick', code, reason });
  });

  it('never shows a value in a reason, whatever is in the row', () => {
    const cells = fc.oneof(
      fc.constant('SECRET'),
      fc.constant(['SECRET']),
      fc.constant({ SECRET: 'SECRET' }),
      fc.constant(1e21),
      fc.constant(null),
    );
    const expressions = fc.constantFrom(
      'row.a + row.b',
      'lower(row.a) + string(int(row.b))',
      "string(date(row.a, 'D.M.YYYY') > today())",
      'string(timestamp(row.a) > today())',
      'string(duration(row.a) > days(1))',
      'row.a[row.b]',
      'row.a.x',
      'join(row.a, row.b)',
      'first(row.a)',
      'row.a < row.b ? "x" : "y"',
      'row.a.matches(row.b) ? "x" : "y"',
      'extract(row.a, row.b)',
    );
    fc.assert(
      fc.property(expressions, cells, cells, (cel, a, b) => {
        const result = valueOf(cel, { a, b });
        if (typeof result === 'object' && result !== null) expect(result.reason).not.toContain('SECRET');
      }),
      { numRuns: 500 },
    );
  });
});

describe('a condition by an expression', () => {
  it.each<[string, object, string]>([
    ["row.status == 'active'", { status: 'active' }, 'in'],
    ["row.status == 'active'", { status: 'left' }, 'out'],
    ["row.status == 'active'", { status: '' }, 'EMPTY_CONDITION'],
    ["row.status == 'active'", { status: ' ' }, 'EMPTY_CONDITION'],
    ["row.status == 'active'", { status: null }, 'EMPTY_CONDITION'],
    ["row.status == 'active'", {}, 'EMPTY_CONDITION'],
    ["row.status != 'left'", {}, 'EMPTY_CONDITION'],
    ["!(row.status in ['left', 'gone'])", { status: '' }, 'EMPTY_CONDITION'],
    ['!has(row.end) || date(row.end) > today()', { end: '' }, 'in'],
    ['!has(row.end) || date(row.end) > today()', {}, 'in'],
    ['!has(row.end) || date(row.end) > today()', { end: '2026-06-15' }, 'out'],
    ['!has(row.end) || date(row.end) > today()', { end: 'soon' }, 'NOT_A_DATE'],
    ["row.?kind.orValue('staff') == 'staff'", {}, 'in'],
    ["row.?kind.orValue('staff') == 'staff'", { kind: 'guest' }, 'out'],
    ["row.a == 'x' || row.b == 'y'", { b: 'y' }, 'in'],
    ["row.a == 'x' && row.b == 'y'", { b: 'z' }, 'out'],
    ["row.a.matches('^[a-z]+$')", { a: 'abc' }, 'in'],
    ["row.a.matches('^[a-z]+$')", { a: 'abc1' }, 'out'],
    ["['b1', row.a].exists(v, v.matches('^[a-z]+$'))", { a: 'c' }, 'in'],
    ["row.a.matches('1')", { a: 1 }, 'CEL'],
    ['row.flag', { flag: true }, 'in'],
    ['row.flag', { flag: 'yes' }, 'NOT_A_BOOLEAN'],
    ['row.n > 3', { n: 5 }, 'in'],
    ['row.n > 3', { n: '5' }, 'CEL'],
  ])('%s with %j: %s', (cel, row, wanted) => expect(decided(cel, row)).toBe(wanted));

  it('is the opposite if it is negated, or the same refusal', () => {
    const cell = fc.constantFrom<unknown>('x', 'y', '', ' ', null, undefined, 3, true, ['x']);
    const expressions = fc.constantFrom(
      "row.a == 'x'",
      "row.a == 'x' || row.b == 'x'",
      "row.a == 'x' && row.b == 'x'",
      'has(row.a) && row.a == row.b',
      'row.a',
    );
    fc.assert(
      fc.property(expressions, cell, cell, (cel, a, b) => {
        const opposite = { in: 'out', out: 'in' } as Readonly<Record<string, string>>;
        const plain = decided(cel, { a, b });
        expect(decided(`!(${cel})`, { a, b })).toBe(
          opposite[plain] ?? (plain === 'NOT_A_BOOLEAN' ? 'CEL' : plain),
        );
      }),
    );
  });

  it('can be a part of other conditions', () => {
    const rule = users({ nick: 'id' }, { all: [{ cel: "row.a == 'x'" }, { column: 'b', equals: 'y' }] });
    expect(isLeftOut(recordOf(rule, { id: '1', a: 'x', b: 'y' }))).toBe(false);
    expect(isLeftOut(recordOf(rule, { id: '1', a: 'z', b: 'y' }))).toBe(true);
  });
});

describe('an expression is checked when the mapping is loaded', () => {
  it.each<[object, object | undefined, string]>([
    [
      { cel: 'row.a +' },
      undefined,
      'users.profile.nick.cel: Unexpected token: EOF (character 8 of the expression)',
    ],
    [{ cel: 'nope(row.a)' }, undefined, "found no matching overload for 'nope(dyn)'"],
    [{ cel: 'given' }, undefined, 'Unknown variable: given'],
    [{ cel: "1 + 'a'" }, undefined, 'no such overload: int + string'],
    [{ cel: "split(row.a, ';')" }, undefined, 'gives a list<string>, but expected a text'],
    [{ cel: 'today()' }, undefined, 'but expected a text'],
    [{ cel: 'row[row.a]' }, undefined, "write each column as row.name or row['a name']"],
    [{ cel: "size(row) > 1 ? 'a' : 'b'" }, undefined, "write each column as row.name or row['a name']"],
    [{ cel: "extract(row.a, '(')" }, undefined, 'is not a valid regular expression'],
    [{ cel: "row.a.matches('(?=x)') ? 'a' : 'b'" }, undefined, '"(?=x)" is not a valid regular expression'],
    [
      { cel: "date(row.a, 'DD.MM') > today() ? 'a' : 'b'" },
      undefined,
      '"DD.MM" is not a form with YYYY, MM and DD',
    ],
    [{ cel: "has(row.a) ? row.a : 'x'" }, undefined, 'in a value "a" is \'\' if it is empty or missing'],
    [{ cel: "row.?a.orValue('x')" }, undefined, 'in a value "a" is \'\' if it is empty or missing'],
    [{ cel: '' }, undefined, 'must not be empty'],
    [{ cel: 'row.a', column: 'a' }, undefined, 'expected one of column, columns, constant, template and cel'],
    [
      'x' as unknown as object,
      { cel: "row.a == ''" },
      'in a condition an empty column has no value; write has(row["a"])',
    ],
    ['x' as unknown as object, { cel: 'row.a + row.b + "x"' }, 'gives a string, but expected true or false'],
    ['x' as unknown as object, { cel: 'row.a', column: 'a' }, 'cel must be the only key'],
  ])('%j %j', (value, when, message) => {
    expect(() => users({ nick: value }, when)).toThrow(message);
  });

  it('names the columns that it needs, so that the header is checked', () => {
    const made = mapping(
      { nick: { cel: "row.a + row['b c']" } },
      { cel: "!has(row.end) || row.d == 'x' && row.list.exists(v, v == 'y')" },
    );
    expect(columnsOf(made, 'users')).toEqual({
      names: ['id', 'a', 'b c', 'd', 'list', 'end'],
      others: 'leave',
      optional: ['end'],
    });
  });

  it('counts the values of columns that it compares with texts', () => {
    const { when } = users(
      { nick: 'id' },
      { cel: "row.a == 'x' || row.b in ['y'] || 'z' != row.c || row.d > 3" },
    );
    expect(when?.compared).toEqual(['a', 'b', 'c']);
  });

  it('turns screening off, because a result can depend on today', () => {
    expect(profileMapping(users({ nick: 'a' }), 'users')).toBeDefined();
    expect(profileMapping(users({ nick: { cel: 'row.a' } }), 'users')).toBeUndefined();
    expect(profileMapping(users({ nick: 'a' }, { cel: "row.a == 'x'" }), 'users')).toBeUndefined();
  });

  it('an expression of a thousand parts at most', () => {
    expect(() => users({ nick: { cel: Array(600).fill('row.a').join(' + ') } })).toThrow(/m\.json:1:/);
  });
});

describe('an expression that is compiled for texts', () => {
  const letters = fc.constantFrom('row.a', 'row.b', "'x'", "''", "'Zoë'", "row['c d']");
  const { text, condition } = fc.letrec<{ text: string; texts: string; condition: string }>((tie) => ({
    text: fc.oneof(
      { maxDepth: 4 },
      letters,
      fc.tuple(tie('text'), tie('text')).map(([a, b]) => `(${a} + ${b})`),
      fc.tuple(fc.constantFrom('lower', 'upper', 'trim', 'ascii'), tie('text')).map(([f, a]) => `${f}(${a})`),
      tie('text').map((a) => `pad(${a}, 3)`),
      tie('text').map((a) => `replace(${a}, 'x', '$&')`),
      tie('text').map((a) => `extract(${a}, '[a-z](.)')`),
      fc.tuple(fc.constantFrom('first', 'firstNonEmpty'), tie('texts')).map(([f, a]) => `${f}(${a})`),
      tie('texts').map((a) => `join(${a}, '|')`),
      fc.tuple(tie('condition'), tie('text'), tie('text')).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
    ),
    texts: fc.oneof(
      tie('text').map((a) => `split(${a}, ';')`),
      fc.tuple(tie('text'), tie('text')).map(([a, b]) => `[${a}, ${b}]`),
    ),
    condition: fc.oneof(
      { maxDepth: 4 },
      fc
        .tuple(tie('text'), fc.constantFrom('==', '!=', '<', '<=', '>', '>='), tie('text'))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      fc.tuple(tie('text'), tie('texts')).map(([a, b]) => `(${a} in ${b})`),
      fc
        .tuple(tie('text'), fc.constantFrom('startsWith', 'endsWith', 'contains'), tie('text'))
        .map(([a, f, b]) => `${a}.${f}(${b})`),
      tie('text').map((a) => `${a}.matches('x+')`),
      tie('condition').map((a) => `!${a}`),
      fc
        .tuple(tie('condition'), fc.constantFrom('&&', '||'), tie('condition'))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      tie('text').map((a) => `(date(${a}) > today())`),
      fc.constantFrom('has(row.a)', 'has(row.end)', 'true'),
    ),
  })) as unknown as { text: fc.Arbitrary<string>; condition: fc.Arbitrary<string> };
  const cell = fc.constantFrom<unknown>('x', 'X1', 'a;b', '', ' ', 'Łé', '2026-07-01', '王', null, 7, true, [
    'x',
  ]);
  const row = fc.record({ a: cell, b: cell, 'c d': cell, end: cell }, { requiredKeys: [] });
  /** The same expression, with a part that only the library computes. */
  const byLibrary = (cel: string) => `dyn([1].exists(one, one == 1)) ? (${cel}) : (${cel})`;

  /** False for an expression that is refused when it is loaded, such as a comparison with '' in a condition. */
  function isValid(profile: object, when?: object) {
    try {
      users(profile, when);
      return true;
    } catch {
      return false;
    }
  }

  it('gives as a value what the library gives', () => {
    fc.assert(
      fc.property(text, row, (cel, cells) => {
        fc.pre(isValid({ nick: { cel: byLibrary(cel) } }));
        expect(valueOf(cel, cells)).toEqual(valueOf(byLibrary(cel), cells));
      }),
      { numRuns: 1000 },
    );
  });

  it('decides as a condition as the library does', () => {
    fc.assert(
      fc.property(condition, row, (cel, cells) => {
        fc.pre(isValid({ nick: 'id' }, { cel: byLibrary(cel) }));
        expect(decided(cel, cells)).toBe(decided(byLibrary(cel), cells));
      }),
      { numRuns: 1000 },
    );
  });

  it('finds no text in which a pattern takes long', () => {
    const a = 'a'.repeat(50_000);
    expect(valueOf("extract(row.a, '^((a+)+)$')", { a: `${a}!` })).toBe(null);
    expect(decided("row.a.matches('^(a|a)*$')", { a: `${a}!` })).toBe('out');
  });
});

describe('numbers of Windows', () => {
  it.each<[string, object, string]>([
    ['!hasFlag(row.uac, 2)', { uac: '512' }, 'in'],
    ['!hasFlag(row.uac, 2)', { uac: 514 }, 'out'],
    ['hasFlag(row.uac, 2147483648)', { uac: '-2147483646' }, 'in'],
    ['!hasFlag(row.uac, 2)', { uac: 'NORMAL' }, 'NOT_A_NUMBER'],
    ['!hasFlag(row.uac, 0)', { uac: '512' }, 'NOT_A_NUMBER'],
    ['!hasFlag(row.uac, 2)', {}, 'EMPTY_CONDITION'],
    // 2026-06-15 is today.
    ['fileTime(row.end) > today()', { end: '0' }, 'in'],
    ['fileTime(row.end) > today()', { end: '9223372036854775807' }, 'in'],
    ['fileTime(row.end) > today()', { end: '134260000000000000' }, 'in'],
    ['fileTime(row.end) > today()', { end: '134250000000000000' }, 'out'],
    ['fileTime(row.end) > today()', { end: '2026-06-16' }, 'NOT_A_DATE'],
    ['fileTime(row.end) > today()', { end: '-1' }, 'NOT_A_DATE'],
  ])('%s of %o is %s', (cel, row, result) => expect(decided(cel, row)).toBe(result));

  it('begin in 1601', () => {
    const isEpoch = "fileTime(row.at) == date('1970-01-01') ? 'yes' : 'no'";
    expect(valueOf(isEpoch, { at: '116444736000000000' })).toBe('yes');
    expect(valueOf(isEpoch, { at: '116444736000010000' })).toBe('no');
  });
});
