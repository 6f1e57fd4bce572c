import { existsSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT, exitCodeOf } from '../../src/cli/process/exit-codes.js';
import { openPostgresState } from '../../src/state/postgres/open-postgres-state.js';
import { CuttingProxy } from '../support/cutting-proxy.js';
import { company } from '../support/world.js';
import { describeWith, postgresPrograms, urlOf } from './available.js';
import { FaultedWorld } from './database-faults.js';
import { asked, startPostgres, type OwnPostgres } from './own-postgres.js';

const programs = await postgresPrograms();
const [before, day] = [company(30), company(30, ' 2')];
/** The sockets of this machine, on Linux. */
const SOCKETS = '/proc/net/tcp';
/** The state of a connection, and the timer that asks the other side whether it is there. */
const [ESTABLISHED, KEEPALIVE] = ['01', '02'];

describeWith(programs, 'the way to PostgreSQL', () => {
  let own: OwnPostgres;
  let proxy: CuttingProxy;
  beforeAll(async () => {
    own = await startPostgres({ settings: { fsync: 'off' } });
    proxy = await CuttingProxy.start(own.server.port);
  }, 60_000);
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });
  /** Resolves when the server has noticed that the connections of a run are gone. */
  const freed = async () => {
    const locks = "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'";
    while ((await asked(own.server, locks)) !== 0) await setImmediate();
  };
  const throughProxy = () => ({ ...own.server, port: proxy.port });

  it('that is cut as a commit is answered ends the run, and the next one finds the commit', async () => {
    const world = new FaultedWorld(throughProxy(), 'answers');
    expect(await world.converges(before)).toEqual([]);
    for (let time = 1, days = [before, day] as const; ; time++) {
      const [from, to] = days;
      const run = await world.run(to, { statement: /^COMMIT$/, time }, async () => proxy.loseNextAnswer());
      if (run.sentAfter === undefined) {
        expect(time).toBeGreaterThan(12);
        return;
      }
      const lost = { error: { name: 'StateError' }, code: 4, sentAfter: [] };
      expect(run, `commit ${time}`).toMatchObject(lost);
      await freed();
      expect(await world.faults(from, to), `commit ${time}`).toEqual([]);
      expect(await world.converges(to), `commit ${time}`).toEqual([]);
      days = [to, from];
    }
  }, 60_000);

  it.each([
    ['when the state is opened', 'pg_try_advisory_lock'],
    ['when records are copied', 'INSERT INTO pg_temp'],
    ['when records are joined', 'FULL JOIN'],
    ['when differences are read', 'FETCH'],
    ['before a session is created', 'SET next_session'],
  ])('that is cut %s ends the run before anything more is sent', async (what, statement) => {
    const world = new FaultedWorld(throughProxy(), what);
    expect(await world.converges(before)).toEqual([]);
    const run = await world.run(day, { statement }, async () => proxy.cut());
    expect(run).toMatchObject({ error: { name: 'StateError' }, code: 4, sentAfter: [] });
    await freed();
    expect(await world.faults(before, day)).toEqual([]);
    expect(await world.converges(day)).toEqual([]);
  });

  it.runIf(existsSync(SOCKETS))(
    'is looked after: a server that is gone is noticed within half a minute',
    async () => {
      await using state = await openPostgresState(urlOf(own.server), { name: 'kept' });
      expect(await state.getMeta('nothing')).toBeUndefined();
      const port = own.server.port.toString(16).toUpperCase().padStart(4, '0');
      const timers = readFileSync(SOCKETS, 'utf8')
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter(([, , remote = '', status]) => remote.endsWith(`:${port}`) && status === ESTABLISHED)
        .map(([, , , , , timer = '']) => timer.split(':'));
      expect(timers.length).toBeGreaterThan(0);
      for (const [timer, ticks = ''] of timers) {
        expect(timer).toBe(KEEPALIVE);
        // In hundredths of a second. The system's own default is two hours.
        expect(parseInt(ticks, 16)).toBeLessThanOrEqual(2000);
      }
    },
  );
});

describe('an address at which there is no PostgreSQL', () => {
  const listen = async (onConnection: (socket: Socket) => void) => {
    const server = createServer(onConnection).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { server, url: `postgres://me@127.0.0.1:${(server.address() as AddressInfo).port}/db` };
  };

  it.each<[string, string, (socket: Socket) => void]>([
    ['but something that never answers', 'ETIMEDOUT; check the host and the port', () => undefined],
    [
      'but something that closes the connection',
      'ECONNRESET; the connection ended; run again',
      (s) => void s.end(),
    ],
  ])('%s, is not used, and another run may get further', async (_, message, onConnection) => {
    const { server, url } = await listen(onConnection);
    const error: unknown = await openPostgresState(url, { connectTimeoutMs: 100 }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'ERR_ROLLCALL_STATE',
      message: expect.stringContaining(message) as string,
    });
    expect(exitCodeOf(error)).toBe(EXIT.INCOMPLETE);
    server.close();
  });
});
