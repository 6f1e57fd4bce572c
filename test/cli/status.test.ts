import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openState } from '../../src/state/lmdb/open-state.js';
import { createClient } from '../../src/okta/client.js';
import type { Transport } from '../../src/okta/wire.js';
import type { StatusReport } from '../../src/cli/commands/command-reports.js';
import type { Org } from '../../src/simulator/index.js';
import { cli, clock, directory, envOf, files, jsonLines, org, QUICK, usersCsv } from './support.js';
import { upserted } from '../support/rows.js';

const SYNC = ['sync', '--users', 'u.csv', ...QUICK];
/** Waits for an import of a minute with few requests. */
const SLOW = ['sync', '--users', 'u.csv', '--cooldown', '1ms', '--poll', '1s'];

function clientOf({ url, identitySourceId, token }: Org) {
  return createClient({ orgUrl: url, identitySourceId, auth: { token } });
}

/** A session that this state's journal knows, loaded with one user and not triggered. */
async function leaveOpen(cwd: string, okta: Org): Promise<string> {
  await using state = await openState(join(cwd, 'rollcall-state'));
  const client = clientOf(okta);
  await state.bind({ orgUrl: okta.url, identitySourceId: okta.identitySourceId });
  const journaled = await state.journal.creating(clock.now());
  const { id } = await client.createSession();
  await state.journal.created(journaled, id);
  const row = upserted('users', 'x1');
  await state.journal.loading(journaled, [row]);
  await client.upsertUsers(id, [{ externalId: 'x1', profile: { userName: 'x1', email: 'x1@example.com' } }]);
  await state.journal.loaded(journaled);
  await client.close();
  return id;
}

describe('status', () => {
  it('of a state that is not there makes none', async () => {
    const cwd = await directory();
    const ran = await cli(cwd, ['status']);
    expect(ran.code).toBe(0);
    expect(ran.out).toBe(
      [
        `State      ${join(cwd, 'rollcall-state')}: does not exist yet; the first plan or sync creates it`,
        'Okta       not checked: the credentials, the org or the identity source are not set',
        '',
      ].join('\n'),
    );
    expect(existsSync(join(cwd, 'rollcall-state'))).toBe(false);
  });

  it('shows the baseline, the last run, what is in flight, and the active sessions', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(1200) });
    await cli(cwd, SYNC, { env: envOf(okta) });
    const id = await leaveOpen(cwd, okta);
    // The state knows its org: the token is all there is to say.
    const ran = await cli(cwd, ['status'], { env: { OKTA_CLIENT_TOKEN: okta.token } });
    expect(ran.code).toBe(0);
    const lines = ran.out.trimEnd().split('\n');
    expect(lines.slice(1, 3)).toEqual([
      `           belongs to ${okta.url}, identity source ${okta.identitySourceId}`,
      'Baseline   Okta confirmed 1,200 users, 0 groups, 0 memberships',
    ]);
    expect(lines[3]).toMatch(/^Last run {3}\d{4}-\d\d-\d\d .* UTC, .*: done; 1,200 users confirmed$/);
    expect(lines[4]).toBe(`In flight  session ${id}: loading, 1 of 1 request acknowledged, 1 change`);
    expect(lines[5]).toMatch(new RegExp(`^Okta       session ${id}: IN_PROGRESS since [^,]+$`));
    const json = await cli(cwd, ['status', '--json'], { env: envOf(okta) });
    expect(jsonLines(json.out)).toMatchObject([
      { type: 'status:report', status: { condition: 'ready', sessions: [{ sessionId: id, ours: true }] } },
    ]);
  });

  it('tells how the last run ended', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(3), 'less.csv': usersCsv(2) });
    await cli(cwd, SYNC, { env: { ...envOf(okta), OKTA_CLIENT_TOKEN: 'wrong' } });
    const lastRun = async () => /^Last run .*$/m.exec((await cli(cwd, ['status'])).out)?.[0];
    expect(await lastRun()).toMatch(
      /: failed \[ERR_ROLLCALL_OKTA_AUTH\]; nothing confirmed, 3 users not confirmed$/,
    );
    await cli(cwd, SYNC, { env: envOf(okta) });
    await cli(cwd, ['sync', '--users', 'less.csv', '--max-deletes', '0'], { env: envOf(okta) });
    expect(await lastRun()).toMatch(/: stopped by the guard \[ERR_ROLLCALL_GUARD\]; nothing confirmed$/);
  });

  it('can be asked for while a sync is under way', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await using _held = await openState(join(cwd, 'rollcall-state'));
    const ran = await cli(cwd, ['status'], { env: envOf(okta) });
    expect(ran.code).toBe(0);
    expect(ran.out).toContain(`: in use by process ${process.pid} on `);
    expect(ran.out).toContain('Okta       no active session');
  });
});

