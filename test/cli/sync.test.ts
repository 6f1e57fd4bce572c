import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import { TransportError } from '../../src/okta/wire.js';
import { SETTLE_MS } from './command-clock.js';
import { cli, clock, directory, envOf, files, jsonLines, org, QUICK, Signals, usersCsv } from './support.js';

const SYNC = ['sync', '--users', 'u.csv', ...QUICK];

describe('sync', () => {
  it('with a wrong id of the identity source, or a wrong token, leaves a new state free', async () => {
    const cwd = await directory();
    const env = envOf(await org());
    await files(cwd, { 'users.csv': usersCsv(1) });
    const sync = (more: Record<string, string>) =>
      cli(cwd, ['sync', '--users', 'users.csv', ...QUICK], { env: { ...env, ...more } });
    const wrong = await sync({ OKTA_IDENTITY_SOURCE_ID: '0oaother' });
    expect(wrong).toMatchObject({ code: 1 });
    expect(wrong.err).toContain('What to do: correct --identity-source');
    expect(await sync({ OKTA_CLIENT_TOKEN: 'wrong' })).toMatchObject({ code: 1 });
    expect(await sync({})).toMatchObject({ code: 0 });
  });

  it('tells in plain lines what happens, and at the end what it came to', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, {
      'u.csv': `${usersCsv(3)}u9,u9@example.com,wrong,a,b\n`,
      'g.csv': 'externalId,displayName\ng1,Sales\n',
      'm.csv': 'groupExternalId,memberExternalId\ng1,u0\n',
    });
    const argv = [...SYNC, '--groups', 'g.csv', '--memberships', 'm.csv'];
    const ran = await cli(cwd, argv, { env: envOf(okta) });
    expect(ran.code).toBe(5);
    expect(ran.out.replace(/Done in [^:]+/, 'Done in N').replace(/\d+ B/, 'N B')).toBe(
      [
        'Done in N: Okta confirmed 3 users, 1 group and 1 membership in 2 sessions (3 requests, N B).',
        '',
        '             read  unchanged  created  updated  deleted  rejected',
        'users           4          0        3        0        0         1',
        'groups          1          0        1        0        0         0',
        'memberships     1          0        1        0        0         0',
        'Rejected before sending (1):',
        '  users u9 (u.csv:5): email is not a valid email address [NOT_AN_EMAIL]',
        '',
      ].join('\n'),
    );
    const lines = ran.err.trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S/);
    const told = lines.map((line) => line.slice(25).replace(okta.sessions()[0]?.id ?? '', 'S1'));
    expect(told).toEqual(
      expect.arrayContaining([
        'read 4 users, 1 rejected',
        'plan: users +3 ~0 -0, groups +1 ~0 -0, memberships +1 ~0 -0; 3 requests in 2 sessions',
        'session 1 created (S1)',
        'Okta is importing session S1',
        expect.stringMatching(
          /^session S1: import completed, 3 users and 1 group confirmed; left: 1 membership; the end is expected (about|between) .* UTC$/,
        ),
      ]),
    );
    expect(okta.directory()).toMatchObject({ activeUsers: 3 });
    expect(okta.violations).toEqual([]);
    const again = await cli(cwd, argv, { env: envOf(okta) });
    expect(again.out).toMatch(/^Done in .*: nothing was sent\.\n/);
  });

  it('writes nothing when it is quiet and all is well', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(3) });
    expect(await cli(cwd, [...SYNC, '--quiet'], { env: envOf(okta) })).toEqual({ code: 0, out: '', err: '' });
  });

  it('names a record with which each session failed without sending it again, and says so before and after', async () => {
    const [cwd, okta] = [
      await directory(),
      await org({ poison: ({ externalId }) => (externalId === 'u1' ? 'import' : undefined) }),
    ];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(4) });
    expect((await cli(cwd, SYNC, { env })).code).toBe(5);
    expect((await cli(cwd, ['plan', '--users', 'u.csv'])).out).toContain(
      [
        '       read  unchanged  create  update  delete  rejected  refused  in Okta',
        'users     4          3       0       0       0         0        1        4',
        '',
        'There is nothing to send.',
        'Not sent until they change or --resend names them, because Okta refused them in an earlier run: 1 user.',
      ].join('\n'),
    );
    const again = await cli(cwd, SYNC, { env });
    expect(again.code).toBe(5);
    expect(again.out).toContain(
      [
        '       read  unchanged  created  updated  deleted  rejected  refused',
        'users     4          3        0        0        0         0        1',
      ].join('\n'),
    );
    expect((await cli(cwd, ['status'])).out).toContain(
      [
        'left undone: 1 record refused by Okta; the next sync tries again, except',
        '           1 record with which each session failed: not sent again until the record changes, or --resend names it',
      ].join('\n'),
    );
  });

  it('is done in part with 5 while anything is rejected, refused or held back; quiet, it writes exactly that', async () => {
    let refusing = true;
    const [cwd, okta] = [
      await directory(),
      await org({
        refuseItem: ({ externalId }) =>
          refusing && externalId === 'u1' && "userName: 'u1@example.com' is longer than 10 characters",
      }),
    ];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(4) });
    const refused = await cli(cwd, [...SYNC, '--quiet'], { env });
    expect([refused.code, refused.out]).toEqual([5, '']);
    expect(refused.err).toBe(
      [
        'Refused by Okta (1):',
        "  users u1: Okta refused the record: Api validation failed; userName: '…' is longer than 10 characters [E0000001]",
        '',
      ].join('\n'),
    );
    expect((await cli(cwd, ['status'])).out).toContain(
      'left undone: 1 record refused by Okta; the next sync',
    );
    refusing = false;
    expect((await cli(cwd, SYNC, { env })).code).toBe(0);
    expect((await cli(cwd, ['status'])).out).not.toContain('left undone');
    // u3 is gone, but the record without an id may be u3.
    await files(cwd, { 'u.csv': `${usersCsv(3)},x@example.com,x@example.com,a,b\n` });
    const heldBack = await cli(cwd, [...SYNC, '--quiet'], { env });
    expect([heldBack.code, heldBack.out]).toEqual([5, '']);
    expect(heldBack.err.trimEnd().split('\n')).toEqual([
      '1 deletion of users held back: a record could not be identified, and may be any of them, or the last record of them in a feed was rejected.',
      'Rejected before sending (1):',
      expect.stringContaining('users record 4 (u.csv:5): ') as string,
    ]);
    const status = await cli(cwd, ['status', '--json']);
    expect(jsonLines(status.out)).toMatchObject([
      { status: { lastRun: { exitCode: 5, undone: { rejected: 1, refused: 0, heldBack: 1 } } } },
    ]);
    expect(await cli(cwd, [...SYNC, '--quiet', '--allow-rejects'], { env })).toEqual({
      code: 0,
      out: '',
      err: '',
    });
  });

  it('stops at the guard with 3, says why, and goes on with the hash it gives', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(150) });
    await cli(cwd, SYNC, { env });
    await files(cwd, { 'u.csv': usersCsv(100) });
    const stopped = await cli(cwd, [...SYNC, '--quiet'], { env });
    expect(stopped.code).toBe(3);
    expect(stopped.out).toBe('');
    expect(stopped.err).toMatch(
      /^rollcall: the guard stopped this plan; nothing was sent\.\n {2}33\.3 % of the 150 users would be deleted; the limit is 20 % \(--max-delete-percent\)\nNot deleted, because the guard stopped the plan:\n {2}50 users, deactivated in Okta:\n {4}u100, .*u119\n {4}and 30 more\n {2}--changes FILE writes all of them to a file.\n {2}"rollcall plan --names ATTRIBUTES" shows who they are, such as --names firstName lastName; sync has the same flag.\nIf these changes are intended, approve exactly this plan:\n {2}rollcall sync --users u.csv --cooldown 1ms --poll 1ms --approve [0-9a-f]{64}\n$/,
    );
    expect(okta.directory().activeUsers).toBe(150);
    const hash = /[0-9a-f]{64}/.exec(stopped.err)?.[0] as string;
    const json = await cli(cwd, [...SYNC, '--json'], { env });
    expect(jsonLines(json.out).at(-1)).toMatchObject({
      type: 'run:error',
      code: 'ERR_ROLLCALL_GUARD',
      exitCode: 3,
      planHash: hash,
      trips: [{ rule: 'deletePercent', entity: 'users' }],
    });
    expect((await cli(cwd, [...SYNC, '--approve', hash], { env })).code).toBe(0);
    expect(okta.directory().activeUsers).toBe(100);
  });

  it('is incomplete with 4 when Okta is out of reach, and goes on at the next run', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(3) });
    const transport = () => Promise.reject(new TransportError('ECONNREFUSED', false));
    const argv = [...SYNC, '--patience', '1ms'];
    const ran = await cli(cwd, argv, { env: envOf(okta), deps: { transport } });
    expect(ran.code).toBe(4);
    expect(ran.err).toContain('[ERR_ROLLCALL_OKTA_NETWORK]');
    expect(ran.err).toContain('So far nothing was sent. Not confirmed: 3 users.');
    expect(ran.err).toMatch(/Run it again to continue: .*\n$/);
    expect((await cli(cwd, SYNC, { env: envOf(okta) })).code).toBe(0);
    expect(okta.directory().activeUsers).toBe(3);
  });

  it('is incomplete with 4 when an import takes longer than it may', async () => {
    const [cwd, okta] = [await directory(), await org({ importMs: 60_000 })];
    await files(cwd, { 'u.csv': usersCsv(3) });
    const ran = await cli(cwd, [...SYNC, '--poll-timeout', '3ms'], { env: envOf(okta) });
    expect(ran.code).toBe(4);
    expect(ran.err).toContain('[ERR_ROLLCALL_POLL_TIMEOUT]');
  });

  it('fails with 1 at a wrong token, which is in no output', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(3) });
    const env = { ...envOf(okta), OKTA_CLIENT_TOKEN: 'canary-token' };
    for (const how of ['--json', '--quiet', '--mixed']) {
      const ran = await cli(cwd, [...SYNC, how], { env });
      expect(ran.code).toBe(1);
      expect(ran.err).toContain('[ERR_ROLLCALL_OKTA_AUTH]');
      expect(ran.out + ran.err).not.toContain('canary');
    }
  });

  it('names a record with which every session failed without sending it again, until --resend', async () => {
    let fails = true;
    const [cwd, okta] = [
      await directory(),
      await org({ poison: ({ externalId }) => (fails && externalId === 'u1' ? 'load' : undefined) }),
    ];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(4) });
    expect((await cli(cwd, SYNC, { env })).code).toBe(5);
    const sessions = okta.sessions(okta.identitySourceId).length;
    const again = await cli(cwd, [...SYNC, '--report', 'r'], { env });
    expect(again.code).toBe(5);
    expect(again.out).toContain('users u1: each session with the record failed in an earlier run');
    expect(okta.sessions(okta.identitySourceId)).toHaveLength(sessions);
    expect(await readFile(join(cwd, 'r/rejects.csv'), 'utf8')).toMatch(/^okta,users,u1,.*E0000009/m);
    fails = false;
    expect((await cli(cwd, [...SYNC, '--resend', 'u1'], { env })).code).toBe(0);
  });

  it('puts no profile value into any output', async () => {
    const [cwd, okta] = [await directory(), await org({ refuseItem: (item) => item.externalId === 'u1' })];
    await files(cwd, {
      'u.csv': `${usersCsv(3, 'canary')}u9,canary9@example.com,canary,canary,b\nu9,canary,x,y,z\n`,
    });
    for (const argv of [['plan', '--users', 'u.csv'], SYNC, [...SYNC, '--json'], ['status']]) {
      const ran = await cli(cwd, argv, { env: envOf(okta) });
      expect(ran.out + ran.err).not.toContain('canary');
      expect(ran.out.length).toBeGreaterThan(0);
    }
  });

  it('shows what Okta refused, and tries it again', async () => {
    const [cwd, okta] = [await directory(), await org({ refuseItem: (item) => item.externalId === 'u1' })];
    await files(cwd, { 'u.csv': usersCsv(3) });
    const ran = await cli(cwd, SYNC, { env: envOf(okta) });
    expect(ran.out).toMatch(
      /Refused by Okta \(1\):\n {2}users u1: Okta refused the record: [^\n]*an item was refused \[E0000001\]/,
    );
    expect(ran.code).toBe(5);
  });

  it('waits for another process that uses the state, and is incomplete with 4 if it does not end', async () => {
    const { openState } = await import('../../src/state/lmdb/open-state.js');
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(3) });
    const held = await openState(join(cwd, 'rollcall-state'), { clock });
    const began = clock.now();
    const ran = await cli(cwd, SYNC, { env: envOf(okta) });
    expect(ran.code).toBe(4);
    expect(ran.err).toContain(`the state is in use by process ${process.pid} on `);
    expect(ran.err).toContain('[ERR_ROLLCALL_BUSY]');
    expect(clock.now() - began).toBe(90_000);
    const impatient = await cli(cwd, ['plan', '--users', 'u.csv', '--wait-lock', '0s'], {});
    expect(impatient.code).toBe(4);
    expect(clock.now() - began).toBe(90_000);
    const waiting = cli(cwd, [...SYNC, '--json'], {
      env: envOf(okta),
      onOut: (line) => void (line.includes('state:busy') && held.close()),
    });
    expect((await waiting).code).toBe(0);
    expect(jsonLines((await waiting).out)[0]).toMatchObject({ type: 'state:busy', pid: process.pid });
  });

  it("leaves another's session alone, unless it is told to cancel or to use it", async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(3) });
    const open = async () => {
      const { createClient } = await import('../../src/okta/client.js');
      const { identitySourceId, token: secret } = okta;
      const client = createClient({ orgUrl: okta.url, identitySourceId, auth: { token: secret } });
      const { id } = await client.createSession();
      await client.close();
      return id;
    };
    const foreign = await open();
    const ran = await cli(cwd, SYNC, { env });
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('[ERR_ROLLCALL_FOREIGN_SESSION]');
    expect((await cli(cwd, [...SYNC, '--foreign-session', 'cancel'], { env })).code).toBe(0);
    expect(okta.sessions().find(({ id }) => id === foreign)?.status).toBe('CLOSED');
    await files(cwd, { 'u.csv': usersCsv(4) });
    const adopted = await open();
    expect((await cli(cwd, [...SYNC, '--foreign-session', 'adopt'], { env })).code).toBe(0);
    expect(okta.sessions().find(({ id }) => id === adopted)?.status).toBe('COMPLETED');
  });

  it('keeps to the connection it is told to use', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(3), source: '' });
    const { OKTA_CLIENT_TOKEN, OKTA_IDENTITY_SOURCE_ID } = envOf(okta);
    const flags = [
      '--org-url',
      okta.url,
      '--identity-source',
      OKTA_IDENTITY_SOURCE_ID ?? '',
      '--state',
      'mine',
    ];
    const limits = ['--concurrency', '1', '--rate-limit-share', '0.9'];
    const env = { OKTA_CLIENT_TOKEN: OKTA_CLIENT_TOKEN ?? '' };
    expect((await cli(cwd, [...SYNC, ...flags, ...limits], { env })).code).toBe(0);
    expect(existsSync(join(cwd, 'mine/state.mdb'))).toBe(true);
    expect(existsSync(join(cwd, 'rollcall-state'))).toBe(false);
    // A state belongs to one org and source.
    const other = await org();
    const elsewhere = await cli(cwd, [...SYNC, '--state', 'mine'], { env: envOf(other) });
    expect(elsewhere.code).toBe(1);
    expect(elsewhere.err).toContain('[ERR_ROLLCALL_STATE_TARGET]');
    expect(other.requests).toEqual([]);
  });

  it('refuses an org address that cannot be meant, without repeating what may be a password', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': usersCsv(3) });
    const env = { OKTA_CLIENT_TOKEN: 't', OKTA_IDENTITY_SOURCE_ID: 's' };
    const ran = await cli(cwd, [...SYNC, '--org-url', 'https://canary:pw@example.okta.com'], { env });
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('orgUrl: must not contain a user name or password');
    expect(ran.err).not.toContain('canary');
  });
});

