import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listedOf, recordOf } from '../../src/cli/mapping/apply.js';
import type { Row } from '../../src/cli/mapping/cells.js';
import { parseMapping } from '../../src/cli/mapping/load.js';
import type { ListedRule, RecordRule } from '../../src/cli/mapping/mapping.js';
import { mappedSources } from '../../src/cli/mapping/sources.js';
import { refusalOf } from '../../src/validate/refused-record.js';
import { drainSources } from './mapping-support.js';
import { directory, files } from './support.js';

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

describe('memberships from the groups', () => {
  const text = (groups: object, more: object = {}) =>
    JSON.stringify({ groups, memberships: { from: 'groups', members: { column: 'member', ...more } } });
  const rows = {
    externalId: 'dn',
    profile: { displayName: 'name' },
    when: { column: 'kind', equals: 'team' },
  };
  const pairs = (source: string, row: object) =>
    [...listedOf(parseMapping(source, 'm.json').memberships as ListedRule, row as Row)].map(
      (pair) => refusalOf(pair)?.code ?? `${pair.groupExternalId}/${pair.memberExternalId}`,
    );

  it.each<[string, object, readonly string[]]>([
    [text(rows), { dn: 'g', kind: 'team', member: ['a', ' b ', 'a', null] }, ['g/a', 'g/b']],
    [text(rows, { split: ';' }), { dn: 'g', kind: 'team', member: 'a;b' }, ['g/a', 'g/b']],
    [text(rows), { dn: 'g', kind: 'list', member: ['a'] }, []],
    [text(rows), { dn: 'g', kind: '', member: ['a'] }, ['EMPTY_CONDITION']],
    [text(rows), { dn: '', kind: 'team', member: ['a'] }, ['NO_EXTERNAL_ID']],
    [text(rows), { dn: 'g', kind: 'team' }, ['MISSING_COLUMN']],
    [text(rows, { missing: 'empty' }), { dn: 'g', kind: 'team' }, []],
    [
      text(rows, { missing: 'empty' }),
      { dn: 'g', kind: 'team', 'member;range=0-1499': ['a'] },
      ['PARTIAL_LIST'],
    ],
  ])('%s of %j: %j', (source, row, wanted) => expect(pairs(source, row)).toEqual(wanted));

  it('are not made of groups that are made of memberships', () => {
    expect(() => parseMapping(text({ from: 'memberships' }), 'm.json')).toThrow(/so they list no members$/);
  });

  it('read the input of the groups once for each entity, and need no other', async () => {
    const cwd = await directory();
    const ldif = [
      { dn: 'g', name: 'G', kind: 'team', member: ['a', 'b'] },
      { dn: 'h', name: 'H', kind: 'team', member: [] },
    ];
    await files(cwd, { 'g.jsonl': ldif.map((group) => `${JSON.stringify(group)}\n`).join('') });
    const groups = { paths: [join(cwd, 'g.jsonl')] };
    const mapping = parseMapping(text(rows), 'm.json');
    const { records, rejections } = await drainSources(mappedSources(mapping, { groups }));
    expect(rejections).toEqual([]);
    expect(records).toEqual({
      groups: [
        { externalId: 'g', profile: { displayName: 'G' } },
        { externalId: 'h', profile: { displayName: 'H' } },
      ],
      memberships: [
        { groupExternalId: 'g', memberExternalId: 'a' },
        { groupExternalId: 'g', memberExternalId: 'b' },
      ],
    });
    expect(() => mappedSources(mapping, { groups, memberships: groups })).toThrow(
      'the mapping creates memberships from the groups',
    );
  });
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
    [both, { team: 'Dev', site: { a: 1 } }, ['NOT_TEXT']],
  ])('%j of %j: %j', (rule, row, wanted) => expect(groups(rule, row)).toEqual(wanted));
});
