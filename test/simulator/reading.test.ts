import { describe, expect, it } from 'vitest';
import { Caller, errorCode, groups, users } from './caller.js';

const app = (caller: Caller) => `/api/v1/apps/${caller.org.identitySourceId}`;

/** Sends a GET to a path of the org, outside the identity source. */
function read(caller: Caller, path: string) {
  const headers = { authorization: `SSWS ${caller.org.token}`, host: 'org.example' };
  const reply = caller.org.handle({ method: 'GET', path, headers });
  return reply.kind === 'answer' ? reply : expect.unreachable(reply.kind);
}

const ids = (body: string) => (JSON.parse(body) as { externalId: string }[]).map((one) => one.externalId);

describe('reading an identity source', () => {
  it('new people may wait for confirmation, also after an update; the rest are active', () => {
    const caller = new Caller({ unconfirmed: (id) => id === 'u2' });
    caller.run(['bulk-upsert', users('u1', 'u2')]);
    caller.run(['bulk-upsert', users('u2')]);
    expect(caller.org.directory().users.get('u2')?.status).toBe('UNCONFIRMED');
    expect(caller.org.directory().activeUsers).toBe(1);
    expect(ids(read(caller, `${app(caller)}/users`).body)).toEqual(['u1']);
    expect(ids(read(caller, `${app(caller)}/unconfirmed-users`).body)).toEqual(['u2']);
    caller.run(['bulk-delete', { entityType: 'USERS', profiles: [{ externalId: 'u2' }] }]);
    expect(caller.org.directory().users.get('u2')?.status).toBe('DEACTIVATED');
  });

  it('times are whole seconds, and a user who is read has attributes that were never sent, as in recordings', () => {
    const caller = new Caller();
    caller.clock.advance(1234);
    const session = caller.create();
    expect(session).toMatchObject({ created: '2026-03-01T08:00:01.000Z' });
    caller.upsertUsers(session.id, 'u1');
    caller.trigger(session.id);
    caller.clock.advance(60_000);
    caller.get(session.id);
    const user = JSON.parse(read(caller, `${caller.base}/users/u1`).body) as Record<string, unknown>;
    expect(user['created']).toMatch(/:\d\d\.000Z$/);
    expect(user['profile']).toMatchObject({ lastName: null, mobilePhone: null });
    expect(caller.org.directory().users.get('u1')?.profile).not.toHaveProperty('mobilePhone');
  });

  it('a page links to the next one, and to itself', () => {
    const caller = new Caller();
    caller.run(['bulk-upsert', users('u1', 'u2', 'u3')]);
    const first = read(caller, `${app(caller)}/users?limit=2`);
    const links = [...(first.headers['link'] ?? '').matchAll(/<([^>]+)>; rel="(\w+)"/g)];
    expect(links.map(([, , rel]) => rel)).toEqual(['self', 'next']);
    const next = new URL(links[1]![1]!);
    expect(next.host).toBe('org.example');
    const last = read(caller, next.pathname + next.search);
    expect(ids(last.body)).toEqual(['u3']);
    expect(last.headers['link']).not.toContain('next');
    expect(read(caller, `${app(caller)}/users?limit=501`).status).toBe(400);
  });

  it('the Groups API does not show external ids', () => {
    const caller = new Caller();
    caller.run(['bulk-groups-upsert', groups('g1')]);
    const search = encodeURIComponent(`source.id eq "${caller.org.identitySourceId}"`);
    const [group] = JSON.parse(read(caller, `/api/v1/groups?search=${search}`).body) as object[];
    expect(group).toMatchObject({ profile: { name: 'g1' }, source: { id: caller.org.identitySourceId } });
    expect(group).not.toHaveProperty('externalId');
    expect(read(caller, '/api/v1/groups').status).toBe(404);
  });

  it('drift is made by hand', () => {
    const { org } = new Caller();
    org.edit((edit) => {
      edit.setUser('u1', { userName: 'one' });
      edit.setUser('u2', { userName: 'two' }, 'UNCONFIRMED');
      edit.setUser('u2', { userName: 'deux' });
      edit.setGroup('g1', { displayName: 'One' });
      edit.setGroup('g2', { displayName: 'Two' });
      edit.addMember('g1', 'u1');
      edit.addMember('g1', 'u2');
      edit.removeMember('g1', 'u2');
      edit.removeGroup('g2');
    });
    const { users: people, groups: all, members } = org.directory();
    expect(people.get('u2')).toMatchObject({ status: 'UNCONFIRMED', profile: { userName: 'deux' } });
    expect([...all.keys()]).toEqual(['g1']);
    expect([...members.get('g1')!]).toEqual(['u1']);
    expect(() => org.edit((edit) => edit.addMember('g1', 'nobody'))).toThrow('no such group or user');
    expect(() => org.edit((edit) => edit.setStatus('nobody', 'ACTIVE'))).toThrow('no such user');
    org.edit((edit) => edit.removeUser('u1'));
    expect(org.directory().memberships.size).toBe(0);
  });

  it('a scope that is missing is a 403, and an Apps API that is not offered a 404', () => {
    const denied = new Caller({ missingScopes: ['okta.apps.read', 'okta.identitySources.manage'] });
    const refused = read(denied, `${app(denied)}/users`);
    expect([refused.status, errorCode(refused)]).toEqual([403, 'E0000006']);
    expect(denied.send('POST', '/sessions').status).toBe(403);
    expect(denied.send('GET', '/sessions').status).toBe(200);
    const without = new Caller({ appsApi: false });
    expect(errorCode(read(without, `${app(without)}/users`))).toBe('E0000007');
  });

  it('a call on one user that would create it twice, or names nobody, is refused', () => {
    const caller = new Caller();
    const one = { externalId: 'u1', profile: { userName: 'u1@example.com', email: 'u1@example.com' } };
    expect(caller.send('POST', '/users', one).status).toBe(200);
    expect(caller.send('POST', '/users', one).status).toBe(400);
    for (const method of ['PUT', 'PATCH', 'DELETE'])
      expect(caller.send(method, '/users/nobody', one).status).toBe(404);
    expect(caller.send('POST', '/groups/g1/membership', { memberExternalId: 'u1' }).status).toBe(404);
    expect(caller.send('POST', '/groups', groups('g1')).status).toBe(400);
    caller.org.edit((edit) => edit.setGroup('g1', { displayName: 'One' }));
    expect(caller.send('POST', '/groups/g1/membership', { memberExternalId: 'nobody' }).status).toBe(400);
    expect(caller.send('POST', '/groups', { externalId: 'g1', profile: { displayName: 'x' } }).status).toBe(
      400,
    );
  });

  it('the profile of a Preview org has 15 requests a minute to /sessions, and a wait of 60 seconds', () => {
    const caller = new Caller({ profile: 'preview', importMs: 600_000 });
    const { headers } = caller.send('GET', '/sessions');
    expect([headers['x-rate-limit-limit'], headers['x-rate-limit-remaining']]).toEqual(['15', '14']);
    const { id } = caller.create();
    caller.upsertUsers(id, 'u1');
    caller.trigger(id);
    caller.clock.advance(59_000);
    expect(caller.send('POST', '/sessions').status).toBe(400);
    caller.clock.advance(1_000);
    expect(caller.send('POST', '/sessions').status).toBe(200);
    expect(new Caller({ profile: 'preview', cooldownMs: 0 }).send('GET', '/users/x').headers).toMatchObject({
      'x-rate-limit-limit': '600',
    });
  });
});