describe('a state', () => {
  it('that is new is said first, until something was sent', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(3) });
    const notice = 'new state: people who left before today cannot be found';
    const plan = ['plan', '--users', 'u.csv'];
    expect((await cli(cwd, plan)).out.split('\n')[0]).toBe(`${notice}.`);
    // The plan created it, which does not make it an old one. Nor does a run that the guard stops.
    expect((await cli(cwd, [...SYNC, '--approve', '0'.repeat(64)], { env })).code).toBe(3);
    expect(jsonLines((await cli(cwd, [...plan, '--json'])).out)[0]).toMatchObject({ newState: true });
    expect((await cli(cwd, SYNC, { env })).err.split('\n')[0]?.slice(25)).toBe(notice);
    await files(cwd, { 'u.csv': usersCsv(0) });
    const empty = await cli(cwd, [...SYNC, '--allow-empty'], { env });
    expect([empty.code, empty.err]).toEqual([0, expect.not.stringContaining(notice)]);
    // Nobody is in it any more, and everybody who left was found.
    expect((await cli(cwd, [...SYNC, '--allow-empty'], { env })).err).not.toContain(notice);
    expect((await cli(cwd, plan)).out).not.toContain(notice);
  });

  it('that is required and missing fails with 1, and is not created', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(3), 'rollcall.config.json': '{ "requireState": true }' });
    for (const argv of [SYNC, ['plan', '--users', 'u.csv']]) {
      const ran = await cli(cwd, argv, { env: envOf(okta) });
      expect(ran.code).toBe(1);
      expect(ran.err).toMatch(
        /there is no state in .*: restore a copy of it, or .* --no-require-state, .* \[ERR_ROLLCALL_STATE_MISSING\]/,
      );
    }
    expect(existsSync(join(cwd, 'rollcall-state'))).toBe(false);
    expect(okta.requests).toEqual([]);
    expect((await cli(cwd, [...SYNC, '--no-require-state'], { env: envOf(okta) })).code).toBe(0);
    expect((await cli(cwd, SYNC, { env: envOf(okta) })).code).toBe(0);
  });
});

