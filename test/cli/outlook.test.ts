import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createClient } from '../../src/okta/client.js';
import { TransportError } from '../../src/okta/wire.js';
import type { Org } from '../../src/simulator/index.js';
import { openState } from '../../src/state/lmdb/open-state.js';
import type { JournalPhase } from '../../src/state/journal.js';
import { upserted } from '../support/rows.js';
import { cli, clock, directory, envOf, files, jsonLines, org, QUICK, usersCsv } from './support.js';

const PLAN = ['plan', '--users', 'u.csv'];

/** A directory with three users that were synced. */
async function synced() {
  const [cwd, okta] = [await directory(), await org({ importMs: 60_000 })];
  await files(cwd, { 'u.csv': usersCsv(3) });
  await cli(cwd, ['sync', '--users', 'u.csv', ...QUICK, '--poll', '3s'], { env: envOf(okta) });
  return { cwd, okta, env: envOf(okta) };
}

/** A session with one user in the journal of the state, up to this phase. `triggered` also starts its import. */
async function leaveInFlight(cwd: string, okta: Org, phase: JournalPhase): Promise<string> {
  await using state = await openState(join(cwd, 'rollcall-state'));
  const client = createClient({
    orgUrl: okta.url,
    identitySourceId: okta.identitySourceId,
    auth: { token: okta.token },
  });
  const { journal } = state;
  const number = await journal.creating(clock.now());
  const { id } = await client.createSession();
  await journal.created(number, id);
  await journal.loading(number, [upserted('users', 'x1')]);
  await client.upsertUsers(id, [{ externalId: 'x1', profile: { userName: 'x1', email: 'x1@example.com' } }]);
  await journal.loaded(number);
  if (phase === 'triggering' || phase === 'triggered') await journal.triggering(number);
  if (phase === 'triggered') {
    await client.startImport(id);
    await journal.triggered(number, clock.now());
  }
  await client.close();
  return id;
}

describe('plan shows what a sync would find', () => {
  it('nothing where Okta has no active session', async () => {
    const { cwd, env } = await synced();
    const { out, code } = await cli(cwd, PLAN, { env });
    expect(code).toBe(0);
    expect(out).toMatch(/Plan hash: [0-9a-f]{64}\n$/);
  });

  it.each<[JournalPhase, string, string]>([
    ['loading', 'IN_PROGRESS', 'a sync first cancels it'],
    ['triggering', 'IN_PROGRESS', 'a sync first starts its import'],
    ['triggered', 'TRIGGERED', 'a sync first waits for its end'],
  ])('a session of an earlier run in flight (%s)', async (phase, status, settling) => {
    const { cwd, okta, env } = await synced();
    const id = await leaveInFlight(cwd, okta, phase);
    const requests = okta.requests.length;
    const { out, code } = await cli(cwd, PLAN, { env });
    expect(code).toBe(0);
    expect(out).toMatch(
      new RegExp(`Session ${id} \\(${status}, 1 change\\) of an earlier run is in flight: .*${settling}`),
    );
    expect(out).not.toContain('no record of it');
    expect(okta.requests.slice(requests).map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  it('that an import has ended, and is not confirmed in the state yet', async () => {
    const { cwd, okta, env } = await synced();
    const id = await leaveInFlight(cwd, okta, 'triggered');
    await clock.sleep(120_000);
    const { out } = await cli(cwd, PLAN, { env });
    expect(out).toContain(`Session ${id} (import completed, 1 change)`);
    expect(out).toContain('a sync first records its changes as confirmed');
  });

  it('a session of somebody else, with id and age', async () => {
    const { cwd, okta, env } = await synced();
    const client = createClient({
      orgUrl: okta.url,
      identitySourceId: okta.identitySourceId,
      auth: { token: okta.token },
    });
    const { id } = await client.createSession();
    await client.close();
    await clock.sleep(180_000);
    const { out, code } = await cli(cwd, PLAN, { env });
    expect(code).toBe(0);
    // The age is told by the server's clock, which shows whole seconds.
    expect(out).toMatch(
      new RegExp(
        `Session ${id} \\(CREATED, (3 min|2 min 59 s) old\\) is active, and this state has no record of it: a sync would fail`,
      ),
    );
    const json = jsonLines((await cli(cwd, [...PLAN, '--json'], { env })).out).at(-1);
    expect(json).toMatchObject({
      outlook: { inFlight: [], foreign: [{ sessionId: id, status: 'CREATED' }] },
    });
  });

  it('another org or identity source than that of the state, without asking it', async () => {
    const { cwd, okta, env } = await synced();
    const requests = okta.requests.length;
    for (const other of [
      { OKTA_CLIENT_ORGURL: 'https://other.okta.com' },
      { OKTA_IDENTITY_SOURCE_ID: 'other' },
    ]) {
      const { out, code } = await cli(cwd, PLAN, { env: { ...env, ...other } });
      expect(code).toBe(0);
      expect(out).toContain(
        `The state belongs to ${okta.url}, identity source ${okta.identitySourceId}, and the settings name another: a sync would be refused.`,
      );
    }
    expect(okta.requests).toHaveLength(requests);
  });

  it('what it could not check: without credentials, and where Okta does not answer', async () => {
    const { cwd, okta, env } = await synced();
    const id = await leaveInFlight(cwd, okta, 'triggered');
    const without = await cli(cwd, PLAN);
    expect(without.code).toBe(0);
    expect(without.out).toContain(
      `Session ${id} (1 change) of an earlier run is in flight: a sync first settles it.`,
    );
    expect(without.out).toContain('The sessions in Okta were not checked: no credentials are set.');
    const transport = () => Promise.reject(new TransportError('CERT_HAS_EXPIRED', false));
    const silent = await cli(cwd, PLAN, { env, deps: { transport } });
    expect(silent.code).toBe(0);
    expect(silent.out).toContain(
      'The sessions in Okta were not checked: listIdentitySourceSessions: the cert',
    );
  });
});
