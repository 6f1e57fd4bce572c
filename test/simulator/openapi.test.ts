import { expect, it } from 'vitest';
import type { OrgAnswer } from 'rollcall/simulator';
import { openapi } from '../support/openapi.js';
import { Caller, deletedUsers, groups, members, users } from './caller.js';

const api = openapi();

it.skipIf(api === undefined)('every answer is one that Okta’s API description describes', () => {
  const caller = new Caller({ cooldownMs: 0 });
  const statuses: number[] = [];
  const send = (method: string, path: string, body?: unknown): OrgAnswer => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = caller.send(method, path, body);
    statuses.push(answer.status);
    if (answer.status < 300) expect(api?.validateRequest(method, caller.base + path, text)).toEqual([]);
    expect(api?.validateResponse(method, caller.base + path, answer.status, answer.body)).toEqual([]);
    return answer;
  };
  const session = (...loads: [string, unknown][]) => {
    const { id } = JSON.parse(send('POST', '/sessions').body) as { id: string };
    for (const [path, body] of loads) send('POST', `/sessions/${id}/${path}`, body);
    send('GET', '/sessions');
    send('POST', `/sessions/${id}/start-import`);
    caller.clock.advance(1000);
    send('GET', `/sessions/${id}`);
  };
  session(['bulk-upsert', users('u1@example.com')], ['bulk-groups-upsert', groups('g1')]);
  session(['bulk-group-memberships-upsert', members('g1', 'u1@example.com')]);
  for (const path of ['/users/u1@example.com', '/groups/g1', '/groups/g1/membership']) send('GET', path);
  session(
    ['bulk-group-memberships-delete', members('g1', 'u1@example.com')],
    ['bulk-groups-delete', { externalIds: ['g1'] }],
    ['bulk-delete', deletedUsers('u1@example.com')],
  );
  const { id } = JSON.parse(send('POST', '/sessions').body) as { id: string };
  send('DELETE', `/sessions/${id}`);
  expect(Math.max(...statuses)).toBeLessThan(300);
  expect(caller.org.violations).toEqual([]);

  expect(send('GET', '/sessions/nobody').status).toBe(404);
  expect(send('POST', `/sessions/${id}/start-import`).status).toBe(400);
  caller.org.setFault(() => ({ kind: 'rateLimit' }));
  expect(send('GET', '/sessions').status).toBe(429);
  caller.org.setFault(() => ({ kind: 'concurrencyLimit' }));
  expect(send('GET', '/sessions').status).toBe(429);
});

it.skipIf(api === undefined)('the description finds what does not belong', () => {
  const { base } = new Caller();
  const path = `${base}/sessions/s1/bulk-upsert`;
  const problems = (body: unknown) => api?.validateRequest('POST', path, JSON.stringify(body)).length ?? 0;
  expect(problems(users('u1'))).toBe(0);
  expect(problems({ ...(users('u1') as object), more: 1 })).toBeGreaterThan(0);
  expect(problems({ entityType: 'GROUPS', profiles: [] })).toBeGreaterThan(0);
  expect(
    problems({ entityType: 'USERS', profiles: [{ externalId: 'u1', profile: { email: 'a@b' } }] }),
  ).toBeGreaterThan(0);
  expect(api?.validateRequest('POST', `${base}/sessions`, '{}')).toHaveLength(1);
  expect(api?.validateRequest('PUT', `${base}/sessions`, undefined)).toHaveLength(1);
  expect(api?.validateResponse('GET', `${base}/sessions`, 200, '[{"status":"OPEN"}]')).not.toEqual([]);
});
