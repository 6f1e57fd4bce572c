import { afterAll, beforeAll, expect, it } from 'vitest';
import { StateError } from '../../src/core/errors.js';
import { company } from '../support/world.js';
import { cli, directory, envOf, files, org, QUICK, usersCsv } from '../cli/support.js';
import { describeWith, postgresPrograms, urlOf } from './available.js';
import { FaultedWorld } from './database-faults.js';
import { setForAll, startPostgres, type OwnPostgres } from './own-postgres.js';

const programs = await postgresPrograms();
const [before, day] = [company(30), company(30, ' 2')];
const BEGIN = 'FOR NO KEY UPDATE';

describeWith(programs, 'a PostgreSQL that only reads', () => {
  let primary: OwnPostgres;
  let standby: OwnPostgres;
  beforeAll(async () => {
    primary = await startPostgres({ settings: { fsync: 'off' } });
    standby = await primary.standby();
  }, 60_000);
  afterAll(async () => {
    await standby[Symbol.asyncDispose]();
    await primary[Symbol.asyncDispose]();
  });

  it('because it is a standby is refused by every command, with what to do', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(30) });
    const sync = (place: OwnPostgres) =>
      cli(cwd, ['sync', '--users', 'u.csv', ...QUICK], {
        env: { ...envOf(okta), ROLLCALL_STATE: `${urlOf(place.server)}?state=cli` },
      });
    // Before there are tables, and then before there is this state, and with it.
    const empty = await sync(standby);
    expect(empty.err).toContain(
      'SQLSTATE 25006; the server or the role is read-only: use the primary server',
    );
    expect(empty.code).toBe(1);
    expect((await sync(primary)).code).toBe(0);
    await primary.replicated();
    const sent = okta.requests.length;
    const refused = await sync(standby);
    expect(refused.err).toContain('is a read-only replica: use the primary server');
    expect(refused.code).toBe(1);
    expect(empty.err + refused.err).not.toContain('free the disk');
    expect(okta.requests.length).toBe(sent);
  });

  it('from any write of a run on ends the run before anything more is sent, and the next one goes on', async () => {
    const world = new FaultedWorld(primary.server, 'turned');
    expect(await world.converges(before)).toEqual([]);
    for (let time = 1, days = [before, day] as const; ; time++) {
      const [from, to] = days;
      const run = await world.run(to, { statement: BEGIN, time }, () =>
        setForAll(primary.server, 'default_transaction_read_only', 'on'),
      );
      await setForAll(primary.server, 'default_transaction_read_only', 'off');
      if (run.sentAfter === undefined) {
        expect(time).toBeGreaterThan(10);
        break;
      }
      expect(run.error, `write ${time}`).toBeInstanceOf(StateError);
      expect(run.error).toMatchObject({
        code: 'ERR_ROLLCALL_STATE',
        message: expect.stringContaining('SQLSTATE 25006; the server or the role is read-only') as string,
      });
      expect(run.code).toBe(1);
      expect(run.sentAfter, `write ${time}`).toEqual([]);
      expect(await world.faults(from, to), `write ${time}`).toEqual([]);
      expect(await world.converges(to), `write ${time}`).toEqual([]);
      days = [to, from];
    }
  }, 60_000);
});
