import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import sqlite from 'node-sqlite3-wasm';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseMapping } from '../../src/cli/mapping/load.js';
import { parseConfig } from '../../src/cli/settings/config-file.js';
import { cli, directory, files, jsonLines } from '../cli/support.js';
import { describeWith, MARIADB, mariadb, POSTGRES, postgres, slapd, uniqueName, urlOf } from './available.js';
import { READER, startSlapd } from './slapd.js';

const QUERY = 'SELECT id, employee_id, mail, given_name, family_name, status, end_date, teams FROM people';
const COLUMNS =
  'id varchar(9), employee_id varchar(9), mail varchar(99), given_name varchar(99), family_name varchar(99), status varchar(9), end_date date, teams varchar(99)';
const ROWS = [
  "('1', '0001', 'a@example.com', 'Ann', 'NULL', 'active', NULL, 'red;blue')",
  "('2', '0002', 'b@example.com', 'Bob', 'Bell', 'leave', '2026-12-31', 'red')",
  "('3', '0002', 'c@example.com', 'Cid', 'Cole', 'left', '2025-01-31', NULL)",
].join(', ');

/** Runs `init` from a source, and `plan` with what it wrote, the commented condition included. */
async function init(cwd: string, flags: readonly string[], env: Record<string, string> = {}) {
  const ran = await cli(cwd, ['init', ...flags], { env });
  const read = (file: string) => readFile(join(cwd, file), 'utf8').catch(() => '');
  const [mapping, config] = [await read('rollcall.mapping.json'), await read('rollcall.config.json')];
  const plan = async () => jsonLines((await cli(cwd, ['plan', '--json'], { env })).out)[0];
  return { ...ran, mapping, config, plan };
}

const creates = (n: number) => ({ plan: { entities: { users: { creates: n } } } });

/** What is found in the table of people, whatever database has it. */
async function findsPeople(cwd: string, flags: readonly string[], env?: Record<string, string>) {
  const { code, out, err, mapping, config, plan } = await init(cwd, flags, env);
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain(`Look at this first:
  - The column "status" looks like a status ("active" 1, "leave" 1, "left" 1). The mapping sends people of every status: set users.when.
  - The column "end_date" looks like the day on which a person leaves. The mapping does not use it: set users.when.
  - Words in place of a value, which emptyValues in the mapping empties: "family_name" "NULL".
  - The column "teams" looks like a list of groups. The mapping does not use it yet.
`);
  expect(mapping).toContain('"emptyValues": ["NULL"]');
  expect(mapping).toContain('"when": { "column": "status", "in": ["active", "leave"] }');
  expect(mapping).toContain('{ "column": "end_date", "after": "today" }');
  // The employee id is there twice.
  expect(parseMapping(mapping, 'm.json').users).toMatchObject({ externalId: { columns: ['id'] } });
  expect(await plan()).toMatchObject(creates(3));
  const active = mapping.replace(/\/\/ ("when": .*?"status")/, '$1');
  await writeFile(join(cwd, 'rollcall.mapping.json'), active);
  expect(await plan()).toMatchObject(creates(2));
  return parseConfig(config, 'c').sources.users;
}

const table = uniqueName();

