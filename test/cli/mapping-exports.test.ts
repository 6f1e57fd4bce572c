import { describe, expect, it } from 'vitest';
import { listedOf, recordOf } from '../../src/cli/mapping/apply.js';
import { readForm } from '../../src/cli/mapping/dates.js';
import { parseMapping } from '../../src/cli/mapping/load.js';
import type { ListedRule, RecordRule } from '../../src/cli/mapping/mapping.js';
import { mappedSources } from '../../src/cli/mapping/sources.js';
import { OptionsError } from '../../src/core/errors.js';
import { isLeftOut } from '../../src/validate/left-out-record.js';
import { refusalOf } from '../../src/validate/refused-record.js';
import { directory, files } from './support.js';

const TODAY = Date.UTC(2026, 5, 15);
const mappingOf = (mapping: object) => parseMapping(JSON.stringify(mapping), 'm.json', TODAY);

/** What a condition says of a row: true, false, or the code of its rejection. */
function verdict(when: object, row: object): unknown {
  const { users } = mappingOf({ users: { externalId: 'id', profile: { a: 'id' }, when } });
  const record = recordOf(users as RecordRule, { id: '1', ...row });
  return refusalOf(record)?.code ?? !isLeftOut(record);
}

describe('a condition on a cell without a text', () => {
  const active = { column: 'status', equals: 'Active' };
  it.each([
    [active, { status: 'Active' }, true],
    [active, { status: 'Left' }, false],
    [active, { status: '' }, 'EMPTY_CONDITION'],
    [active, { status: ' ' }, 'EMPTY_CONDITION'],
    [active, { status: null }, 'EMPTY_CONDITION'],
    [active, {}, 'MISSING_COLUMN'],
    [{ column: 'status', in: ['Active', 'Leave'] }, { status: null }, 'EMPTY_CONDITION'],
    [{ column: 'status', matches: '^A' }, { status: '' }, 'EMPTY_CONDITION'],
    [{ not: { column: 'kind', equals: 'robot' } }, { kind: '' }, 'EMPTY_CONDITION'],
    // The condition says what empty means.
    [{ column: 'status', in: ['Active', ''] }, { status: null }, true],
    [{ column: 'status', equals: '' }, { status: '' }, true],
    [{ column: 'status', matches: '^(A|$)' }, { status: '' }, true],
    [{ all: [{ column: 'status', present: true }, active] }, { status: '' }, false],
    [{ any: [active, { column: 'status', present: false }] }, { status: null }, true],
    [{ any: [active, { column: 'status', present: false }] }, {}, true],
  ])('%j of %j: %j', (when, row, result) => expect(verdict(when, row)).toBe(result));
});

describe('present', () => {
  it.each([
    [true, { groups: ['a'] }, true],
    [true, { groups: [] }, false],
    [true, { groups: [''] }, false],
    [true, { groups: [null] }, false],
    [false, { groups: [] }, true],
    [true, {}, false],
    [true, { groups: 'a' }, true],
  ])('%j of %j: %j', (present, row, result) =>
    expect(verdict({ column: 'groups', present }, row)).toBe(result),
  );
});

describe('dates', () => {
  it.each([
    [{ column: 'd', before: 'today' }, { d: '2026-06-14' }, true],
    [{ column: 'd', before: 'today' }, { d: '2026-06-15' }, false],
    [{ column: 'd', after: 'today' }, { d: '2026-06-15' }, false],
    [{ column: 'd', after: 'today' }, { d: '2026-06-16T08:00:00Z' }, true],
    [{ column: 'd', before: 'today+14' }, { d: '2026-06-28' }, true],
    [{ column: 'd', before: 'today+14' }, { d: '2026-06-29' }, false],
    [{ column: 'd', after: 'today-30' }, { d: '2026-05-16' }, false],
    [{ column: 'd', after: '2026-01-01' }, { d: '2026-01-02' }, true],
    [{ column: 'd', before: 'today', date: 'DD.MM.YYYY' }, { d: '01.02.2020' }, true],
    [{ column: 'd', before: 'today', date: 'M/D/YYYY' }, { d: '12/1/2026' }, false],
    [{ column: 'd', before: 'today' }, { d: '01/31/2027' }, 'NOT_A_DATE'],
    [{ column: 'd', before: 'today' }, { d: '2026-02-30' }, 'NOT_A_DATE'],
    [{ column: 'd', before: 'today' }, { d: '' }, 'EMPTY_CONDITION'],
    [{ column: 'd', before: 'today' }, {}, 'MISSING_COLUMN'],
    [
      {
        any: [
          { column: 'd', present: false },
          { column: 'd', after: 'today' },
        ],
      },
      { d: '' },
      true,
    ],
  ])('%j of %j: %j', (when, row, result) => expect(verdict(when, row)).toBe(result));

  it.each([
    [
      { column: 'd', before: 'tomorrow' },
      /when\.before: expected a date such as 2026-12-31, today or today\+14/,
    ],
    [{ column: 'd', before: '2026-13-01' }, /expected a date/],
    [{ column: 'd', before: 'today', date: 'MM.YYYY' }, /when\.date: expected a form with YYYY, MM and DD/],
    [{ column: 'd', equals: 'x', date: 'DD.MM.YYYY' }, /date has an effect on before and after only/],
    [{ column: 'd', before: 'today', after: 'today' }, /expected a column and one of/],
  ])('%j is refused', (when, message) => {
    const load = () => mappingOf({ users: { externalId: 'id', profile: { a: 'id' }, when } });
    expect(load).toThrow(OptionsError);
    expect(load).toThrow(message);
  });

  it('of every day come back', () => {
    const iso = readForm('YYYY-MM-DD');
    const german = readForm('D.M.YYYY');
    for (let day = Date.UTC(1999, 11, 1); day < Date.UTC(2001, 2, 3); day += 86_400_000) {
      const [year, month, date] = new Date(day).toISOString().slice(0, 10).split('-');
      expect(iso?.(`${year}-${month}-${date}`)).toBe(day);
      expect(german?.(` ${Number(date)}.${Number(month)}.${year} `)).toBe(day);
    }
    for (const form of ['', 'YYYY', 'YYYY-MM-MM', 'YYYY-MM-DD-DD']) expect(readForm(form)).toBeUndefined();
  });
});

