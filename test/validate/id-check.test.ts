import { describe, expect, it } from 'vitest';
import { idFault } from '../../src/validate/id-check.js';
import { cli, directory, envOf, files, org, QUICK } from '../cli/support.js';

describe('an id', () => {
  it.each([
    ['="000001"', 'SPREADSHEET_ID'],
    ['1.2E+11', 'SPREADSHEET_ID'],
    ['1,2e+11', 'SPREADSHEET_ID'],
    ['#N/A', 'SPREADSHEET_ID'],
    ['#REF!', 'SPREADSHEET_ID'],
    ['NULL', 'NOT_AN_ID'],
    ['\\N', 'NOT_AN_ID'],
    ['[object Object]', 'NOT_AN_ID'],
    ['System.Object[]', 'NOT_AN_ID'],
    ['\ufffd\u0018', 'CONTROL_CHARACTER'],
    ['Zo\ufffd', 'DAMAGED_TEXT'],
    ['7\u200b', 'INVISIBLE_CHARACTER'],
    ['jose\u0301', 'NOT_NORMALIZED'],
    ['\u212b', 'NOT_NORMALIZED'],
    ['\u1100\u1161', 'NOT_NORMALIZED'],
  ])('%j is not the right one of anybody: %s', (id, code) => {
    expect(idFault('externalId', id, 100)).toMatchObject({ code, isLost: true });
  });

  it.each(['1E11', 'nullius', 'N/A-7', '007', 'jos\u00e9', 'System.Admin'])('%j can be one', (id) => {
    expect(idFault('externalId', id, 100)).toBeUndefined();
  });

  it('that Okta does not accept can still be the right one', () => {
    expect(idFault('externalId', 'x\u{1f600}', 100)).toMatchObject({ isLost: false });
    expect(idFault('externalId', 'a\nb', 100)).toMatchObject({ code: 'INVISIBLE_CHARACTER', isLost: false });
    expect(idFault('externalId', 'xxx', 2)).toMatchObject({ code: 'TOO_LONG', isLost: false });
  });

  it('that was lost deletes nobody: the person with the right one may be the one of the row', async () => {
    const cwd = await directory();
    const held = await org();
    const csv = (id: string) =>
      `externalId,userName,email\n1,a@x.example,a@x.example\n${id},b@x.example,b@x.example\n`;
    await files(cwd, { '1.csv': csv('120000000000'), '2.csv': csv('1.2E+11') });
    const sync = (name: string) => cli(cwd, ['sync', '--users', name, ...QUICK], { env: envOf(held) });
    expect((await sync('1.csv')).code).toBe(0);
    const { code, out } = await sync('2.csv');
    expect([code, held.directory().activeUsers]).toEqual([5, 2]);
    expect(out).toContain('1 deletion of users held back');
  });
});