describeWith(await postgres(), 'init from PostgreSQL', () => {
  const admin = new pg.Client(POSTGRES);
  beforeAll(async () => {
    await admin.connect();
    await admin.query(`CREATE TABLE ${table} (${COLUMNS}); INSERT INTO ${table} VALUES ${ROWS}`);
  });
  afterAll(async () => {
    await admin.query(`DROP TABLE IF EXISTS ${table}`);
    await admin.end();
  });
  const query = QUERY.replace('people', table);

  it('finds the id, the status, dates, words and groups, and writes no address of the environment', async () => {
    const cwd = await directory();
    const address = new URL(urlOf(POSTGRES));
    address.password = 'hunter2hunter2';
    const env = { HR_DATABASE_URL: address.href };
    const spec = await findsPeople(cwd, ['--users-from', 'env:HR_DATABASE_URL', '--query', query], env);
    expect(spec).toEqual({ kind: 'postgres', url: { env: 'HR_DATABASE_URL' }, query });
    const written = await Promise.all(
      ['rollcall.config.json', 'rollcall.mapping.json'].map((file) => readFile(join(cwd, file), 'utf8')),
    );
    expect(written.join()).not.toContain('hunter2');
    expect(written.join()).not.toContain(address.host);
  });

  it('takes the address from the file that the variable names, and one without a password as it is', async () => {
    const cwd = await directory();
    await files(cwd, { 'url.txt': `${urlOf(POSTGRES)}\n` });
    const env = { HR_DATABASE_URL_FILE: join(cwd, 'url.txt') };
    expect((await init(cwd, ['--users-from', 'env:HR_DATABASE_URL', '--query', query], env)).code).toBe(0);
    const other = await directory();
    const spec = await findsPeople(other, ['--users-from', urlOf(POSTGRES), '--query', query]);
    expect(spec).toEqual({ kind: 'postgres', url: urlOf(POSTGRES), query });
  });

  it('says what is wrong with a query, and writes nothing', async () => {
    const cwd = await directory();
    const failing = (text: string) => init(cwd, ['--users-from', urlOf(POSTGRES), '--query', text]);
    const missing = await failing('SELECT nothing FROM nowhere');
    expect(missing.code).toBe(1);
    expect(missing.err).toContain('users (postgres): the query failed (SQLSTATE 42P01): relation "nowhere"');
    const empty = await failing(`SELECT * FROM ${table} WHERE id = 'x'`);
    expect(empty.err).toContain('it has no row, and a mapping is derived from values');
    expect([missing.config, empty.config]).toEqual(['', '']);
  });

  it('ends a sample whose time is over, and its connection', async () => {
    const cwd = await directory();
    // The sample sleeps once: for its longest time.
    const sleeps: number[] = [];
    const clock = {
      now: () => 0,
      sleep: async (ms: number) => {
        sleeps.push(ms);
        for (;;) {
          const { rows } = await admin.query(
            `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%${table} slow%' AND pid <> pg_backend_pid() AND state = 'active'`,
          );
          if (rows.length > 0) return;
        }
      },
    };
    const slow = `SELECT id, pg_sleep(1000)::text AS nothing FROM ${table} /* ${table} slow */`;
    const ran = await cli(cwd, ['init', '--users-from', urlOf(POSTGRES), '--query', slow], {
      deps: { clock },
    });
    expect(ran.err).toContain('no row came within 25 s; choose fewer rows, such as with LIMIT');
    expect([ran.code, sleeps]).toEqual([1, [25_000]]);
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%${table} slow%' AND pid <> pg_backend_pid()`,
    );
  });

  it.each([
    ['postgres://ann:hunter2@db.example/hr', 'put it into an environment variable'],
    ['postgres://ann@db.example/hr?password=hunter2', 'put it into an environment variable'],
    ['mysql://db.example/hr?passwd=hunter2', 'put it into an environment variable'],
    ['env:NOWHERE', 'the environment variable NOWHERE is not set'],
    ['env:OTHER', 'OTHER: expected an address that begins with postgres:// or mysql://'],
    ['hunter2.csv', '--users-from: expected env:NAME'],
    ['oracle://db/hunter2', '--users-from: expected env:NAME'],
  ])('refuses %s, and does not repeat it', async (from, message) => {
    const env = { OTHER: 'oracle://hunter2' };
    const { code, err, config } = await init(
      await directory(),
      ['--users-from', from, '--query', 'SELECT 1'],
      env,
    );
    expect([code, config]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err).not.toContain('hunter2');
  });

  it.each([
    [['--users-from', 'env:X'], '--query: not set'],
    [['--users-from', 'env:X', '--query', 'SELECT {watermark}'], '--query: write it without {watermark} now'],
    [['--query', 'SELECT 1'], '--query: needs --users-from'],
    [['--users', 'a.csv', '--users-from', 'env:X'], '--users-from: cannot be used with --users'],
    [
      ['--users-from', 'sqlite:a.db', '--query', 'SELECT 1', '--bind-dn', 'cn=a'],
      '--bind-dn: needs the address of an LDAP directory',
    ],
    [['--users-from', 'ldap://a/dc=b', '--query', 'SELECT 1'], '--query: needs the address of a database'],
    [['--users-from', 'ldap://a'], 'the entry below which the people are'],
    [['--users-from', 'ldap://a/dc=b??all'], 'expected sub, one or base'],
    [['--users-from', 'ldap://ann:hunter2@a/dc=b'], 'use --bind-dn and LDAP_PASSWORD'],
  ])('refuses %j', async (flags, message) => {
    const { code, err } = await init(await directory(), flags);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).not.toContain('hunter2');
  });
});

