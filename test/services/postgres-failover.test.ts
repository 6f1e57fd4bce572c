import { expect, it } from 'vitest';
import { deactivate } from '../../src/upload/deactivate.js';
import { verify } from '../../src/verify/verify.js';
import { differences } from '../simulation/checks.js';
import { clientOf, company, SOURCE } from '../support/world.js';
import { describeWith, postgresPrograms } from './available.js';
import { FaultedWorld } from './database-faults.js';
import { setForAll, startPostgres } from './own-postgres.js';

const programs = await postgresPrograms();
const [before, day] = [company(30), company(30, ' 2')];
const COMMIT = 'DELETE FROM "rollcall".sessions';

describeWith(programs, 'a PostgreSQL whose primary server fails over', () => {
  it('to an asynchronous standby loses the last commits, which a run finds, or resend, or verify', async () => {
    await using primary = await startPostgres({ settings: { fsync: 'off' } });
    await using standby = await primary.standby();
    const worldOf = async (name: string) => {
      const world = new FaultedWorld(primary.server, name);
      expect(await world.converges(before)).toEqual([]);
      return world;
    };
    const commit = await worldOf('the commit of a session is lost');
    const session = await worldOf('a session is lost');
    const undone = await worldOf('a session is lost, and the source is as it was before');
    const gone = await worldOf('the session that created somebody is lost, who has left the source');
    const open = await worldOf('the session is open');
    const worlds = [commit, session, undone, gone, open];

    // The standby has the journal of this session, and not its commit.
    const { error } = await commit.run(day, { statement: COMMIT }, async () => {
      await primary.replicated();
      await standby.disconnect();
    });
    expect(error).toBeUndefined();
    for (const world of [session, undone]) expect((await world.run(day)).error).toBeUndefined();
    expect((await gone.run(company(31))).error).toBeUndefined();
    const died = await open.run(day, { statement: "phase = 'triggering'" }, () => primary.stop());
    expect(died).toMatchObject({ error: { code: 'ERR_ROLLCALL_STATE_LOST' }, code: 4, sentAfter: [] });
    for (const world of worlds)
      expect(await world.run(day)).toMatchObject({
        error: { code: 'ERR_ROLLCALL_STATE', message: expect.stringContaining('ECONNREFUSED') as string },
        code: 4,
        sent: [],
      });

    await standby.promote();
    for (const world of worlds) world.useServer(standby.server);
    // The session is settled from the journal.
    expect(await commit.run(day)).toMatchObject({ error: undefined, sent: [] });
    expect(await commit.converges(day)).toEqual([]);
    // The source differs from the state, so its changes are sent again.
    expect(await session.converges(day)).toEqual([]);
    // The source does not differ from the state, and Okta does: only a doubt of all rows finds that.
    expect(await undone.run(before)).toMatchObject({ error: undefined, sent: [] });
    expect(differences(undone.org, before)).not.toEqual([]);
    expect(await undone.converges(before, { resend: ['all'] })).toEqual([]);
    // A person of whom neither the source nor the state knows.
    expect((await gone.run(before, undefined, undefined, { resend: ['all'] })).error).toBeUndefined();
    const okta = clientOf(gone.org);
    const { examples } = await gone.withState((state) => verify({ okta, state, users: before.users }));
    expect(examples).toMatchObject([{ status: 'foreign', externalId: 'u30' }]);
    await gone.withState((state) => deactivate({ okta, state, ids: ['u30'], send: true }));
    expect(gone.org.directory(SOURCE).users.get('u30')?.status).not.toBe('ACTIVE');
    // The journal does not know the session that is open at Okta.
    const foreign = { code: 'ERR_ROLLCALL_FOREIGN_SESSION' };
    expect(await open.run(day)).toMatchObject({ error: foreign, code: 1, sent: [] });
    expect(await open.converges(day, { foreignSession: 'cancel' })).toEqual([]);
  }, 60_000);

  it('to a synchronous standby loses nothing', async () => {
    await using primary = await startPostgres({ settings: { fsync: 'off' } });
    await using standby = await primary.standby();
    await setForAll(primary.server, 'synchronous_standby_names', '*');
    const world = new FaultedWorld(primary.server, 'synchronous');
    expect(await world.converges(before)).toEqual([]);
    // The primary ends before the first statement after the commit.
    const at = { after: COMMIT, statement: 'SELECT' };
    const run = await world.run(day, at, () => primary.stop());
    expect(run).toMatchObject({ error: { code: 'ERR_ROLLCALL_STATE_LOST' }, code: 4, sentAfter: [] });
    await standby.promote();
    world.useServer(standby.server);
    expect(await world.faults(day, day)).toEqual([]);
    expect(await world.run(day)).toMatchObject({ error: undefined, sent: [] });
    expect(await world.converges(day)).toEqual([]);
  }, 60_000);
});
