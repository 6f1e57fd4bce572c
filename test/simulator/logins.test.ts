import { describe, expect, it } from 'vitest';
import { SimulatedOrg } from 'rollcall/simulator';
import { Caller, deletedUsers, errorCode, ManualClock } from './caller.js';

/** The body of an upsert of users, by external id and login. */
const upsert = (logins: Readonly<Record<string, string>>) => ({
  entityType: 'USERS',
  profiles: Object.entries(logins).map(([externalId, userName]) => ({ externalId, profile: { userName } })),
});
const load = (caller: Caller, id: string, logins: Readonly<Record<string, string>>) =>
  caller.send('POST', `/sessions/${id}/bulk-upsert`, upsert(logins));
const rules = (caller: Caller) => caller.org.violations.map(({ rule }) => rule);

/** An org in which `a` has the login `Ann`. */
function withAnn(...[options]: ConstructorParameters<typeof Caller>): Caller {
  const caller = new Caller(options);
  expect(caller.run(['bulk-upsert', upsert({ a: 'Ann' })])).toBe('COMPLETED');
  return caller;
}

describe('a login', () => {
  it.each(['Ann', 'ANN'])('of another active user is refused, and is no violation: %s', (login) => {
    const caller = withAnn();
    const { id } = caller.create();
    const answer = load(caller, id, { b: 'Bob', c: login });
    expect([answer.status, errorCode(answer)]).toEqual([400, 'E0000001']);
    expect(answer.body).not.toContain(login);
    expect(caller.get(id).status).toBe('CREATED');
    expect(rules(caller)).toEqual([]);
  });

  it('stays with its user', () => {
    const caller = withAnn();
    expect(caller.run(['bulk-upsert', upsert({ a: 'ANN' })])).toBe('COMPLETED');
    expect(caller.org.directory().users.get('a')?.profile['userName']).toBe('ANN');
  });

  it.each([
    ['was deactivated', 'bulk-delete', deletedUsers('a')],
    ['got another login', 'bulk-upsert', upsert({ a: 'Other' })],
  ])('is free in the session after the one in which its user %s', (_, path, body) => {
    const caller = withAnn();
    const { id } = caller.create();
    expect(caller.send('POST', `/sessions/${id}/${path}`, body).status).toBe(202);
    expect(load(caller, id, { b: 'Ann' }).status).toBe(400);
    caller.trigger(id);
    caller.clock.advance(60_000);
    expect(caller.run(['bulk-upsert', upsert({ b: 'Ann' })])).toBe('COMPLETED');
    expect(caller.org.directory().users.get('b')?.status).toBe('ACTIVE');
  });

  it('is not given back to its deactivated user while another has it', () => {
    const caller = withAnn();
    caller.run(['bulk-delete', deletedUsers('a')]);
    caller.run(['bulk-upsert', upsert({ b: 'Ann' })]);
    expect(load(caller, caller.create().id, { a: 'Ann' }).status).toBe(400);
  });

  it('that is taken until the import is not imported, and is a violation', () => {
    const caller = new Caller();
    expect(caller.run(['bulk-upsert', upsert({ a: 'Ann', b: 'ann' })])).toBe('COMPLETED');
    expect([...caller.org.directory().users.keys()]).toEqual(['a']);
    expect(rules(caller)).toEqual(['login-taken']);
  });

  it('is unique over all identity sources of the org', () => {
    const [one, two] = ['0oa1', '0oa2'];
    const org = new SimulatedOrg({ clock: new ManualClock(), identitySources: [one, two] });
    const create = (source: string) => {
      const body = JSON.stringify({ externalId: 'x', profile: { userName: 'Ann' } });
      const headers = { authorization: `SSWS ${org.token}`, 'content-length': String(body.length) };
      return org.handle({ method: 'POST', path: `/api/v1/identity-sources/${source}/users`, headers, body });
    };
    expect(create(one)).toMatchObject({ status: 200 });
    expect(create(two)).toMatchObject({ status: 400 });
    org.edit((directory) => directory.removeUser('x'), one);
    expect(create(two)).toMatchObject({ status: 200 });
  });

  it('is occupied only by users who are active', () => {
    const caller = new Caller({ unconfirmed: (externalId) => externalId === 'waits' });
    expect(caller.run(['bulk-upsert', upsert({ waits: 'Ann' })])).toBe('COMPLETED');
    expect(caller.run(['bulk-upsert', upsert({ a: 'Ann' })])).toBe('COMPLETED');
    expect(caller.run(['bulk-upsert', upsert({ waits: 'Ann' })])).toBe('COMPLETED');
    expect([...caller.org.directory().users.values()].map(({ status }) => status)).toEqual([
      'UNCONFIRMED',
      'ACTIVE',
    ]);
  });

  it('may have several users with uniqueLogins: false', () => {
    const caller = withAnn({ uniqueLogins: false });
    expect(caller.run(['bulk-upsert', upsert({ b: 'Ann', c: 'Ann' })])).toBe('COMPLETED');
    expect(caller.org.directory().activeUsers).toBe(3);
    expect(rules(caller)).toEqual([]);
  });
});