describeWith(await mariadb(), 'init from MariaDB', () => {
  const database = uniqueName();
  let admin: mysql.Connection;
  beforeAll(async () => {
    admin = await mysql.createConnection(MARIADB);
    await admin.query(`CREATE DATABASE ${database}`);
    await admin.query(`CREATE TABLE ${database}.people (${COLUMNS})`);
    await admin.query(`INSERT INTO ${database}.people VALUES ${ROWS}`);
  });
  afterAll(async () => {
    await admin.query(`DROP DATABASE IF EXISTS ${database}`);
    await admin.end();
  });

  it('finds the id, the status, dates, words and groups', async () => {
    const { host, port, user, password } = MARIADB;
    const secret = password === '' ? '' : `:${encodeURIComponent(password)}`;
    const env = {
      HR_DATABASE_URL: `mariadb://${encodeURIComponent(user)}${secret}@${host}:${port}/${database}`,
    };
    const spec = await findsPeople(
      await directory(),
      ['--users-from', 'env:HR_DATABASE_URL', '--query', QUERY],
      env,
    );
    expect(spec).toEqual({ kind: 'mysql', url: { env: 'HR_DATABASE_URL' }, query: QUERY });
  });
});

it('init from SQLite finds the id, the status, dates, words and groups', async () => {
  const cwd = await directory();
  const db = new sqlite.Database(join(cwd, 'hr.db'));
  db.exec(`CREATE TABLE people (${COLUMNS}); INSERT INTO people VALUES ${ROWS}`);
  db.close();
  const spec = await findsPeople(cwd, ['--users-from', 'sqlite:hr.db', '--query', QUERY]);
  expect(spec).toEqual({ kind: 'sqlite', file: 'hr.db', query: QUERY });
});

it('init says what the guide to databases shows', async () => {
  const cwd = await directory();
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const guide = read('docs/guides/from-a-database.md');
  const db = new sqlite.Database(join(cwd, 'hr.db'));
  db.exec(read('examples/data/company.sql'));
  db.close();
  const [, query = ''] = /--query '(.*)'/.exec(guide) ?? [];
  const { out } = await init(cwd, ['--users-from', 'sqlite:hr.db', '--query', query]);
  const [, shown = ''] = guide.split('```text init\n');
  expect(out.trim()).toBe(shown.slice(0, shown.indexOf('```')).trim());
});

const BASE = 'dc=example,dc=com';
const person = (uid: string, number: number, more = '') => `
dn: uid=${uid},ou=people,${BASE}
objectClass: inetOrgPerson
uid: ${uid}
cn: ${uid} ${number}
sn: Smith
givenName: ${uid}
mail: ${uid}@example.com
employeeNumber: ${number}
${more}`;
const LDIF = `dn: ${BASE}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,${BASE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,${BASE}
objectClass: organizationalUnit
ou: groups
${person('ann', 1, 'employeeType: active\n')}${person('bob', 2, 'employeeType: inactive\n')}
dn: cn=red,ou=groups,${BASE}
objectClass: groupOfNames
cn: red
member: uid=ann,ou=people,${BASE}
`;

