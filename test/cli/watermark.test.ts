import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { afterEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/process/exit-codes.js';
import { earlier, positionOf } from '../../src/cli/inputs/position.js';
import { cli, clock, directory, envOf, files, org, QUICK } from './support.js';

const MAPPING = {
  users: {
    externalId: 'id',
    profile: { userName: 'mail', email: 'mail' },
    deleted: { column: 'gone', equals: '1' },
  },
};
const config = (source: object, watermark: object) =>
  JSON.stringify({
    users: source,
    map: 'map.json',
    mode: { users: 'delta' },
    watermark: { users: watermark },
  });
const feedOf = (query: string) => ({ sqlite: { file: 'hr.db', query } });
const QUERY = 'SELECT id, mail, gone, changed FROM people WHERE changed > {watermark} ORDER BY changed';

/** A database with two people, and functions that change it and run. */
async function started(
  watermark: object = { column: 'changed', from: '2000-01-01 00:00:00' },
  query = QUERY,
) {
  const cwd = await directory();
  const okta = await org();
  const exec = (...statements: readonly string[]) => {
    const database = new sqlite.Database(join(cwd, 'hr.db'));
    statements.forEach((statement) => database.exec(statement));
    database.close();
  };
  const put = (id: string, mail: string, changed: string, gone = 0) =>
    exec(`INSERT OR REPLACE INTO people VALUES ('${id}', '${mail}', ${gone}, '${changed}')`);
  exec('CREATE TABLE people (id TEXT PRIMARY KEY, mail TEXT, gone INTEGER, changed TEXT)');
  put('1', 'a@example.com', '2026-01-01 08:00:00');
  put('2', 'b@example.com', '2026-01-01 09:00:00.5');
  await files(cwd, {
    'map.json': JSON.stringify(MAPPING),
    'rollcall.config.json': config(feedOf(query), watermark),
  });
  const run = async (...flags: string[]) => {
    const { code, out, err } = await cli(cwd, ['sync', '--json', ...QUICK, ...flags], { env: envOf(okta) });
    const last = JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as {
      report?: { sources?: { users: { read: number } }; owed?: { count: number } };
    };
    return { code, err: err + out, read: last.report?.sources?.users.read, owed: last.report?.owed?.count };
  };
  return { cwd, okta, put, run };
}

describe('a watermark column', () => {
  it('makes the next run read on from the newest value, and a plan as well', async () => {
    const { cwd, okta, put, run } = await started();
    expect(await run()).toMatchObject({ code: EXIT.DONE, read: 2 });
    expect(await run()).toMatchObject({ code: EXIT.DONE, read: 0 });
    put('1', 'new@example.com', '2026-01-02 08:00:00');
    put('3', 'c@example.com', '2026-01-02 09:00:00');
    put('2', 'b@example.com', '2026-01-02 10:00:00', 1);
    const { out } = await cli(cwd, ['plan'], {});
    expect(out).toMatch(/users +3 /);
    expect(await run()).toMatchObject({ code: EXIT.DONE, read: 3 });
    expect(okta.directory().activeUsers).toBe(2);
    expect(await run()).toMatchObject({ read: 0 });
  });

  it('returns to a rejected record, at growing intervals or when it is asked to', async () => {
    const { put, run } = await started();
    expect(await run()).toMatchObject({ read: 2 });
    put('bad', '', '2026-01-02 08:00:00');
    put('3', 'c@example.com', '2026-01-02 09:00:00');
    expect(await run()).toMatchObject({ code: EXIT.PARTIAL, read: 2, owed: 1 });
    clock.advance(3_600_000);
    expect(await run()).toMatchObject({ code: EXIT.PARTIAL, read: 2, owed: 1 });
    clock.advance(60_000);
    expect(await run()).toMatchObject({ code: EXIT.PARTIAL, read: 0, owed: 1 });
    put('bad', 'mended@example.com', '2026-01-02 08:00:00');
    expect(await run()).toMatchObject({ code: EXIT.PARTIAL, read: 0, owed: 1 });
    expect(await run('--retry-owed')).toMatchObject({ code: EXIT.DONE, read: 2, owed: 0 });
  });

  it('begins earlier by the overlap', async () => {
    const { run } = await started({ column: 'changed', from: '2000-01-01 00:00:00', overlap: '30m' });
    expect(await run()).toMatchObject({ read: 2 });
    expect(await run()).toMatchObject({ read: 1 });
  });

  it('may be a number, which is compared as one', async () => {
    const { put, run } = await started(
      { column: 'n', from: '0' },
      'SELECT id, mail, gone, CAST(changed AS INTEGER) AS n FROM people WHERE CAST(changed AS INTEGER) > {watermark}',
    );
    put('1', 'a@example.com', '9');
    put('2', 'b@example.com', '10');
    expect(await run()).toMatchObject({ read: 2 });
    expect(await run()).toMatchObject({ read: 0 });
    put('1', 'a2@example.com', '11');
    expect(await run()).toMatchObject({ read: 1 });
  });

  it.each([
    [{ column: 'mail', from: '2000-01-01' }, 'a row has a value in "mail" that is not a time; from is one'],
    [{ column: 'chnaged', from: '2000-01-01' }, 'a row has no column "chnaged"'],
  ])('%o fails the run, and the watermark stays', async (watermark, text) => {
    const { run } = await started(watermark);
    const { code, err } = await run();
    expect([code, err]).toEqual([EXIT.FAILED, expect.stringContaining(text)]);
  });

  it.each([
    [{ column: 'x' }, feedOf(QUERY), 'a day, a time or a whole number in quotes as from'],
    [{ column: 'x', from: '5', overlap: '1m' }, feedOf(QUERY), 'no overlap'],
    [{ column: 'x', from: '2026-01-01', overlap: 'soon' }, feedOf(QUERY), 'a duration such as 10m'],
    [{ column: 'x', from: '5', more: 1 }, feedOf(QUERY), 'watermark.users: expected'],
    [{ column: 'x', from: '5' }, feedOf('SELECT 1'), 'must have {watermark} in its query, filter or address'],
    [
      { column: 'x', from: '5' },
      { ldap: { url: 'ldap://127.0.0.1', base: 'dc=x', filter: '(x>={watermark})', attributes: ['mail'] } },
      'the attributes of the search must have "x"',
    ],
  ])('%o of %o is refused', async (watermark, source, text) => {
    const cwd = await directory();
    await files(cwd, {
      'map.json': JSON.stringify(MAPPING),
      'people.csv': 'id,mail,gone\n',
      'rollcall.config.json': config(source, watermark),
    });
    const { code, err } = await cli(cwd, ['plan'], {});
    expect([code, err]).toEqual([EXIT.USAGE, expect.stringContaining(text)]);
  });

  it('is refused for a whole export, and for a word without a column', async () => {
    const cwd = await directory();
    const watermark = { users: { column: 'changed', from: '5' } };
    await files(cwd, {
      'map.json': JSON.stringify({ users: { ...MAPPING.users, deleted: undefined } }),
      'a.json': JSON.stringify({ users: feedOf(QUERY), map: 'map.json', watermark }),
      'b.json': JSON.stringify({ users: feedOf(QUERY), map: 'map.json' }),
    });
    expect((await cli(cwd, ['plan', '--config', 'a.json'], {})).err).toContain('needs a feed of changes');
    expect((await cli(cwd, ['plan', '--config', 'b.json'], {})).err).toContain('there is no watermark.users');
  });

  describe('of a REST API', () => {
    const server = createServer();
    afterEach(() => void server.close());

    it('is a part of its address', async () => {
      const cwd = await directory();
      const okta = await org();
      const asked: (string | null)[] = [];
      server.on('request', ({ url }, response) => {
        const since = new URL(url as string, 'http://localhost').searchParams.get('since');
        asked.push(since);
        const all = [{ id: '1', mail: 'a@example.com', gone: '0', changed: '2026-01-01T08:00:00+01:00' }];
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ people: since === '2000-01-01' ? all : [] }));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/?since={watermark}`;
      const rest = { rest: { url, path: 'people', next: 'none' } };
      await files(cwd, {
        'map.json': JSON.stringify(MAPPING),
        'rollcall.config.json': config(rest, { column: 'changed', from: '2000-01-01' }),
      });
      for (let i = 0; i < 2; i++) {
        const { code, err } = await cli(cwd, ['sync', ...QUICK], { env: envOf(okta) });
        expect([code, err]).toEqual([EXIT.DONE, expect.any(String)]);
      }
      expect(asked).toEqual(['2000-01-01', '2026-01-01T08:00:00+01:00']);
    });
  });
});

describe('a position', () => {
  it.each([
    ['12345678901234567890', 'number'],
    ['2026-01-02', 'time'],
    ['2026-01-02 03:04:05.123456+00', 'time'],
    ['2026-01-02T03:04Z', 'time'],
    ['20260102030405Z', 'time'],
    ['20260102030405.0Z', 'time'],
    ['20260102030405,5+0200', 'time'],
    ['20260102030405', 'number'],
  ])('%s is a %s', (text, kind) => expect(positionOf(text)?.kind).toBe(kind));

  it.each([
    '',
    'x',
    '1.5',
    '2026-13-01',
    '20261302030405Z',
    '2026010203Z',
    "1' OR '1",
    '2026-01-02 03:04:05; DROP',
  ])('%s is none', (text) => expect(positionOf(text)).toBeUndefined());

  it('is compared to the nanosecond, and across zones', () => {
    const value = (text: string) => positionOf(text)?.value;
    expect(value('2026-01-02 03:04:05.000000001')).toBe((value('2026-01-02 03:04:05') as bigint) + 1n);
    expect(value('2026-01-02T05:04:05+02:00')).toBe(value('2026-01-02T03:04:05Z'));
    expect(value('20260102050405.0+0200')).toBe(value('2026-01-02T03:04:05Z'));
    expect(value('2026-01-02 03:04:05+00')).toBe(value('2026-01-02 03:04:05'));
  });

  it.each([
    ['2026-01-02 03:04:05', '2026-01-02 02:54:05.000'],
    ['2026-01-02T03:04:05.9999Z', '2026-01-02T02:54:05.999Z'],
    ['2026-01-02 05:04:05+02', '2026-01-02 02:54:05.000+00:00'],
    ['2026-01-02', '2026-01-01'],
    ['20260102030405Z', '2026-01-02T02:54:05.000Z'],
    ['20260102050405.5+0200', '2026-01-02T02:54:05.500Z'],
  ])('%s is %s ten minutes earlier', (text, expected) => expect(earlier(text, 600_000)).toBe(expected));
});

describe('a feed in files', () => {
  const watermark = { users: { column: 'changed', from: '2000-01-01' } };
  const mapping = JSON.stringify(MAPPING);
  const configFor = (users: unknown, more: object = {}) =>
    JSON.stringify({ users, map: 'map.json', mode: { users: 'delta' }, watermark, ...more });
  const HEADER = 'id,mail,gone,changed\n';

  it('has all changes that ever were, and each run reads on from the newest of the last one', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const run = async (csv: string) => {
      await files(cwd, {
        'log.csv': HEADER + csv,
        'map.json': mapping,
        'rollcall.config.json': configFor('log.csv'),
      });
      const { code, out } = await cli(cwd, ['sync', '--json', ...QUICK], { env: envOf(okta) });
      const { report } = JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as {
        report: { sources: { users: { read: number; leftOut: number } } };
      };
      const { read, leftOut } = report.sources.users;
      expect(read).toBe(csv.trim().split('\n').length);
      return [code, read - leftOut, okta.directory().activeUsers];
    };
    const day1 = '1,a@example.com,0,2026-01-01 08:00:00\n2,b@example.com,0,2026-01-01 09:00:00\n';
    expect(await run(day1)).toEqual([0, 2, 2]);
    // What has the newest time is read again: another change may have the same.
    expect(await run(day1)).toEqual([0, 1, 2]);
    const day2 = '2,b@example.com,1,2026-01-02 09:00:00\n3,c@example.com,0,\n';
    expect(await run(day1 + day2)).toEqual([0, 3, 2]);
    // An older file cannot bring back who was removed. A row without a time always counts.
    expect(await run(day1 + day2)).toEqual([0, 2, 2]);
    expect(await run(day1)).toEqual([0, 0, 2]);
  });

  it('of JSON lines and of several files, also reads on, with a column that the mapping does not use', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const line = (id: string, changed: string) =>
      `${JSON.stringify({ id, mail: `${id}@example.com`, gone: 0, changed })}\n`;
    await files(cwd, {
      'a.jsonl': line('1', '2026-01-01'),
      'b.jsonl': line('2', '2026-01-02'),
      'map.json': mapping,
      'rollcall.config.json': configFor(['*.jsonl']),
    });
    const run = async () => {
      const { code, out } = await cli(cwd, ['sync', ...QUICK], { env: envOf(okta) });
      const [, read, leftOut] = /^users +(\d+).* (\d+)$/m.exec(out) ?? [];
      const left = / left out$/m.test(out) ? Number(leftOut) : 0;
      return [code, String(Number(read) - left)];
    };
    expect(await run()).toEqual([0, '2']);
    await files(cwd, { 'c.jsonl': line('3', '2026-01-03') });
    expect(await run()).toEqual([0, '2']);
    expect(okta.directory().activeUsers).toBe(3);
  });

  it('fails without the column, and for a value that is not a time', async () => {
    const cwd = await directory();
    const failure = async (csv: string) => {
      await files(cwd, { 'log.csv': csv, 'map.json': mapping, 'rollcall.config.json': configFor('log.csv') });
      const { code, err } = await cli(cwd, ['plan']);
      expect(code).toBe(1);
      return err;
    };
    expect(await failure('id,mail,gone,chnaged\n1,a@x.example,0,2026-01-01\n')).toContain(
      'the header has no column "changed"; did you mean "chnaged"?',
    );
    expect(await failure(`${HEADER}1,a@x.example,0,yesterday\n`)).toContain(
      'a value in "changed" that is not a time',
    );
  });

  it('reads the whole of it again from before a record that is owed', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const run = async (csv: string, ...flags: readonly string[]) => {
      await files(cwd, {
        'log.csv': HEADER + csv,
        'map.json': mapping,
        'rollcall.config.json': configFor('log.csv'),
      });
      return (await cli(cwd, ['sync', ...QUICK, ...flags], { env: envOf(okta) })).code;
    };
    const later = '2,b@example.com,0,2026-01-02\n';
    expect(await run(`1,,0,2026-01-01\n${later}`)).toBe(5);
    expect(okta.directory().activeUsers).toBe(1);
    // Mended in place, with the old time.
    expect(await run(`1,a@example.com,0,2026-01-01\n${later}`, '--retry-owed')).toBe(0);
    expect(okta.directory().activeUsers).toBe(2);
  });
});
