import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseMapping } from '../../src/cli/mapping/load.js';
import { parseConfig } from '../../src/cli/settings/config-file.js';
import { cli, directory, files, jsonLines, org, QUICK, Signals, usersCsv } from './support.js';

/** An export with a title above its header. */
const SAP = [
  'Mitarbeiterliste',
  '',
  'Personalnr;E-Mail;Vorname;Nachname',
  '7;a@example.com;Ada;L',
  '8;b@example.com;B;M',
  '',
].join('\n');

describe('simulate', () => {
  it('runs an org until a signal ends it, and says how to use it', async () => {
    const [cwd, signals] = [await directory(), new Signals()];
    await files(cwd, { 'u.csv': usersCsv(3) });
    let synced: Promise<number> | undefined;
    const ran = await cli(cwd, ['simulate', '--seed', '7', '--import', '1ms', '--cooldown', '1ms'], {
      deps: signals,
      onOut: (text) => {
        const env = Object.fromEntries(
          Array.from(text.matchAll(/export (\w+)=(\S+)/g), ([, name, value]) => [name, value]),
        ) as Record<string, string>;
        synced = cli(cwd, ['sync', '--users', 'u.csv', ...QUICK], { env })
          .then(({ code }) => code)
          .finally(() => signals.send('SIGINT'));
      },
    });
    expect(await synced).toBe(0);
    expect(ran.code).toBe(0);
    const other = await org({ seed: 7 });
    expect(ran.out).toContain(`OKTA_CLIENT_TOKEN=${other.token}`);
  });

  it('tells its address as JSON', async () => {
    const signals = new Signals();
    const ran = await cli(await directory(), ['simulate', '--json', '--port', '0'], {
      deps: signals,
      onOut: () => signals.send('SIGTERM'),
    });
    expect(ran.code).toBe(0);
    expect(jsonLines(ran.out)[0]).toMatchObject({
      type: 'simulate:ready',
      url: /^http:\/\/127\.0\.0\.1:\d+$/.exec(String(jsonLines(ran.out)[0]?.['url']))?.[0],
    });
  });

  it.each([
    [['--port', '70000'], '--port: expected a whole number from 0 to 65535, got 70000'],
    [['--seed', 'x'], '--seed: expected a whole number'],
    [['--cooldown', '5'], '--cooldown: expected a duration'],
    [['--import', 'soon'], '--import: expected a duration'],
  ])('refuses %j', async (flags, message) => {
    const ran = await cli(await directory(), ['simulate', ...flags]);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain(message);
  });

  it('says when its port is taken', async () => {
    const taken = await org();
    const ran = await cli(await directory(), ['simulate', '--port', new URL(taken.url).port]);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('--port: the port cannot be used (EADDRINUSE)');
  });
});