describeWith(await slapd(), 'init from an LDAP directory', () => {
  let server: Awaited<ReturnType<typeof startSlapd>>;
  beforeAll(async () => {
    server = await startSlapd(LDIF);
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  it('prefers the id of the directory, leaves out attributes that nobody has, and proposes the groups', async () => {
    const cwd = await directory();
    const from = `${server.url}/ou=people,${encodeURIComponent(BASE)}`;
    const env = { LDAP_PASSWORD: READER.password };
    const { code, out, err, mapping, config, plan } = await init(
      cwd,
      ['--users-from', from, '--bind-dn', READER.dn],
      env,
    );
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`Look at this first:
  - The column "employeeType" looks like a status ("active" 1, "inactive" 1). The mapping sends people of every status: set users.when.
  - Groups are not read yet: the config file and the mapping have their search as comments.
`);
    expect(parseConfig(config, 'c').sources.users).toEqual({
      kind: 'ldap',
      url: server.url,
      bind: { dn: READER.dn, password: { env: 'LDAP_PASSWORD' } },
      base: `ou=people,${BASE}`,
      filter: '(objectClass=inetOrgPerson)',
      attributes: ['entryUUID', 'uid', 'mail', 'givenName', 'sn', 'cn', 'employeeNumber', 'employeeType'],
    });
    expect(parseMapping(mapping, 'm.json').users).toMatchObject({ externalId: { columns: ['entryUUID'] } });
    expect(await plan()).toMatchObject(creates(2));

    // The comments are a search and a mapping that work.
    const lines = config.split('\n');
    const first = lines.findIndex((line) => line.startsWith('  // "groups": {'));
    const last = lines.findIndex((line, i) => i > first && line === '  // },');
    const groups = lines.map((line, i) => (i >= first && i <= last ? line.replace('// ', '') : line));
    await writeFile(join(cwd, 'rollcall.config.json'), groups.join('\n'));
    const withGroups = mapping
      .replace('// "groups"', '"groups"')
      .replace('// "memberships"', '"memberships"');
    await writeFile(join(cwd, 'rollcall.mapping.json'), withGroups);
    expect(await plan()).toMatchObject({
      plan: { entities: { users: { creates: 2 }, groups: { creates: 1 }, memberships: { creates: 1 } } },
    });
  });

  it('takes the attributes, the scope and the filter of the address, and doubts a read without an account', async () => {
    const cwd = await directory();
    await files(cwd, { 'ca.pem': server.ca });
    const { port } = new URL(server.tlsUrl);
    const from = `ldaps://localhost:${port}/ou=people,${BASE}?uid,mail?one?(uid=a*)`;
    const { out, err, config, plan } = await init(cwd, ['--users-from', from, '--ldap-ca', 'ca.pem']);
    expect(err).toBe('');
    expect(out).toContain('The directory was read without an account, and may show less of itself then');
    expect(parseConfig(config, 'c').sources.users).toEqual({
      kind: 'ldap',
      url: `ldaps://localhost:${port}`,
      caFile: 'ca.pem',
      base: `ou=people,${BASE}`,
      scope: 'one',
      filter: '(uid=a*)',
      attributes: ['uid', 'mail'],
    });
    expect(await plan()).toMatchObject(creates(1));
  });

  it('says that the password is missing or wrong, without it', async () => {
    const flags = ['--users-from', `${server.url}/${BASE}`, '--bind-dn', READER.dn];
    const missing = await init(await directory(), flags);
    expect([missing.code, missing.config]).toEqual([2, '']);
    expect(missing.err).toContain('the environment variable LDAP_PASSWORD is not set');
    const wrong = await init(await directory(), flags, { LDAP_PASSWORD: 'hunter2' });
    expect([wrong.code, wrong.config]).toEqual([1, '']);
    expect(wrong.err).not.toContain('hunter2');
  });

  it('says that the filter matches nobody', async () => {
    const { code, err } = await init(await directory(), ['--users-from', `${server.url}/${BASE}???(uid=x)`]);
    expect(code).toBe(1);
    expect(err).toContain(
      'it has no row, and a mapping is derived from values; check the query or the filter',
    );
  });
});
