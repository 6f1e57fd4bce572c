import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SmallDisk } from '../support/small-disk.js';
import { company } from '../support/world.js';
import { describeWith, postgresPrograms, smallDisk } from './available.js';
import { FaultedWorld } from './database-faults.js';
import { asked, startPostgres, type OwnPostgres } from './own-postgres.js';

const [programs, mountable] = [await postgresPrograms(), await smallDisk()];
/** More rows than fit into the pages that the tables have. */
const [before, day] = [company(1500), company(1500, ' 2')];
const COMMIT = 'INSERT INTO "rollcall".baseline';

describeWith(programs.missing === undefined ? mountable : programs, 'a PostgreSQL whose disk is full', () => {
  let disk: SmallDisk;
  let logDisk: SmallDisk;
  let own: OwnPostgres;
  beforeAll(async () => {
    disk = SmallDisk.mount(96);
    logDisk = SmallDisk.mount(32);
    own = await startPostgres({
      directory: disk.path,
      walDirectory: logDisk.path,
      settings: { fsync: 'off', autovacuum: 'off', min_wal_size: '2MB', max_wal_size: '8MB' },
    });
  }, 60_000);
  afterAll(async () => {
    await own[Symbol.asyncDispose]();
    disk[Symbol.dispose]();
    logDisk[Symbol.dispose]();
  });

  const worldOf = async (name: string) => {
    const world = new FaultedWorld(own.server, name);
    expect(await world.converges(before)).toEqual([]);
    return world;
  };
  /** A session whose import was not started is cancelled, after the journal has it. */
  const isNoCancellation = (request: string) => !request.startsWith('DELETE');

  it.each([
    ['while records are copied', 'INSERT INTO pg_temp'],
    ['while they are joined', 'FULL JOIN'],
    ['when an upload is written to the journal', 'INSERT INTO "rollcall".pending'],
    ['when a session is committed', COMMIT],
  ])('%s ends the run, which says so, and the next one goes on', async (what, statement) => {
    const world = await worldOf(what);
    const run = await world.run(day, { statement }, async () => disk.fill());
    disk.free();
    const message = expect.stringContaining(
      'SQLSTATE 53100; the disk of the server is full: free it',
    ) as string;
    expect(run).toMatchObject({ error: { code: 'ERR_ROLLCALL_STATE', message }, code: 1 });
    expect(run.sentAfter?.filter(isNoCancellation)).toEqual([]);
    expect(await world.faults(before, day)).toEqual([]);
    expect(await world.converges(day)).toEqual([]);
  });

  /** Leaves the server a third of a megabyte for its log. */
  async function fillLog(): Promise<void> {
    const current = await asked(
      own.server,
      'SELECT pg_switch_wal()',
      "SELECT pg_logical_emit_message(true, 'rollcall', repeat('x', 700000))",
      'SELECT pg_walfile_name(pg_current_wal_lsn())',
    );
    const directory = join(logDisk.path, 'wal');
    // Those that the server has made for later.
    for (const file of readdirSync(directory))
      if (/^[0-9A-F]{24}$/.test(file) && file > String(current)) rmSync(join(directory, file));
    logDisk.fill();
  }

  it.each([
    ['before a session is committed', COMMIT],
    ['before uploads are written to the journal', 'INSERT INTO "rollcall".pending'],
  ])('that of its log, %s, ends with the server, and the next run goes on', async (what, statement) => {
    const world = await worldOf(what);
    const run = await world.run(day, { statement }, fillLog);
    expect(run).toMatchObject({ error: { code: 'ERR_ROLLCALL_STATE_LOST' }, code: 4 });
    // Uploads of which the journal is written before the log is full.
    expect(run.sentAfter?.includes('POST start-import')).toBe(false);
    logDisk.free();
    await own.crash();
    expect(await world.faults(before, day)).toEqual([]);
    expect(await world.converges(day)).toEqual([]);
  });
});
