import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { company } from '../support/world.js';
import { describeWith, postgresPrograms } from './available.js';
import { FaultedWorld } from './database-faults.js';
import { startPostgres, type OwnPostgres } from './own-postgres.js';

const programs = await postgresPrograms();
const [before, day] = [company(30), company(30, ' 2')];

describeWith(programs, 'another program that writes to the tables of a state in PostgreSQL', () => {
  let own: OwnPostgres;
  let admin: pg.Client;
  let rival: pg.Client;
  /** What the other program waits for. */
  let rivalEnds: Promise<unknown> = Promise.resolve();
  beforeAll(async () => {
    const settings = {
      fsync: 'off',
      default_transaction_isolation: 'serializable',
      // The one that begins to wait last is the one that finds the deadlock, and fails.
      deadlock_timeout: '10ms',
    };
    own = await startPostgres({ settings });
    admin = new pg.Client(own.server);
    await admin.connect();
  }, 60_000);
  afterAll(async () => {
    await admin.end();
    await own[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    rival = new pg.Client(own.server);
    await rival.connect();
    await rival.query("SET search_path = rollcall; SET deadlock_timeout = '1h'");
  });
  afterEach(async () => {
    await rivalEnds;
    await rival.end();
  });

  const worldOf = async (name: string) => {
    const world = new FaultedWorld(own.server, name);
    expect(await world.converges(before)).toEqual([]);
    return world;
  };
  /** Resolves when as many connections wait for a lock. */
  const waiting = async (count: number) => {
    const text = "SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    while ((await admin.query<{ waiting: number }>(text)).rows[0]?.waiting !== count) await setImmediate();
  };

  it.each([
    ['the row of the state, when it is opened', 'SET generation', 'UPDATE states SET holder = holder'],
    [
      'the row of the state, when the journal is written',
      'FOR NO KEY UPDATE',
      'UPDATE states SET holder = holder',
    ],
    ['rows that a session changes', 'INSERT INTO "rollcall".baseline', 'UPDATE baseline SET digest = digest'],
    ['the small values', 'INSERT INTO "rollcall".meta', 'UPDATE meta SET value = value'],
  ])('at the same time, in serializable transactions: %s. Nothing fails', async (what, statement, change) => {
    const world = await worldOf(what);
    const run = await world.run(day, { statement }, async () => {
      await rival.query(`BEGIN; ${change}`);
      // It commits while the statement waits for it, which a serializable transaction does not survive.
      rivalEnds = waiting(1).then(() => rival.query('COMMIT'));
    });
    expect(run.sentAfter).toBeDefined();
    expect(run.error).toBeUndefined();
    expect(await world.converges(day)).toEqual([]);
  });

  it.each([
    ['an upload is written to the journal', 'INSERT INTO "rollcall".pending', 'pending'],
    ['a started import is written to the journal', "phase = 'triggered'", 'sessions'],
    ['a session is committed', 'INSERT INTO "rollcall".baseline', 'baseline'],
  ])(
    'and waits for this one, when %s: the run ends, and the next goes on',
    async (what, statement, table) => {
      const world = await worldOf(what);
      const run = await world.run(day, { statement }, async () => {
        await rival.query(`BEGIN ISOLATION LEVEL READ COMMITTED; LOCK TABLE ${table} IN SHARE MODE`);
        rivalEnds = rival.query('SELECT FROM states FOR UPDATE').then(() => rival.query('ROLLBACK'));
        await waiting(1);
      });
      expect(run).toMatchObject({
        error: {
          code: 'ERR_ROLLCALL_STATE',
          message: expect.stringContaining(
            'SQLSTATE 40P01; another transaction was in its way; run again',
          ) as string,
        },
        code: 4,
      });
      // A session whose import was not started is cancelled, after the journal has it.
      expect(run.sentAfter?.filter((request) => !request.startsWith('DELETE'))).toEqual([]);
      expect(await world.faults(before, day)).toEqual([]);
      expect(await world.converges(day)).toEqual([]);
    },
  );

  it('and waits for this one, when records are compared: nothing is sent, and the next run goes on', async () => {
    const world = await worldOf('reading');
    const run = await world.run(day, { statement: 'b.login = i.login' }, async () => {
      await rival.query('BEGIN ISOLATION LEVEL READ COMMITTED; LOCK TABLE unknown_logins');
      rivalEnds = rival.query('LOCK TABLE baseline').then(() => rival.query('ROLLBACK'));
      await waiting(1);
    });
    expect(run).toMatchObject({
      error: { code: 'ERR_ROLLCALL_STATE', message: expect.stringContaining('40P01') as string },
      code: 4,
      sent: [],
      sentAfter: [],
    });
    expect(await world.faults(before, before)).toEqual([]);
    expect(await world.converges(day)).toEqual([]);
  });
});
