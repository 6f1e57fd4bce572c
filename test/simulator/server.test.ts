import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startOrg, type FaultKind, type Org, type StartOrgOptions } from 'rollcall/simulator';
import { groups, ManualClock, members, users } from './caller.js';
import { ask } from './http.js';

const open: Org[] = [];

async function start(options: StartOrgOptions = {}) {
  const clock = new ManualClock();
  const org = await startOrg({ seed: 1, clock, cooldownMs: 0, ...options });
  open.push(org);
  return { org, clock };
}

afterEach(async () => {
  for (const org of open.splice(0)) await org.close();
});

async function createId(org: Org): Promise<string> {
  return (JSON.parse((await ask(org, 'POST', '/sessions')).body) as { id: string }).id;
}

async function load(org: Org, clock: ManualClock, ...loads: [string, unknown][]): Promise<void> {
  const id = await createId(org);
  for (const [path, body] of loads) {
    expect((await ask(org, 'POST', `/sessions/${id}/${path}`, body)).status).toBe(202);
  }
  expect((await ask(org, 'POST', `/sessions/${id}/start-import`)).status).toBe(200);
  clock.advance(1000);
}

describe('an org over HTTP', () => {
  it('answers on the loopback interface only, with its own date', async () => {
    const { org } = await start();
    expect(org.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const { status, headers } = await ask(org, 'POST', '/sessions');
    expect(status).toBe(200);
    expect(headers['date']).toBe('Sun, 01 Mar 2026 08:00:00 GMT');
    expect(headers['content-type']).toBe('application/json');
  });

  it('reads back users, groups and pages of memberships', async () => {
    const { org, clock } = await start();
    const names = Array.from({ length: 1500 }, (_, at) => `u${at}`);
    const chunks = Array.from({ length: 8 }, (_, at) => names.slice(at * 200, at * 200 + 200));
    await load(org, clock, ...chunks.map((chunk): [string, unknown] => ['bulk-upsert', users(...chunk)]), [
      'bulk-groups-upsert',
      groups('g/1'),
    ]);
    await load(org, clock, ['bulk-group-memberships-upsert', members('g/1', ...names)]);
    const user = JSON.parse((await ask(org, 'GET', '/users/u7')).body) as Record<string, unknown>;
    expect(user).toMatchObject({ externalId: 'u7', profile: { userName: 'u7' } });
    const group = JSON.parse((await ask(org, 'GET', '/groups/g%2F1')).body) as { id: string };
    expect(group).toMatchObject({ externalId: 'g/1', profile: { displayName: 'g/1' } });

    const read: string[] = [];
    let path: string | undefined = `/groups/${group.id}/membership`;
    while (path !== undefined) {
      const page = await ask(org, 'GET', path);
      read.push(...(JSON.parse(page.body) as { memberExternalIds: string[] }).memberExternalIds);
      const next = /^<([^>]+)>; rel="next"$/.exec(String(page.headers['link'] ?? ''))?.[1];
      expect(next === undefined || next.startsWith(org.url)).toBe(true);
      path = next?.split(org.identitySourceId)[1];
    }
    expect(read).toEqual(names);
    for (const unknown of ['/users/x', '/groups/x', '/groups/x/membership']) {
      expect((await ask(org, 'GET', unknown)).status).toBe(404);
    }
    expect((await ask(org, 'GET', '/groups/g%2F1/membership?limit=1001')).status).toBe(400);
    expect(org.violations).toEqual([]);
  });

  it('answers 411 to a POST without Content-Length', async () => {
    const { org } = await start();
    const url = new URL(org.url);
    const path = `/api/v1/identity-sources/${org.identitySourceId}/sessions`;
    const text = await new Promise<string>((resolve, reject) => {
      let seen = '';
      const socket = connect(Number(url.port), url.hostname);
      socket.on('data', (chunk) => (seen += chunk.toString()));
      socket.on('close', () => resolve(seen));
      socket.on('error', reject);
      const head = [
        `POST ${path} HTTP/1.1`,
        'Host: x',
        `Authorization: SSWS ${org.token}`,
        'Connection: close',
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n`);
    });
    expect(text).toMatch(/^HTTP\/1\.1 411 /);
  });

  it('refuses a body beyond any measure without keeping it', async () => {
    const { org } = await start({ recordBodies: true });
    const id = await createId(org);
    const seen = await ask(org, 'POST', `/sessions/${id}/bulk-upsert`, { filler: 'x'.repeat(5_000_000) });
    expect(seen.status).toBe(400);
    expect(org.requests.at(-1)?.bytes).toBeLessThanOrEqual(4_000_000);
    expect(org.violations).toMatchObject([{ rule: 'too-many-bytes' }]);
  });

  it('logs requests, and their bodies only by option', async () => {
    const quiet = (await start()).org;
    const loud = (await start({ recordBodies: true })).org;
    for (const org of [quiet, loud]) {
      const id = await createId(org);
      await ask(org, 'POST', `/sessions/${id}/bulk-upsert`, users('u1', 'u2'));
    }
    const body = JSON.stringify(users('u1', 'u2'));
    const common = {
      index: 1,
      method: 'POST',
      status: 202,
      items: 2,
      bytes: body.length,
      bucket: 'bulk-upsert',
    };
    expect(quiet.requests[1]).toMatchObject(common);
    expect(quiet.requests[1]).not.toHaveProperty('body');
    expect(loud.requests[1]).toMatchObject({ ...common, body });
  });

  it.each<[FaultKind, number, boolean]>([
    ['refuse', 0, false],
    ['resetBefore', 0, false],
    ['resetAfter', 0, true],
    ['truncated', 200, true],
    ['html', 200, true],
    ['unavailable', 503, false],
    ['slow', 200, true],
  ])('breaks as the fault says: %s', async (kind, status, acted) => {
    const { org } = await start({ fault: (_, index) => (index === 0 ? { kind } : undefined) });
    const seen = await ask(org, 'POST', '/sessions');
    expect(seen.status).toBe(status);
    expect(seen.broke !== undefined).toBe(status === 0 || kind === 'truncated');
    expect(org.sessions()).toHaveLength(acted ? 1 : 0);
    expect((await ask(org, 'GET', '/sessions')).status).toBe(200);
  });

  it('a bulk request whose answer is truncated was acted on', async () => {
    const { org } = await start({
      fault: ({ path }) => (path.endsWith('upsert') ? { kind: 'truncated' } : undefined),
    });
    const id = await createId(org);
    const seen = await ask(org, 'POST', `/sessions/${id}/bulk-upsert`, users('u1'));
    expect(seen.broke).toBeDefined();
    expect(org.sessions()).toMatchObject([{ status: 'IN_PROGRESS', items: 1 }]);
  });
});

describe('closing', () => {
  it('ends what is under way, and can be repeated', async () => {
    const org = await startOrg({ latencyMs: 3_600_000 });
    const pending = ask(org, 'GET', '/sessions');
    while (org.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await org.close();
    await org.close();
    expect((await pending).broke).toBeDefined();
    expect((await ask(org, 'GET', '/sessions')).broke).toBe('ECONNREFUSED');
  });

  it('happens at the end of an await using block', async () => {
    let left: Org | undefined;
    {
      await using org = await startOrg();
      left = org;
      expect((await ask(org, 'GET', '/sessions')).status).toBe(200);
    }
    expect((await ask(left, 'GET', '/sessions')).broke).toBe('ECONNREFUSED');
  });

  it('a port that is taken is an error', async () => {
    const { org } = await start();
    await expect(startOrg({ port: Number(new URL(org.url).port) })).rejects.toThrow('EADDRINUSE');
  });
});