describe('cancel', () => {
  it('cancels the session that this state left open', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const id = await leaveOpen(cwd, okta);
    const ran = await cli(cwd, ['cancel'], { env: envOf(okta) });
    expect(ran).toEqual({
      code: 0,
      err: '',
      out: `Session ${id} was cancelled; Okta imports nothing of it.\n`,
    });
    expect(okta.sessions().map(({ status }) => status)).toEqual(['CLOSED']);
    const again = await cli(cwd, ['cancel'], { env: envOf(okta) });
    expect(again).toMatchObject({ code: 0, out: 'This state has no open session.\n' });
    expect((await cli(cwd, ['status'])).out).toContain('In flight  nothing');
    await files(cwd, { 'u.csv': usersCsv(3) });
    expect((await cli(cwd, SYNC, { env: envOf(okta) })).code).toBe(0);
    expect(okta.violations).toEqual([]);
  });

  it("leaves another's session alone, and cancels it by its id", async () => {
    const [cwd, okta] = [await directory(), await org()];
    const client = clientOf(okta);
    const { id } = await client.createSession();
    await client.close();
    const ran = await cli(cwd, ['cancel'], { env: envOf(okta) });
    expect(ran.code).toBe(0);
    expect(ran.out).toBe(
      `This state has no open session.\nSession ${id} is open, but this state did not create it. To cancel it: rollcall cancel --force ${id}\n`,
    );
    expect(okta.sessions()[0]?.status).toBe('CREATED');
    const forced = await cli(cwd, ['cancel', '--force', id, '--json'], { env: envOf(okta) });
    expect(forced.code).toBe(0);
    expect(jsonLines(forced.out)).toMatchObject([
      { type: 'cancel:report', cancelled: { cancelled: [id], ran: [], foreign: [] } },
    ]);
    expect(okta.sessions()[0]?.status).toBe('CLOSED');
    expect(existsSync(join(cwd, 'rollcall-state'))).toBe(false);
  });

  it('cancels its own by id too, and says of others why they cannot be cancelled', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const id = await leaveOpen(cwd, okta);
    const none = await cli(cwd, ['cancel', '--force', 'none'], { env: envOf(okta) });
    expect(none.code).toBe(1);
    expect(none.err).toContain(
      'session none cannot be cancelled: Okta does not know it [ERR_ROLLCALL_SESSION]',
    );
    expect(okta.sessions()[0]?.status).toBe('IN_PROGRESS');
    expect((await cli(cwd, ['cancel', '--force', id], { env: envOf(okta) })).code).toBe(0);
    const closed = await cli(cwd, ['cancel', '--force', id], { env: envOf(okta) });
    expect(closed.code).toBe(1);
    expect(closed.err).toContain('cannot be cancelled: it is CLOSED');
  });

  it('leaves a session that is being imported to the next run', async () => {
    const [cwd, okta] = [await directory(), await org({ importMs: 60_000 })];
    const id = await leaveOpen(cwd, okta);
    const client = clientOf(okta);
    await client.startImport(id);
    await client.close();
    const ran = await cli(cwd, ['cancel'], { env: envOf(okta) });
    expect(ran.code).toBe(4);
    expect(ran.out).toBe(
      `Session ${id} cannot be cancelled any more: Okta is importing it. The next sync settles it. If Okta does not finish it: rollcall cancel --forget ${id}\n`,
    );
  });

  it('gives up a session that Okta does not finish, by its id, and the next sync sends its rows again', async () => {
    const [cwd, okta] = [await directory(), await org({ importMs: 60_000 })];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(3) });
    expect((await cli(cwd, [...SLOW, '--poll-timeout', '1s'], { env })).code).toBe(4);
    const id = okta.sessions()[0]?.id as string;
    const wrong = await cli(cwd, ['cancel', '--forget', 'other'], { env });
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('has no session other in flight')]);
    const ran = await cli(cwd, ['cancel', '--forget', id], { env });
    expect([ran.code, ran.out]).toEqual([0, expect.stringContaining(`Session ${id} was given up`)]);
    const { out } = await cli(cwd, ['status'], { env: {} });
    expect(out).toContain('outcome unknown for 3 users');
    expect(out).toContain('In flight  nothing');
    const next = await cli(cwd, [...SLOW, '--max-creates', '0', '--poll-timeout', '3h'], { env });
    expect(next.out).toContain('Okta confirmed 3 users in');
    expect(okta.sessions().map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED']);
    expect(okta.violations).toEqual([]);
  });

  it('leaves the rows unknown of a session that Okta does not know any more after the request', async () => {
    let cancelled = false;
    const okta = await org({
      fault: ({ method, path }) => {
        if (method === 'DELETE') cancelled = true;
        return cancelled && method === 'GET' && /sessions\/./.test(path) ? { kind: 'notFound' } : undefined;
      },
    });
    const cwd = await directory();
    const id = await leaveOpen(cwd, okta);
    // Its sleeps are over at once; the session is looked for during a minute.
    const patient = { now: () => clock.now(), sleep: () => Promise.resolve() };
    const ran = await cli(cwd, ['cancel', '--json'], { env: envOf(okta), deps: { clock: patient } });
    expect(jsonLines(ran.out)).toMatchObject([
      { type: 'cancel:report', cancelled: { cancelled: [], forgotten: [id] } },
    ]);
    const { baseline, pending } = (
      jsonLines((await cli(cwd, ['status', '--json'])).out)[0] as unknown as { status: StatusReport }
    ).status;
    expect(pending).toEqual([]);
    expect(baseline?.users.unknown).toBeGreaterThan(0);
  });

  it('gives up a session whose status is not known', async () => {
    const okta = await org({ importMs: 60_000 });
    const [cwd, env] = [await directory(), envOf(okta)];
    await files(cwd, { 'u.csv': usersCsv(3) });
    expect((await cli(cwd, [...SLOW, '--poll-timeout', '1s'], { env })).code).toBe(4);
    const id = okta.sessions()[0]?.id as string;
    const transport: Transport = async ({ method, url, headers }) => {
      const answer = await fetch(url, { method, headers });
      const body = (await answer.text()).replaceAll('"TRIGGERED"', '"QUEUED"');
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body };
    };
    const deps = { transport };
    expect((await cli(cwd, ['cancel'], { env, deps })).code).toBe(4);
    const ran = await cli(cwd, ['cancel', '--forget', id], { env, deps });
    expect([ran.code, ran.out]).toEqual([0, expect.stringContaining(`Session ${id} was given up`)]);
  });

  it('is not needed where a sync may leave the session', async () => {
    const [cwd, okta] = [await directory(), await org({ importMs: 60_000 })];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(3) });
    expect((await cli(cwd, [...SLOW, '--poll-timeout', '1s'], { env })).code).toBe(4);
    const stuck = await cli(cwd, [...SLOW, '--poll-timeout', '1s'], { env });
    expect([stuck.code, okta.sessions().length]).toEqual([4, 1]);
    const left = await cli(cwd, [...SLOW, '--poll-timeout', '1s', '--leave-session'], { env });
    // The new session waits in Okta's queue behind the old one.
    expect([left.code, okta.sessions().length]).toEqual([4, 2]);
    expect(left.err).toContain('settled: unknown');
    expect((await cli(cwd, [...SLOW, '--poll-timeout', '3h'], { env })).code).toBe(0);
    expect(okta.directory().activeUsers).toBe(3);
  });

  it('looks for a session whose creation nobody heard of', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const client = clientOf(okta);
    {
      await using state = await openState(join(cwd, 'rollcall-state'));
      await state.bind({ orgUrl: okta.url, identitySourceId: okta.identitySourceId });
      await state.journal.creating(clock.now());
      await client.createSession();
    }
    await client.close();
    const ran = await cli(cwd, ['cancel'], { env: envOf(okta) });
    expect(ran.code).toBe(0);
    expect(okta.sessions()[0]?.status).toBe('CLOSED');
    expect((await cli(cwd, ['status'])).out).toContain('In flight  nothing');
  });

  it('refuses to act on the state of another org', async () => {
    const [cwd, okta, other] = [await directory(), await org(), await org()];
    await leaveOpen(cwd, okta);
    const ran = await cli(cwd, ['cancel'], { env: envOf(other) });
    expect(ran.code).toBe(2);
    expect(ran.err).toContain(`--state: the state belongs to ${okta.url}`);
    expect(other.requests).toEqual([]);
  });

  it('needs credentials', async () => {
    const ran = await cli(await directory(), ['cancel'], {
      env: { OKTA_CLIENT_ORGURL: 'https://example.okta.com', OKTA_IDENTITY_SOURCE_ID: 's' },
    });
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('OKTA_CLIENT_TOKEN: not set');
  });
});