describe('init', () => {
  it('writes a config file and a mapping from the header, which plan then takes', async () => {
    const cwd = await directory();
    await files(cwd, { 'people.csv': 'employee_id,email,first_name,last_name\n1,a@example.com,Ada,L\n' });
    const ran = await cli(cwd, ['init', '--users', 'people.csv']);
    expect(ran.err).toBe('');
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/^Wrote rollcall\.mapping\.json\nWrote rollcall\.config\.json\n/);
    const text = await readFile(join(cwd, 'rollcall.config.json'), 'utf8');
    expect(parseConfig(text, 'c').settings).toEqual({
      users: ['people.csv'],
      map: 'rollcall.mapping.json',
      requireState: true,
    });
    expect(existsSync(join(cwd, 'rollcall-state/state.mdb'))).toBe(true);
    const planned = await cli(cwd, ['plan', '--json']);
    expect(planned.err).toBe('');
    expect(jsonLines(planned.out)[0]).toMatchObject({ plan: { entities: { users: { creates: 1 } } } });
  });

  it('says what it was unsure of, with the values of a status column', async () => {
    const cwd = await directory();
    const rows = [
      'Personalnr;E-Mail;Vorname;Nachname;Status;Austritt;Gruppen',
      '7;a@example.com;Ä;B;aktiv;;x',
    ];
    rows.push('8;b@example.com;C;D;aktiv;;x', '8;c@example.com;E;F;ausgeschieden;31.12.2024;');
    await files(cwd, { 'people.csv': Buffer.from(`\ufeff${rows.join('\r\n')}\r\n;;;;;;\r\n`, 'utf16le') });
    const { out } = await cli(cwd, ['init', '--users', 'people.csv']);
    expect(out).toContain(`Look at this first:
  - The column "Personalnr" is the same in rows 2 and 3, so it may not be the id of a person. Row 1 is the first record.
  - The column "Status" looks like a status ("aktiv" 2, "ausgeschieden" 1). The mapping sends people of every status: set users.when.
  - The column "Austritt" looks like the day on which a person leaves. The mapping does not use it: set users.when.
  - The column "Gruppen" looks like a list of groups. The mapping does not use it yet.
`);
    const text = await readFile(join(cwd, 'rollcall.mapping.json'), 'utf8');
    expect(text).toContain('"when": { "column": "Status", "in": ["aktiv"] }');
    expect(parseMapping(text, 'm.json').users).toMatchObject({ externalId: { columns: ['Personalnr'] } });
  });

  it('doubts a header of one column, and one without an id or an address', async () => {
    const cwd = await directory();
    await files(cwd, { 'one.csv': 'email\na@example.com\n', 'people.csv': 'name,town\nAda,Paris\n' });
    expect((await cli(cwd, ['init', '--users', 'one.csv'])).out).toContain(
      '- The header has only the column "email". Is the file a CSV file?\n',
    );
    expect((await cli(cwd, ['init', '--users', 'people.csv', '--force'])).out).toContain(`Look at this first:
  - No column looks like the permanent id of a person: set users.externalId.
  - No column looks like an email address, which Okta requires.
`);
  });

  it.each([
    ['name\nAda\n', 'people.csv: there is only the column "name"'],
    ['People of the company\n1 January\n', 'only the column "People of the company"'],
    [SAP, 'people.csv: line 3 looks like a header: use --skip-lines 2'],
    [SAP.replaceAll(';', ','), 'line 3 looks like a header: use --skip-lines 2'],
    [SAP.replace('\n\n', ';;\n\n'), 'line 3 looks like a header: use --skip-lines 2'],
    [SAP.replaceAll('\n', '\r\n'), 'line 3 looks like a header: use --skip-lines 2'],
    ['Stand: 01.01.2026;Seite 1\n\nx\n' + SAP, 'line 6 looks like a header: use --skip-lines 5'],
  ])('writes nothing for a table without a header in its first line: %j', async (text, message) => {
    const cwd = await directory();
    await files(cwd, { 'people.csv': text });
    const ran = await cli(cwd, ['init', '--users', 'people.csv']);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain(message);
    expect(await readdir(cwd)).toEqual(['people.csv']);
  });

  it('reads a file as its flags say, and writes them into the config file, which plan then uses', async () => {
    const cwd = await directory();
    const text = SAP.replaceAll(';', '\t').replace('Ada', 'Zo\u00eb');
    await files(cwd, { 'people.csv': Buffer.from(text, 'latin1') });
    const flags = ['--skip-lines', '2', '--encoding', 'iso-8859-15', '--delimiter', 'tab'];
    expect(await cli(cwd, ['init', '--users', 'people.csv', ...flags])).toMatchObject({ code: 0, err: '' });
    const config = await readFile(join(cwd, 'rollcall.config.json'), 'utf8');
    expect(parseConfig(config, 'c').settings).toMatchObject({
      skipLines: 2,
      encoding: 'iso-8859-15',
      delimiter: '\t',
    });
    const planned = await cli(cwd, ['plan', '--json']);
    expect(jsonLines(planned.out)[0]).toMatchObject({ plan: { entities: { users: { creates: 2 } } } });
    const wrong = await cli(cwd, ['init', '--users', 'people.csv', '--force', '--skip-lines', '-1']);
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.err).toContain('--skip-lines: expected a whole number from 0 to 1000');
  });

  it('prefers an id whose values differ', async () => {
    const cwd = await directory();
    await files(cwd, { 'people.csv': 'employee_id,id,email\n,1,a@example.com\n5,2,b@example.com\n' });
    expect((await cli(cwd, ['init', '--users', 'people.csv'])).out).not.toContain('Look at this first');
    const text = await readFile(join(cwd, 'rollcall.mapping.json'), 'utf8');
    expect(parseMapping(text, 'm.json').users).toMatchObject({ externalId: { columns: ['id'] } });
  });

  it('reads the header of a file without rows, and of a packed one', async () => {
    const cwd = await directory();
    await files(cwd, {
      'a.csv': 'employee_id,email\n',
      'b.csv.gz': gzipSync('employee_id,email\n1,a@example.com\n'),
    });
    expect((await cli(cwd, ['init', '--users', 'a.csv'])).code).toBe(0);
    const mapping = () => readFile(join(cwd, 'rollcall.mapping.json'), 'utf8');
    const first = await mapping();
    expect(first).toContain('employee_id');
    expect((await cli(cwd, ['init', '--users', 'b.csv.gz', '--force'])).code).toBe(0);
    expect(await mapping()).toBe(first);
  });

  it('notes groups and memberships', async () => {
    const cwd = await directory();
    await files(cwd, { 'g.csv': 'externalId,displayName\n' });
    const ran = await cli(cwd, ['init', '--groups', 'g.csv', '--memberships', 'm.csv', '--json']);
    expect(jsonLines(ran.out)).toMatchObject([{ type: 'init:written', files: ['rollcall.config.json'] }]);
    const text = await readFile(join(cwd, 'rollcall.config.json'), 'utf8');
    expect(parseConfig(text, 'c').settings).toEqual({
      groups: ['g.csv'],
      memberships: ['m.csv'],
      requireState: true,
    });
  });

  it('replaces nothing unless it is told to', async () => {
    const cwd = await directory();
    await files(cwd, { 'a.csv': 'id\n', 'rollcall.config.json': '{}' });
    const ran = await cli(cwd, ['init', '--users', 'a.csv']);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('rollcall.config.json already exists; use --force to replace it');
    expect(existsSync(join(cwd, 'rollcall.mapping.json'))).toBe(false);
    expect(await readFile(join(cwd, 'rollcall.config.json'), 'utf8')).toBe('{}');
    expect((await cli(cwd, ['init', '--users', 'a.csv', '--force'])).code).toBe(0);
  });

  it('is not kept from its work by a config file that is broken', async () => {
    const cwd = await directory();
    await files(cwd, { 'a.csv': 'id\n', 'rollcall.config.json': '{' });
    expect((await cli(cwd, ['init', '--users', 'a.csv', '--force'])).code).toBe(0);
  });

  it('says what it needs, and what it cannot read or write', async () => {
    const cwd = await directory();
    expect(await cli(cwd, ['init'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--users: not set; give the file with your users') as string,
    });
    const none = await cli(cwd, ['init', '--users', 'none.csv']);
    expect(none.code).toBe(1);
    expect(none.err).toContain('[ERR_ROLLCALL_SOURCE]');
    await files(cwd, { 'broken.csv.gz': 'no gzip' });
    expect((await cli(cwd, ['init', '--users', 'broken.csv.gz'])).code).toBe(1);
  });
});
