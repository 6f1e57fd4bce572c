import { describe, expect, it } from 'vitest';
import { listedOf, recordOf } from '../../src/cli/mapping/apply.js';
import { parseMapping } from '../../src/cli/mapping/load.js';
import type { ListedRule, RecordRule } from '../../src/cli/mapping/mapping.js';
import { refusalOf } from '../../src/validate/refused-record.js';

/** One attribute, made of one row: its value, or the code of the refusal. */
function valueOf(rule: object, row: object) {
  const users = { externalId: 'id', profile: { nick: rule } };
  const record = recordOf(parseMapping(JSON.stringify({ users }), 'm.json').users as RecordRule, {
    id: '1',
    ...row,
  });
  return refusalOf(record)?.code ?? record.profile['nick'];
}

describe('one text of a list', () => {
  it.each<[object, object, unknown]>([
    [{ column: 'a', first: true }, { a: ['', ' x ', 'y'] }, 'x'],
    [{ column: 'a', first: true }, { a: [] }, null],
    [{ column: 'a', first: true }, { a: 'x;y' }, 'x;y'],
    [{ column: 'a', first: true, split: ';' }, { a: ' ;x;y' }, 'x'],
    [{ column: 'a', first: true }, {}, null],
    [{ column: 'a', first: true }, { a: [['x']] }, 'NOT_TEXT'],
    [{ column: 'a', first: false }, { a: ['x'] }, 'NOT_TEXT'],
    [{ column: 'a', first: true }, { a: ['x'], 'a;range=0-1': ['x'] }, 'PARTIAL_LIST'],
    [{ column: 'a', join: ', ' }, { a: ['x', null, 7] }, 'x, 7'],
    [{ column: 'a', join: '' }, { a: ['x', 'y'] }, 'xy'],
    [{ column: 'a', join: '|', split: ';', upper: true }, { a: 'x; y;' }, 'X|Y'],
    [{ column: 'a', join: '|', values: { 'x|y': 'both' } }, { a: ['x', 'y'] }, 'both'],
  ])('%j of %j: %j', (rule, row, wanted) => expect(valueOf(rule, row)).toBe(wanted));
});

describe('the first of several columns, and a default', () => {
  it.each<[object, object, unknown]>([
    [{ columns: ['a', 'b'] }, { a: 'x', b: 'y' }, 'x'],
    [{ columns: ['a', 'b'] }, { a: ' ', b: 'y' }, 'y'],
    [{ columns: ['a', 'b'] }, { b: 'y' }, 'y'],
    [{ columns: ['a', 'b'] }, { a: null, b: '' }, null],
    [{ columns: ['a', 'b'], empty: 'reject' }, {}, 'EMPTY'],
    [{ columns: ['a', 'b'] }, { a: ['x'], b: 'y' }, 'NOT_TEXT'],
    [{ columns: ['a', 'b'], default: 'z', upper: true }, { b: 'y' }, 'Y'],
    [{ columns: ['a', 'b'], default: 'z' }, {}, 'z'],
    [{ column: 'a', default: 'z' }, { a: '  ' }, 'z'],
    [{ column: 'a', default: 'z' }, { a: 'x' }, 'x'],
    [{ template: '{a}-{b}', default: 'z' }, { a: 'x', b: '' }, 'z'],
    [{ cel: 'row.a', default: 'z' }, { a: '' }, 'z'],
    [{ column: 'a', values: { x: 'y' }, default: 'z' }, { a: '' }, null],
  ])('%j of %j: %j', (rule, row, wanted) => expect(valueOf(rule, row)).toBe(wanted));
});

describe('groups from several columns', () => {
  const groups = (rule: object, row: object) => {
    const text = JSON.stringify({ users: { externalId: 'id', profile: { nick: 'id' } }, memberships: rule });
    const { memberships } = parseMapping(text, 'm.json');
    return [...listedOf(memberships as ListedRule, { id: '1', ...row })].map(
      (pair) => refusalOf(pair)?.code ?? pair.groupExternalId,
    );
  };
  const both = { from: 'users', groups: { columns: ['team', 'site'], split: ';', lower: true } };

  it.each<[object, object, readonly string[]]>([
    [both, { team: 'Dev; Ops', site: 'Lyon' }, ['dev', 'ops', 'lyon']],
    [both, { team: 'Dev', site: 'dev' }, ['dev']],
    [both, { team: '', site: 'Lyon' }, ['lyon']],
    [both, { team: 'Dev' }, ['MISSING_COLUMN']],
    [{ from: 'users', groups: { columns: ['team', 'site'], missing: 'empty' } }, { team: 'Dev' }, ['Dev']],
    [both, { team: 'Dev', site: [], 'site;range=0-9': ['x'] }, ['PARTIAL_LIST']],
    [both, { team: 'Dev', site: 1.5 }, ['NOT_TEXT']],
  ])('%j of %j: %j', (rule, row, wanted) => expect(groups(rule, row)).toEqual(wanted));
});