describe('--resend', () => {
  it('sends the rows of a state again that Okta has lost, also those that are recognised by their bytes', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(30) });
    await cli(cwd, SYNC, { env });
    const planned = await cli(cwd, ['plan', '--users', 'u.csv', '--resend', 'u1', 'u2'], {});
    expect(planned.out).toContain(
      'Of the creations, sent again because it is not known whether Okta has them: 2 users.',
    );
    const all = await cli(cwd, [...SYNC, '--resend', 'all', '--max-creates', '0'], { env });
    expect(all.out).toContain('Okta confirmed 30 users in');
    expect((await cli(cwd, SYNC, { env })).out).toContain('nothing was sent.');
    const wrong = await cli(cwd, [...SYNC, '--resend', 'u30'], { env });
    expect([wrong.code, wrong.err]).toEqual([
      2,
      expect.stringContaining('no user or group with the id "u30"'),
    ]);
  });
});

describe('signals', () => {
  it('the first ends a sync in order: the open session is cancelled, and what was done is told', async () => {
    const [cwd, okta, signals] = [await directory(), await org({ latencyMs: 1 }), new Signals()];
    await files(cwd, { 'u.csv': usersCsv(2000) });
    const ran = await cli(cwd, SYNC, {
      env: envOf(okta),
      deps: signals,
      onErr: (text) => text.includes('session 1 created') && signals.send('SIGTERM'),
    });
    expect(ran.code).toBe(4);
    expect(ran.err).toContain('SIGTERM: stopping in an orderly way; a second signal stops at once');
    expect(ran.err).toMatch(
      /the run was aborted \[ERR_ROLLCALL_ABORTED\]\nSo far .* Not confirmed: [\d,]+ users\./,
    );
    expect(okta.sessions().map(({ status }) => status)).toEqual(['CLOSED']);
    expect(signals.ended).toEqual([]);
    expect(signals.watched).toBe(false);
    expect((await cli(cwd, SYNC, { env: envOf(okta) })).code).toBe(0);
    expect(okta.directory().activeUsers).toBe(2000);
    expect(okta.violations).toEqual([]);
  });

  it('the second ends it at once', async () => {
    const [cwd, okta, signals] = [await directory(), await org(), new Signals()];
    await files(cwd, { 'u.csv': usersCsv(3) });
    await cli(cwd, SYNC, {
      env: envOf(okta),
      deps: signals,
      onErr: (text) => {
        if (!text.includes('session 1 created')) return;
        signals.send('SIGINT');
        signals.send('SIGINT');
      },
    });
    expect(signals.ended).toEqual(['SIGINT']);
  });

  it('a run that hangs is left behind after five seconds', async () => {
    const [cwd, okta, signals] = [await directory(), await org(), new Signals()];
    await files(cwd, { 'u.csv': usersCsv(3) });
    const waits: number[] = [];
    const late: Clock = {
      now: () => clock.now(),
      sleep: async (ms, signal) => {
        waits.push(ms);
        if (ms !== SETTLE_MS) await clock.sleep(ms, signal);
      },
    };
    // A transport that does not end what it was told to end.
    const transport = () => {
      signals.send('SIGINT');
      return new Promise<never>(() => undefined);
    };
    const ran = await cli(cwd, [...SYNC, '--json'], {
      env: envOf(okta),
      deps: { ...signals, clock: late, transport },
    });
    expect(ran.code).toBe(4);
    expect(ran.err).toContain(
      'the run did not stop within five seconds; the next run settles what is in flight',
    );
    expect(waits).toContain(SETTLE_MS);
  });

  it('end the reading of standard input that has nothing more to say', async () => {
    const [cwd, okta, signals] = [await directory(), await org(), new Signals()];
    let asked = false;
    const stdin = new Readable({
      read() {
        if (asked) return;
        asked = true;
        this.push(usersCsv(3));
        setImmediate(() => signals.send('SIGINT'));
      },
    });
    const argv = ['sync', '--users', '-', '--format', 'csv'];
    const ran = await cli(cwd, argv, { env: envOf(okta), stdin, deps: signals });
    expect(ran.code).toBe(4);
    expect(ran.err).toContain('[ERR_ROLLCALL_ABORTED]');
    expect(okta.sessions()).toEqual([]);
  });
});
