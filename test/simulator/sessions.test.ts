import { describe, expect, it } from 'vitest';
import { Caller, deletedUsers, errorCode, groups, members, users } from './caller.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const rules = (caller: Caller) => caller.org.violations.map(({ rule }) => rule);

describe('the states of a session', () => {
  it('goes CREATED, IN_PROGRESS, TRIGGERED, COMPLETED', () => {
    const caller = new Caller({ importMs: 1000 });
    const { id, status } = caller.create();
    expect(status).toBe('CREATED');
    expect(caller.upsertUsers(id, 'u1')).toMatchObject({ status: 202, body: '' });
    expect(caller.get(id).status).toBe('IN_PROGRESS');
    expect(caller.upsertUsers(id, 'u2').status).toBe(202);
    expect(JSON.parse(caller.trigger(id).body)).toMatchObject({
      id,
      status: 'TRIGGERED',
      importType: 'INCREMENTAL',
      identitySourceId: caller.org.identitySourceId,
    });
    caller.clock.advance(999);
    expect(caller.get(id).status).toBe('TRIGGERED');
    expect(caller.org.directory().users.size).toBe(0);
    caller.clock.advance(1);
    expect(caller.get(id).status).toBe('COMPLETED');
    expect([...caller.org.directory().users.keys()]).toEqual(['u1', 'u2']);
    expect(caller.org.violations).toEqual([]);
  });

  it('shows its times in whole seconds, and with lastUpdated: triggered not the end of its import', () => {
    for (const lastUpdated of ['final', 'triggered'] as const) {
      const caller = new Caller({ importMs: 9500, lastUpdated });
      const { id } = caller.create();
      caller.upsertUsers(id, 'u1');
      caller.clock.advance(2700);
      const shown = () => {
        const { body } = caller.send('GET', `/sessions/${id}`);
        return Date.parse((JSON.parse(body) as { lastUpdated: string }).lastUpdated);
      };
      caller.trigger(id);
      const triggered = shown();
      expect(triggered % 1000).toBe(0);
      caller.clock.advance(9500);
      expect(caller.get(id).status).toBe('COMPLETED');
      const passed = shown() - triggered;
      if (lastUpdated === 'triggered') expect(passed).toBe(0);
      else expect([9000, 10_000]).toContain(passed);
    }
  });

  it('a refused bulk request leaves the session CREATED', () => {
    const caller = new Caller();
    const { id } = caller.create();
    expect(
      caller.send('POST', `/sessions/${id}/bulk-upsert`, { entityType: 'USERS', profiles: [] }).status,
    ).toBe(400);
    expect(caller.get(id).status).toBe('CREATED');
  });

  it('an empty session cannot be imported, and trying is a violation', () => {
    const caller = new Caller();
    const { id } = caller.create();
    const answer = caller.trigger(id);
    expect([answer.status, errorCode(answer)]).toEqual([400, 'E0000001']);
    expect(caller.get(id).status).toBe('CREATED');
    expect(rules(caller)).toEqual(['empty-trigger']);
  });

  it('a second trigger is refused, and is no violation', () => {
    const caller = new Caller();
    const { id } = caller.create();
    caller.upsertUsers(id, 'u1');
    caller.trigger(id);
    expect(caller.trigger(id).status).toBe(400);
    expect(caller.org.violations).toEqual([]);
  });

  it('a cancelled session is CLOSED and drops what was loaded', () => {
    const caller = new Caller();
    const { id } = caller.create();
    caller.upsertUsers(id, 'u1');
    expect(caller.send('DELETE', `/sessions/${id}`)).toMatchObject({ status: 204, body: '' });
    expect(caller.get(id).status).toBe('CLOSED');
    expect(caller.trigger(id).status).toBe(400);
    caller.clock.advance(HOUR);
    expect(caller.org.directory().users.size).toBe(0);
  });

  it('a TRIGGERED session can be neither loaded nor cancelled', () => {
    const caller = new Caller();
    const { id } = caller.create();
    caller.upsertUsers(id, 'u1');
    caller.trigger(id);
    expect(caller.upsertUsers(id, 'u2').status).toBe(400);
    expect(caller.send('DELETE', `/sessions/${id}`).status).toBe(400);
    expect(rules(caller)).toEqual(['upload-to-unloadable', 'cancel-of-triggered']);
  });

  it.each(['CREATED', 'IN_PROGRESS'])('24 hours without a request expire a session that is %s', (status) => {
    const caller = new Caller();
    const { id } = caller.create();
    if (status === 'IN_PROGRESS') caller.upsertUsers(id, 'u1');
    caller.clock.advance(24 * HOUR - 1);
    expect(caller.get(id).status).toBe(status);
    caller.clock.advance(24 * HOUR - 1);
    expect(caller.get(id).status).toBe(status);
    caller.clock.advance(24 * HOUR);
    expect(caller.get(id).status).toBe('EXPIRED');
    expect(caller.upsertUsers(id, 'u2').status).toBe(400);
    expect(caller.send('POST', '/sessions').status).toBe(200);
    expect(caller.org.violations).toEqual([]);
  });

  it('an unknown session is 404, or 400 by option', () => {
    expect(errorCode(new Caller().send('GET', '/sessions/nobody'))).toBe('E0000007');
    expect(new Caller({ unknownSessionStatus: 400 }).send('GET', '/sessions/nobody').status).toBe(400);
  });
});

