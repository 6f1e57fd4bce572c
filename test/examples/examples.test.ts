import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sampleFiles } from '../../examples/data/generate.js';
import { compiledProject } from '../support/compiled.js';
import { root, runExample } from './run.js';

/** What each example prints: all of it, or parts that must be there. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'demo.ts': [
    '$ rollcall sync --report reports/first-load\nDone in ',
    'Okta confirmed 1,200 users, 40 groups and 2,956 memberships in 2 sessions (8 requests, 378 kB).',
    'Okta now holds 1200 active users, 40 groups and 2956 memberships.',
    'nothing was sent.\n',
    'users        1,205      1,160       12       30       10         3\n',
    'memberships  2,970      2,931       38        0       25         1\n',
    'Exit code 3: the guard stopped the plan, and somebody must look at it.\n' +
      'Okta now holds 1202 active users, 40 groups and 2969 memberships.',
    'What next?\n',
    join('rollcall-demo', 'reports', 'truncated', 'report.html'),
  ],
  'people-from-csv.ts': ['rejected 009001: firstName', '1200 people created, 6 requests in 1 session'],
  'plan-before-sync.ts': [
    'planned: 100 deletions; the guard would stop it: deletePercent',
    'still has 200 active users',
    'approved: Okta has 100 active users',
  ],
  'your-own-operator.ts': ['1 CC-100\n2 null\n3 CC-300\n'],
  'watch-a-sync.ts': [
    'sent upsert of 1 users\nsent upsert of 1 groups\nsent upsert of 1 memberships',
    'users,2,email,NOT_AN_EMAIL,is not a valid email address',
  ],
  'sqlite.ts': ['5 people, 3 groups and 8 memberships in 2 sessions\n'],
  'rest-pages.ts': [
    'first: 7 people new, 0 changed, 3 requests to Okta\n   the API so far: {"200":4,"304":1}\n',
    'nothing new: 0 people new, 0 changed, 0 requests to Okta\n   the API so far: {"200":4,"304":6}\n',
    'one page changed: 0 people new, 1 changed, 1 requests to Okta\n   the API so far: {"200":5,"304":10}\n',
  ],
  'json-document.ts': ['3 people, 2 groups and 5 memberships\n'],
  'json-lines.ts': ['people.jsonl:3: email is not a valid email address\n2 people created\n'],
  'gzip.ts': [
    'a path: 1200 people created\n',
    'a stream: 1203 people read, 0 requests\n',
    'cut off: nothing was sent; Okta still has 1200 people\n',
  ],
  'observable.ts': ['6 sent, 6 people created\n', 'ann bob cho dee\nx-eve x-fay\n'],
  'node-streams.ts': [
    '1200 people created, 3 rejected\n145 people in finance\nstopped after 3, and the file is closed\n',
  ],
  'delta-feed.ts': [
    'full: Okta has 4 people; read up to 4\n',
    'delta: +1 ~1 -1; read up to 7, 0 owed\nnothing new: +0 ~0 -0; read up to 7, 0 owed\n',
    'a record that Okta would refuse: +0 ~0 -0; read up to 8, 1 owed\nmended: +1 ~0 -0; read up to 9, 0 owed\n',
    'Okta has 5 people\n',
  ],
  'opentelemetry.ts': [
    'rollcall.run\n',
    '  rollcall.session\n    okta.upsertUsers\n    okta.upsertGroups\n    okta.startImport\n    okta.getSession\n',
    'rollcall.records.rejected users NOT_AN_EMAIL: 1\n',
    'rollcall.changes.planned memberships create: 1\n',
  ],
  'pino-logging.ts': [
    '"code":"NOT_AN_EMAIL","reason":"is not a valid email address","msg":"a record was rejected"}',
    '"remaining":0,"msg":"done"}',
  ],
};

/** What must not be printed: values of profiles in logs. */
const unwanted: Readonly<Record<string, readonly string[]>> = {
  'pino-logging.ts': ['ann@example.com', 'bob@example.com', 'not an address'],
  'opentelemetry.ts': ['example.com', 'not an address'],
};

/** Examples that are configs in code, and the test that runs them. */
const configs: Readonly<Record<string, string>> = {
  'config-merged': 'test/examples/configs.test.ts',
  'config-postgres': 'test/services/postgres.test.ts',
};

/** Examples that need a server, and the test that runs them where it answers. */
const onServers: Readonly<Record<string, string>> = {
  'postgres.ts': 'test/services/postgres.test.ts',
  'mariadb.ts': 'test/services/mariadb.test.ts',
  'ldap.ts': 'test/services/ldap.test.ts',
};

describe('the examples', () => {
  it('are all tested', () => {
    const examples = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.ts'));
    expect([...Object.keys(expected), ...Object.keys(onServers)].sort()).toEqual(examples.sort());
    for (const [example, test] of Object.entries(onServers))
      expect(readFileSync(join(root, test), 'utf8')).toContain(`runExample('${example}'`);
    const folders = readdirSync(join(root, 'examples')).filter((name) => name.startsWith('config-'));
    expect(Object.keys(configs)).toEqual(folders.sort());
    for (const [folder, test] of Object.entries(configs))
      expect(readFileSync(join(root, test), 'utf8')).toContain(`examples/${folder}/rollcall.config.ts`);
  });

  for (const [example, parts] of Object.entries(expected)) {
    it(`${example} prints what it should`, async () => {
      const stdout = await runExample(example);
      for (const part of parts) expect(stdout).toContain(part);
      for (const part of unwanted[example] ?? []) expect(stdout).not.toContain(part);
    });
  }

  it('demo.ts leaves the report of each run', () => {
    const page = (name: string) =>
      readFileSync(join(compiledProject(), 'rollcall-demo/reports', name, 'report.html'), 'utf8');
    expect(page('truncated')).toContain('721 users');
    expect(page('next-day')).toContain('<title>');
    for (const name of ['first-load', 'same-export', 'next-day', 'truncated'])
      expect(page(name)).toContain('rollcall sync --report');
  });

  it('the sample directory is what its generator makes', () => {
    for (const [path, text] of sampleFiles())
      expect(readFileSync(join(root, 'examples/data', path), 'utf8'), path).toBe(text);
  });
});
