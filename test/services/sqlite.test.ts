import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { AbortedError, startSync, sync } from 'rollcall';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteDirectory } from '../../examples/sqlite.js';
import { runExample } from '../examples/run.js';
import { SOURCE } from '../support/world.js';
import { expectUntouched, midway, WAITS, world } from './reading-laws.js';

const PEOPLE = 3000;
const tables = readFileSync(new URL('../../examples/data/company.sql', import.meta.url), 'utf8');

describe('a directory in SQLite', () => {
  let directory: string;
  let file: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rollcall-sqlite-'));
    file = join(directory, 'company.db');
    write(`
      ${tables}
      DELETE FROM people; DELETE FROM team_members;
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${PEOPLE})
        INSERT INTO people SELECT i, 'p' || i || '@example.com', 'First', NULL, NULL, NULL FROM n;
      INSERT INTO team_members SELECT 'everybody', employee_id FROM people`);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function write(sql: string): void {
    const db = new sqlite.Database(file);
    try {
      db.exec(sql);
    } finally {
      db.close();
    }
  }
  const open = () => sqliteDirectory(file);
  // Who has the file open has this as well.
  const isOpen = () => existsSync(`${file}.lock`);
  const expectClosed = () => expect(isOpen()).toBe(false);

  it('is drained and closed before the first request to Okta, and nobody writes meanwhile', async () => {
    const { org, okta, state } = world(async () => expectClosed());
    await using sources = open();
    const watched = midway(
      sources,
      () => expect(() => write('DELETE FROM team_members')).toThrow(/locked/),
      1000,
    );
    const report = await sync({ okta, state, ...watched, ...WAITS });
    expect(report.confirmed.users.creates).toBe(PEOPLE);
    expect(report.confirmed.memberships.creates).toBe(PEOPLE);
    expect(org.directory(SOURCE).groups.size).toBe(3);
    expect(org.violations).toEqual([]);
  });

  it('is closed, and nothing is sent, when a query fails', async () => {
    write('DROP TABLE teams');
    const here = world();
    await using sources = open();
    const { users, groups, memberships } = sources;
    await expect(sync({ okta: here.okta, state: here.state, users, groups, memberships })).rejects.toThrow(
      /no such table: teams/,
    );
    expectClosed();
    await expectUntouched(here);
  });

  it('is closed, and nothing is sent, when the run is aborted', async () => {
    const here = world();
    await using sources = open();
    const stop = new AbortController();
    const aborted = midway(sources, () => stop.abort(), 1000);
    const run = startSync({ okta: here.okta, state: here.state, ...aborted, signal: stop.signal });
    await expect(run.done).rejects.toThrow(AbortedError);
    expectClosed();
    await expectUntouched(here);
  });

  it('is closed when its reader leaves early, and by its owner between two sources', async () => {
    {
      await using sources = open();
      for await (const { externalId } of sources.users) {
        expect(externalId).toBe('1');
        break;
      }
      expectClosed();
    }
    {
      await using sources = open();
      for await (const { externalId } of sources.users) expect(externalId).not.toBe('');
      expect(isOpen()).toBe(true);
    }
    expectClosed();
  });

  it('is what the example sends to Okta', async () => {
    rmSync(file);
    write(tables);
    expect(await runExample('sqlite.ts', {}, [file])).toBe(
      '5 people, 3 groups and 8 memberships in 2 sessions\n',
    );
  });
});