describe('the sessions of a source', () => {
  it('has one loadable session at a time', () => {
    const caller = new Caller();
    const { id } = caller.create();
    expect(errorCode(caller.send('POST', '/sessions'))).toBe('E0000001');
    caller.send('DELETE', `/sessions/${id}`);
    expect(caller.send('POST', '/sessions').status).toBe(200);
  });

  it('two sources of an org do not hold each other up, nor share anything', () => {
    const caller = new Caller({ identitySources: ['one', 'two'] });
    const { id } = caller.create();
    const path = '/api/v1/identity-sources/two/sessions';
    const headers = { authorization: `SSWS ${caller.org.token}`, 'content-length': '0' };
    expect(caller.org.handle({ method: 'POST', path, headers })).toMatchObject({ status: 200 });
    expect(caller.org.handle({ method: 'GET', path: `${path}/${id}`, headers })).toMatchObject({
      status: 404,
    });
    expect([caller.org.sessions('one').length, caller.org.sessions('two').length]).toEqual([1, 1]);
  });

  it('cannot create a session within five minutes of triggering one that is still active', () => {
    const caller = new Caller({ importMs: HOUR });
    const { id } = caller.create();
    caller.upsertUsers(id, 'u1');
    caller.trigger(id);
    caller.clock.advance(5 * MINUTE - 1);
    expect(errorCode(caller.send('POST', '/sessions'))).toBe('E0000001');
    caller.clock.advance(1);
    expect(caller.get(id).status).toBe('TRIGGERED');
    expect(caller.send('POST', '/sessions').status).toBe(200);
  });

  it.each([
    ['while-active', 200],
    ['always', 400],
  ] as const)('the wait after a session that is already COMPLETED: %s', (cooldownApplies, status) => {
    const caller = new Caller({ cooldownApplies, importMs: 10 });
    const { id } = caller.create();
    caller.upsertUsers(id, 'u1');
    caller.trigger(id);
    caller.clock.advance(10);
    expect(caller.get(id).status).toBe('COMPLETED');
    expect(caller.send('POST', '/sessions').status).toBe(status);
    caller.clock.advance(5 * MINUTE);
    if (status === 400) expect(caller.send('POST', '/sessions').status).toBe(200);
  });

  it('triggered sessions are imported one after another', () => {
    const caller = new Caller({ importMs: HOUR, cooldownMs: 0 });
    const ids = ['u1', 'u2'].map((user) => {
      const { id } = caller.create();
      caller.upsertUsers(id, user);
      caller.trigger(id);
      return id;
    });
    const states = () => ids.map((id) => caller.get(id).status);
    caller.clock.advance(HOUR);
    expect(states()).toEqual(['COMPLETED', 'TRIGGERED']);
    caller.clock.advance(HOUR);
    expect(states()).toEqual(['COMPLETED', 'COMPLETED']);
    const [first, second] = caller.org.sessions();
    expect((second?.lastUpdated ?? 0) - (first?.lastUpdated ?? 0)).toBe(HOUR);
  });

  it.each([true, false])(
    'the list shows active sessions, IN_PROGRESS ones by option (%s)',
    (listInProgress) => {
      const caller = new Caller({ listInProgress, cooldownMs: 0, importMs: MINUTE });
      const list = () =>
        (JSON.parse(caller.send('GET', '/sessions').body) as { status: string }[]).map(
          ({ status }) => status,
        );
      expect(list()).toEqual([]);
      const { id } = caller.create();
      expect(list()).toEqual(['CREATED']);
      caller.upsertUsers(id, 'u1');
      expect(list()).toEqual(listInProgress ? ['IN_PROGRESS'] : []);
      caller.trigger(id);
      expect(list()).toEqual(['TRIGGERED']);
      caller.clock.advance(MINUTE);
      expect(list()).toEqual([]);
    },
  );

  it('answers to create and start-import take the documented shapes', () => {
    const caller = new Caller({ createStatus: 201, startImportAnswer: 'array' });
    const answer = caller.send('POST', '/sessions');
    expect(answer.status).toBe(201);
    const { id } = JSON.parse(answer.body) as { id: string };
    caller.upsertUsers(id, 'u1');
    expect(JSON.parse(caller.trigger(id).body)).toMatchObject([{ id, status: 'TRIGGERED' }]);
  });
});