describe('numbers of JSON', () => {
  it.each([
    ['u.json', (row: string) => `[${row}]`],
    ['u.json', (row: string) => row],
    ['u.jsonl', (row: string) => `${row}\n`],
  ])('are ids and attributes as they are written (%s)', async (name, content) => {
    const cwd = await directory();
    const row = '{"id":12345678901234567890,"mail":"a@example.com","fte":0.50,"room":1e3,"lead":true}';
    await files(cwd, { [name]: content(row) });
    const profile = { userName: 'mail', email: 'mail', fte: 'fte', room: 'room', lead: 'lead' };
    const mapping = mappingOf({
      users: { externalId: 'id', profile, when: { cel: 'double(row.fte) >= 0.5 && row.lead' } },
    });
    const sources = mappedSources(mapping, { users: { paths: [`${cwd}/${name}`] } });
    const records: unknown[] = [];
    for await (const record of sources.users as AsyncIterable<unknown>) records.push(record);
    expect(records).toEqual([
      {
        externalId: '12345678901234567890',
        profile: {
          userName: 'a@example.com',
          email: 'a@example.com',
          fte: '0.50',
          room: '1e3',
          lead: 'true',
        },
      },
    ]);
  });
});

describe('lists of LDAP', () => {
  const rule = (missing?: string) =>
    mappingOf({
      users: { externalId: 'id', profile: { a: 'id' } },
      memberships: { from: 'users', groups: { column: 'memberOf', ...(missing && { missing }) } },
    }).memberships as ListedRule;
  const groups = (missing: string | undefined, row: object) =>
    [...listedOf(rule(missing), { id: '1', ...row })].map(
      (pair) => refusalOf(pair)?.code ?? pair.groupExternalId,
    );

  it.each([
    [undefined, {}, ['MISSING_COLUMN']],
    ['reject', {}, ['MISSING_COLUMN']],
    ['empty', {}, []],
    ['empty', { memberOf: ['g', 'h'] }, ['g', 'h']],
    ['empty', { 'memberOf;range=0-1499': ['g'] }, ['PARTIAL_LIST']],
    [undefined, { memberOf: [], 'memberOf;range=0-1499': ['g'] }, ['PARTIAL_LIST']],
  ])('missing: %j of %j: %j', (missing, row, result) => expect(groups(missing, row)).toEqual(result));
});

describe('words for "empty"', () => {
  it('are empty wherever they stand, and only as a whole', async () => {
    const cwd = await directory();
    await files(cwd, {
      'u.csv': 'id,mail,given,city,teams\n1,a@example.com,NULL, n/a ,NULL\n2,b@example.com,NULLER,,x;NULL\n',
    });
    const mapping = mappingOf({
      emptyValues: ['NULL', 'n/a'],
      users: {
        externalId: 'id',
        profile: { userName: 'mail', firstName: 'given', nick: { template: '{given} {city}' }, city: 'city' },
        when: {
          any: [
            { column: 'city', present: false },
            { column: 'city', equals: 'Bern' },
          ],
        },
      },
      memberships: { from: 'users', groups: { column: 'teams', split: ';' } },
    });
    const sources = mappedSources(mapping, { users: { paths: [`${cwd}/u.csv`] } });
    const records: unknown[] = [];
    for await (const record of sources.users as AsyncIterable<unknown>) records.push(record);
    expect(records).toEqual([
      { externalId: '1', profile: { userName: 'a@example.com', firstName: null, nick: null, city: null } },
      {
        externalId: '2',
        profile: { userName: 'b@example.com', firstName: 'NULLER', nick: null, city: null },
      },
    ]);
  });
});

describe('a property that the mapping needs', () => {
  const read = async (text: string, mapping: object) => {
    const cwd = await directory();
    await files(cwd, { 'u.jsonl': text });
    const sources = mappedSources(mappingOf(mapping), { users: { paths: [`${cwd}/u.jsonl`] } });
    let rows = 0;
    for await (const _record of sources.users as AsyncIterable<unknown>) rows++;
    return rows;
  };
  const mapping = (column: string, when?: object) => ({
    users: { externalId: 'id', profile: { userName: 'mail', department: column }, ...(when && { when }) },
  });

  it('fails the read if no record has it, and names the nearest', async () => {
    const moved = '{"id":"1","mail":"a","dept":{"name":"Sales"}}\n{"id":"2","mail":"b","departement":"x"}\n';
    await expect(read(moved, mapping('department'))).rejects.toThrow(
      /u\.jsonl: no record has the property "department", which the mapping needs; did you mean "departement"\?/,
    );
    await expect(read(moved, mapping('dept.nam'))).rejects.toThrow(/did you mean "dept\.name"\?/);
  });

  it('may be missing in some records, in an empty file, and where the condition says so', async () => {
    expect(
      await read('{"id":"1","mail":"a"}\n{"id":"2","mail":"b","department":null}\n', mapping('department')),
    ).toBe(2);
    expect(await read('\n', mapping('department'))).toBe(0);
    const stays = { column: 'left', present: false };
    expect(await read('{"id":"1","mail":"a","department":"x"}\n', mapping('department', stays))).toBe(1);
  });
});
