import { readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { openWebhook } from '../../../src/cli/notify/webhook.js';
import { runMessage, type RunMessage } from '../../../src/cli/notify/run-message.js';
import { GuardError } from '../../../src/core/errors.js';
import { cli, directory, envOf, files, org, QUICK, usersCsv } from '../support.js';

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes, yes').toString('base64')}`;

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A receiver on this machine that answers with these statuses, and then with 200. */
async function receiver(...statuses: readonly number[]) {
  const received: Received[] = [];
  const answers = [...statuses];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => (body += String(data)));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(answers.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/very-secret` };
}

/** The message, if its signature is that of the secret. */
function verified({ headers, body }: Received): RunMessage {
  // The clock of the tests is not that of the library, which refuses messages of another time.
  const at = new Date(Number(headers['webhook-timestamp']) * 1000);
  const id = String(headers['webhook-id']);
  expect(new Webhook(SECRET).sign(id, at, body)).toBe(headers['webhook-signature']);
  return JSON.parse(body) as RunMessage;
}

const message: RunMessage = {
  type: 'rollcall.run.failed',
  timestamp: '2026-01-01T00:00:00.000Z',
  data: { startedAt: '2026-01-01T00:00:00.000Z', exitCode: 1 },
};
const env = { ROLLCALL_NOTIFY_SECRET: SECRET };

it('a message about missing files names the lookup that they are of', () => {
  const trip = { entity: 'users', rule: 'missingFiles', actual: 1, limit: 0, population: 2 } as const;
  const guard = new GuardError([{ ...trip, lookup: 'sites' }, trip], '0'.repeat(64));
  const times = { startedAt: new Date(0), endedAt: new Date(0) };
  const { data } = runMessage(times, {}, 3, { guard }) as RunMessage;
  const sent = { entity: 'users', rule: 'missingFiles', actual: 1, limit: 0 };
  expect(data.trips).toEqual([{ ...sent, lookup: 'sites' }, sent]);
});

describe('a webhook', () => {
  it('signs its messages as Standard Webhooks prescribe', async () => {
    const { received, url } = await receiver();
    await (await openWebhook(url, env)).send(message);
    expect(received.map(verified)).toEqual([message]);
  });

  it('sends a message again, with the same id, after failures that may pass', async () => {
    const { received, url } = await receiver(503, 429);
    await (await openWebhook(url, env, 1)).send(message);
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    for (const each of received) expect(verified(each)).toEqual(message);
  });

  it('gives up after five attempts, and at once where it is refused', async () => {
    const busy = await receiver(503, 503, 503, 503, 503, 503);
    await expect((await openWebhook(busy.url, env, 1)).send(message)).rejects.toThrow('it answered 503');
    expect(busy.received).toHaveLength(5);
    const closed = await receiver(410);
    await expect((await openWebhook(closed.url, env, 1)).send(message)).rejects.toThrow('it answered 410');
    expect(closed.received).toHaveLength(1);
  });

  it.each([
    ['http://example.com/x', env, 'begins with https://'],
    ['no address', env, 'begins with https://'],
    ['https://example.com/very-secret', {}, 'ROLLCALL_NOTIFY_SECRET: not set'],
    ['https://example.com/very-secret', { ROLLCALL_NOTIFY_SECRET: 'short' }, 'at least 24 random bytes'],
  ])('of %s is refused before the run', async (url, environment, reason) => {
    const refused = openWebhook(url, environment);
    await expect(refused).rejects.toThrow(reason);
    await expect(refused).rejects.not.toThrow(/very-secret|short/);
  });
});

describe('sync --notify', () => {
  async function world(...statuses: readonly number[]) {
    const cwd = await directory();
    const { received, url } = await receiver(...statuses);
    const target = await org();
    const sync = (flags: readonly string[] = [], more: Readonly<Record<string, string>> = {}) =>
      cli(cwd, ['sync', '--users', 'users.csv', '--notify', url, ...QUICK, ...flags], {
        env: { ...envOf(target), ...env, ...more },
      });
    return { cwd, received, sync, target };
  }

  it('sends nothing about a run that left nothing undone', async () => {
    const { cwd, received, sync } = await world();
    await files(cwd, { 'users.csv': usersCsv(3) });
    expect((await sync()).code).toBe(0);
    expect(received).toEqual([]);
  });

  it('tells of a guard stop by rule and hash', async () => {
    const { cwd, received, sync, target } = await world();
    await files(cwd, { 'users.csv': usersCsv(20) });
    await sync();
    await files(cwd, { 'users.csv': usersCsv(4) });
    const { code, out, err } = await sync(['--report', 'report']);
    expect(code).toBe(3);
    // What is shown of the command, and stored in the report, has no path of an address.
    expect(out + err).not.toContain('very-secret');
    const report = await readFile(join(cwd, 'report/report.html'), 'utf8');
    expect(report).toContain('rollcall sync');
    expect(report).not.toContain('very-secret');
    expect(received.map(verified)).toMatchObject([
      {
        type: 'rollcall.run.stopped',
        data: {
          exitCode: 3,
          code: 'ERR_ROLLCALL_GUARD',
          orgUrl: target.url,
          identitySourceId: target.identitySourceId,
          trips: [{ entity: 'users', rule: 'deletePercent', actual: 80, limit: 20 }],
          planHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        },
      },
    ]);
  });

  it('tells of rejected records by their number, and of no person', async () => {
    const { cwd, received, sync } = await world();
    await files(cwd, { 'users.csv': usersCsv(3).replaceAll('u1@example.com', 'nobody') });
    expect((await sync()).code).toBe(5);
    const [sent] = received;
    expect(verified(sent as Received)).toMatchObject({
      type: 'rollcall.run.partial',
      data: { exitCode: 5, undone: { rejected: 1, refused: 0 } },
    });
    expect(sent?.body).not.toMatch(/nobody|u1|First|Last/);
  });

  it('tells of a failure by its code', async () => {
    const { cwd, received, sync } = await world();
    await files(cwd, { 'users.csv': usersCsv(3) });
    expect((await sync([], { OKTA_CLIENT_TOKEN: 'wrong' })).code).toBe(1);
    expect(received.map(verified)).toMatchObject([
      { type: 'rollcall.run.failed', data: { exitCode: 1, code: 'ERR_ROLLCALL_OKTA_AUTH' } },
    ]);
  });

  it('changes neither the outcome nor the exit code where it is refused, and shows no path of the address', async () => {
    const { cwd, received, sync } = await world(403);
    await files(cwd, { 'users.csv': usersCsv(3).replaceAll('u1@example.com', 'nobody') });
    const { code, err } = await sync();
    expect(code).toBe(5);
    expect(received).toHaveLength(1);
    expect(err).toMatch(
      /rollcall: the message of --notify was not accepted by 127\.0\.0\.1:\d+: it answered 403\n/,
    );
    expect(err).not.toContain('very-secret');
  });

  it('is checked before anything is read or sent', async () => {
    const { cwd, received, sync } = await world();
    const { code, err } = await sync([], { ROLLCALL_NOTIFY_SECRET: '' });
    expect(code).toBe(2);
    expect(err).toContain('ROLLCALL_NOTIFY_SECRET');
    expect(received).toEqual([]);
    expect(cwd).not.toBe('');
  });
});