describe('what a session does to the directory', () => {
  it('all six kinds of bulk request', () => {
    const caller = new Caller({ cooldownMs: 0 });
    caller.run(['bulk-upsert', users('u1', 'u2')], ['bulk-groups-upsert', groups('g1', 'g2')]);
    caller.run(['bulk-group-memberships-upsert', members('g1', 'u1', 'u2')]);
    expect(caller.org.directory().memberships.size).toBe(2);
    caller.run(
      ['bulk-group-memberships-delete', members('g1', 'u2')],
      ['bulk-groups-delete', { externalIds: ['g2'] }],
      ['bulk-delete', deletedUsers('u2')],
    );
    const {
      users: held,
      groups: heldGroups,
      memberships,
      members: byGroup,
      activeUsers,
    } = caller.org.directory();
    expect([...held].map(([id, { status }]) => [id, status])).toEqual([
      ['u1', 'ACTIVE'],
      ['u2', 'DEACTIVATED'],
    ]);
    expect([...heldGroups.keys()]).toEqual(['g1']);
    expect([...memberships.values()]).toEqual([{ groupExternalId: 'g1', memberExternalId: 'u1' }]);
    expect([...(byGroup.get('g1') ?? [])]).toEqual(['u1']);
    expect(activeUsers).toBe(1);
    expect(caller.org.violations).toEqual([]);
  });

  it('an upsert replaces the profile, and activates again', () => {
    const caller = new Caller({ cooldownMs: 0 });
    caller.run(['bulk-upsert', users('u1')]);
    caller.run(['bulk-delete', deletedUsers('u1')]);
    const profile = { email: 'a@example.com', lastName: null };
    caller.run(['bulk-upsert', { entityType: 'USERS', profiles: [{ externalId: 'u1', profile }] }]);
    expect(caller.org.directory().users.get('u1')).toMatchObject({ profile, status: 'ACTIVE' });
  });

  it('a session whose deletes matched nothing stays CREATED, cannot be imported, and can be cancelled', () => {
    const caller = new Caller();
    const { id } = caller.create();
    expect(caller.send('POST', `/sessions/${id}/bulk-delete`, deletedUsers('nobody')).status).toBe(202);
    expect(caller.send('POST', `/sessions/${id}/bulk-groups-delete`, { externalIds: ['no'] }).status).toBe(
      202,
    );
    expect(caller.get(id).status).toBe('CREATED');
    expect(caller.trigger(id).status).toBe(400);
    expect(caller.send('DELETE', `/sessions/${id}`).status).toBe(204);
    expect(caller.org.violations).toEqual([]);
  });

  it('a bulk delete is matched when it is called, not when it is imported', () => {
    const caller = new Caller({ cooldownMs: 0, importMs: HOUR });
    const first = caller.create();
    caller.upsertUsers(first.id, 'u1');
    caller.trigger(first.id);
    const second = caller.create();
    caller.send('POST', `/sessions/${second.id}/bulk-delete`, deletedUsers('u1'));
    expect(caller.get(second.id).status).toBe('CREATED');
    caller.clock.advance(2 * HOUR);
    expect(caller.org.directory().users.get('u1')?.status).toBe('ACTIVE');
  });

  it('a membership whose user or group does not exist is lost, and a violation', () => {
    const caller = new Caller({ cooldownMs: 0 });
    caller.run(
      ['bulk-groups-upsert', groups('g1')],
      ['bulk-group-memberships-upsert', members('g1', 'nobody')],
    );
    caller.run(['bulk-upsert', users('u1')], ['bulk-group-memberships-upsert', members('none', 'u1')]);
    expect(caller.org.directory().memberships.size).toBe(0);
    expect(rules(caller)).toEqual(['membership-before-entity', 'membership-before-entity']);
  });

  it('shuffled, a mixed session loses memberships that a later one does not', () => {
    const names = Array.from({ length: 30 }, (_, at) => `u${at}`);
    const held = (mixed: boolean) => {
      const caller = new Caller({ cooldownMs: 0, shuffle: true });
      const first: [string, unknown][] = [
        ['bulk-upsert', users(...names)],
        ['bulk-groups-upsert', groups('g1')],
      ];
      const second: [string, unknown] = ['bulk-group-memberships-upsert', members('g1', ...names)];
      if (mixed) caller.run(...first, second);
      else {
        caller.run(...first);
        caller.run(second);
      }
      return caller.org.directory().memberships.size;
    };
    expect(held(false)).toBe(30);
    expect(held(true)).toBeLessThan(30);
  });

  it('anything listed twice in a session is a violation, also across kinds; deletes that matched nothing too', () => {
    const caller = new Caller();
    const { id } = caller.create();
    const load = (path: string, body: unknown) => caller.send('POST', `/sessions/${id}/${path}`, body);
    load('bulk-upsert', users('same'));
    load('bulk-groups-upsert', groups('same'));
    load('bulk-group-memberships-upsert', members('same', 'same'));
    expect(caller.org.violations).toEqual([]);
    load('bulk-delete', deletedUsers('same'));
    load('bulk-groups-delete', { externalIds: ['same'] });
    load('bulk-group-memberships-delete', members('same', 'same'));
    load('bulk-upsert', users('twice', 'twice'));
    expect(rules(caller)).toEqual(Array(4).fill('listed-twice'));
    expect(caller.org.violations.every(({ sessionId }) => sessionId === id)).toBe(true);
  });

  it('an empty profile creates an empty user, and is a violation', () => {
    const caller = new Caller();
    caller.run(['bulk-upsert', { entityType: 'USERS', profiles: [{ externalId: 'u1', profile: {} }] }]);
    expect(caller.org.directory().users.get('u1')?.profile).toEqual({});
    expect(rules(caller)).toEqual(['empty-profile']);
  });

  it('a view does not change when the org does', () => {
    const caller = new Caller({ cooldownMs: 0 });
    const before = caller.org.directory();
    caller.run(['bulk-upsert', users('u1')]);
    expect(before.users.size).toBe(0);
  });

  it('a clock that is set back does not hold an import up', () => {
    const caller = new Caller({ importMs: MINUTE });
    const { id } = caller.create();
    caller.upsertUsers(id, 'u1');
    caller.trigger(id);
    caller.clock.advance(-HOUR);
    caller.get(id);
    caller.clock.advance(MINUTE);
    expect(caller.get(id).status).toBe('COMPLETED');
  });
});
