import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Caller, deletedUsers, errorCode, groups, members, users } from './caller.js';

type Load = (path: string, body?: unknown) => { status: number; code: string; rules: string[] };

/** Loads one body into a fresh session, and tells what the org made of it. */
const load: Load = (path, body) => {
  const caller = new Caller();
  const { id } = caller.create();
  const answer = caller.send('POST', `/sessions/${id}/${path}`, body);
  const code = answer.status === 202 ? '' : errorCode(answer);
  return { status: answer.status, code, rules: caller.org.violations.map(({ rule }) => rule) };
};

const user = (profile: unknown, externalId: unknown = 'u1') => ({
  entityType: 'USERS',
  profiles: [{ externalId, profile }],
});
const group = (profile: unknown, externalId: unknown = 'g1') => ({ profiles: [{ externalId, profile }] });
const membership = (groupExternalId: unknown, memberExternalIds: unknown) => ({
  memberships: [{ groupExternalId, memberExternalIds }],
});
const many = (count: number) => Array.from({ length: count }, (_, at) => `x${at}`);
const of = (length: number) => 'é'.repeat(length);

const ACCEPTED = { status: 202, code: '', rules: [] };
const refused = (rule: string, code = 'E0000001') => ({ status: 400, code, rules: [rule] });

describe('the six bulk requests take', () => {
  it.each([
    ['bulk-upsert', users('u1')],
    ['bulk-delete', deletedUsers('u1')],
    ['bulk-groups-upsert', groups('g1')],
    ['bulk-groups-delete', { externalIds: ['g1'] }],
    ['bulk-group-memberships-upsert', members('g1', 'u1')],
    ['bulk-group-memberships-delete', members('g1', 'u1')],
  ])('%s', (path, body) => expect(load(path, body)).toEqual(ACCEPTED));

  it.each([
    ['bulk-upsert', users(...many(200)), users(...many(201))],
    ['bulk-delete', deletedUsers(...many(200)), deletedUsers(...many(201))],
    ['bulk-groups-upsert', groups(...many(200)), groups(...many(201))],
    ['bulk-groups-delete', { externalIds: many(200) }, { externalIds: many(201) }],
  ])('200 items and no more: %s', (path, full, over) => {
    expect(load(path, full)).toEqual(ACCEPTED);
    expect(load(path, over)).toEqual(refused('too-many-items'));
  });

  it('200 entries of memberships, whatever the ids in one entry', () => {
    const path = 'bulk-group-memberships-upsert';
    const entries = (count: number) => ({
      memberships: many(count).map((name) => ({ groupExternalId: name, memberExternalIds: ['u1'] })),
    });
    expect(load(path, entries(200))).toEqual(ACCEPTED);
    expect(load(path, entries(201))).toEqual(refused('too-many-items'));
    expect(load(path, members('g1', ...many(5000)))).toEqual(ACCEPTED);
  });

  it('200,000 bytes of UTF-8 and no more', () => {
    // 'é' has two bytes: the text is far shorter than its bytes.
    const body = (bytes: number) => {
      const empty = JSON.stringify(user({ custom: '' }));
      const room = bytes - Buffer.byteLength(empty);
      return JSON.stringify(user({ custom: 'é'.repeat(Math.floor(room / 2)) + 'x'.repeat(room % 2) }));
    };
    expect(Buffer.byteLength(body(200_000))).toBe(200_000);
    expect(load('bulk-upsert', body(200_000))).toEqual(ACCEPTED);
    expect(load('bulk-upsert', body(200_001))).toEqual(refused('too-many-bytes'));
  });

  it('50 requests a session and no more, whatever their kind; refused ones do not count', () => {
    const caller = new Caller();
    const { id } = caller.create();
    const send = (path: string, body: unknown) => caller.send('POST', `/sessions/${id}/${path}`, body).status;
    expect(send('bulk-upsert', user({ userName: 1 }))).toBe(400);
    for (let at = 0; at < 25; at++) {
      expect(send('bulk-upsert', users(`u${at}`))).toBe(202);
      expect(send('bulk-groups-delete', { externalIds: [`g${at}`] })).toBe(202);
    }
    expect(send('bulk-upsert', users('last'))).toBe(400);
    expect(caller.org.violations.at(-1)?.rule).toBe('too-many-requests');
    expect(caller.org.sessions()).toMatchObject([{ requests: 50, items: 50 }]);
  });
});

describe('a body is refused with E0000003', () => {
  it.each([
    ['none at all', undefined],
    ['empty', ''],
    ['no JSON', '{"entityType":"USERS",'],
    ['an array', '[]'],
    ['null', 'null'],
    ['without entityType', { profiles: [{ externalId: 'u1', profile: { userName: 'x' } }] }],
    ['of another entityType', { entityType: 'GROUPS', profiles: [{ externalId: 'u1' }] }],
  ])('%s', (_, body) => expect(load('bulk-upsert', body)).toEqual(refused('malformed-body', 'E0000003')));

  it('bytes that are not UTF-8', () => {
    const caller = new Caller();
    const { id } = caller.create();
    const text = Buffer.from(JSON.stringify(users('u?')));
    text[text.indexOf('?')] = 0xff;
    const headers = { authorization: `SSWS ${caller.org.token}`, 'content-length': String(text.length) };
    const path = `${caller.base}/sessions/${id}/bulk-upsert`;
    expect(caller.org.handle({ method: 'POST', path, headers, body: text })).toMatchObject({ status: 400 });
    const sound = Buffer.from(JSON.stringify(users('u1')));
    expect(caller.org.handle({ method: 'POST', path, headers, body: sound })).toMatchObject({ status: 202 });
  });
});

describe('a value is refused with E0000001', () => {
  it.each([
    ['bulk-upsert', { entityType: 'USERS' }],
    ['bulk-upsert', { entityType: 'USERS', profiles: [] }],
    ['bulk-upsert', { entityType: 'USERS', profiles: {} }],
    ['bulk-upsert', { entityType: 'USERS', profiles: ['u1'] }],
    ['bulk-upsert', { entityType: 'USERS', profiles: [{ externalId: 'u1' }] }],
    ['bulk-upsert', user(null)],
    ['bulk-upsert', user({ userName: 'x' }, '')],
    ['bulk-upsert', user({ userName: 'x' }, 7)],
    ['bulk-upsert', user({ userName: 'x' }, null)],
    ['bulk-upsert', user({ userName: 'x' }, of(513))],
    ['bulk-delete', deletedUsers(of(513))],
    ['bulk-groups-upsert', group({ displayName: 'x' }, of(256))],
    ['bulk-groups-upsert', { profiles: [] }],
    ['bulk-groups-delete', { externalIds: [] }],
    ['bulk-groups-delete', { externalIds: [of(256)] }],
    ['bulk-groups-delete', { profiles: [{ externalId: 'g1' }] }],
    ['bulk-group-memberships-upsert', { memberships: [] }],
    ['bulk-group-memberships-upsert', { memberships: [{ externalId: 'g1', memberExternalIds: ['u1'] }] }],
    ['bulk-group-memberships-upsert', membership('g1', [])],
    ['bulk-group-memberships-upsert', membership('g1', 'u1')],
    ['bulk-group-memberships-upsert', membership('g1', [of(256)])],
    ['bulk-group-memberships-delete', membership(of(256), ['u1'])],
    ['bulk-group-memberships-delete', membership('g1', [null])],
  ])('%s %#', (path, body) => expect(load(path, body)).toEqual(refused('invalid-value')));

  it.each([7, true, ['x'], { a: 'x' }])('a profile value that is not a string: %j', (value) => {
    expect(load('bulk-upsert', user({ custom: value }))).toEqual(refused('invalid-value'));
    expect(load('bulk-groups-upsert', group({ displayName: value }))).toEqual(refused('invalid-value'));
  });

  it.each([
    ['userName', 0, 100, false],
    ['email', 5, 100, false],
    ['secondEmail', 5, 100, false],
    ['firstName', 1, 50, true],
    ['lastName', 1, 50, true],
    ['mobilePhone', 0, 100, true],
    ['homeAddress', 0, 4096, true],
  ])('%s: %i to %i characters, null %s', (name, min, max, nullable) => {
    const status = (value: unknown) => load('bulk-upsert', user({ [name]: value })).status;
    expect([status(of(min)), status(of(max)), status(of(max + 1))]).toEqual([202, 202, 400]);
    if (min > 0) expect(status(of(min - 1))).toBe(400);
    expect(status(null)).toBe(nullable ? 202 : 400);
  });

  it.each([
    ['displayName', 1, 255, false],
    ['description', 0, 1024, true],
  ])('of a group, %s: %i to %i characters, null %s', (name, min, max, nullable) => {
    const status = (value: unknown) => load('bulk-groups-upsert', group({ [name]: value })).status;
    expect([status(of(min)), status(of(max)), status(of(max + 1))]).toEqual([202, 202, 400]);
    if (min > 0) expect(status(of(min - 1))).toBe(400);
    expect(status(null)).toBe(nullable ? 202 : 400);
  });

  it.each(['😀', 'a\u{10348}b', '\ud83d', '\udc00'])(
    'supplementary characters and lone surrogates: %j',
    (text) => {
      const rule = refused('unsupported-characters');
      expect(load('bulk-upsert', user({ custom: text }))).toEqual(rule);
      expect(load('bulk-upsert', user({ userName: 'x' }, text))).toEqual(rule);
      expect(load('bulk-groups-delete', { externalIds: [text] })).toEqual(rule);
      expect(load('bulk-group-memberships-upsert', membership('g1', [text]))).toEqual(rule);
    },
  );

  it('every other attribute is a string of any length, or null', () => {
    expect(load('bulk-upsert', user({ costCenter: of(9000), nickName: null, title: '' }))).toEqual(ACCEPTED);
  });

  it('an attribute named __proto__ is one like any other', () => {
    const caller = new Caller();
    const profile = '{"userName":"x","__proto__":"y"}';
    const body = `{"entityType":"USERS","profiles":[{"externalId":"u1","profile":${profile}}]}`;
    caller.run(['bulk-upsert', body]);
    expect(JSON.stringify(caller.org.directory().users.get('u1')?.profile)).toBe(profile);
  });

  it('one bad item refuses the whole request', () => {
    const caller = new Caller();
    const { id } = caller.create();
    const body = { entityType: 'USERS', profiles: [{ externalId: 'u1', profile: { userName: 'x' } }, {}] };
    expect(caller.send('POST', `/sessions/${id}/bulk-upsert`, body).status).toBe(400);
    expect(caller.org.sessions()).toMatchObject([{ requests: 0, items: 0, status: 'CREATED' }]);
  });

  it('items refused by program, which is no violation', () => {
    const caller = new Caller({ refuseItem: ({ externalId }) => externalId === 'u2' });
    const { id } = caller.create();
    expect(caller.upsertUsers(id, 'u1').status).toBe(202);
    expect(errorCode(caller.upsertUsers(id, 'u2'))).toBe('E0000001');
    expect(caller.org.violations).toEqual([]);
  });

  it('a poisonous item fails its request, or its session', () => {
    const caller = new Caller({
      poison: ({ externalId }) => (externalId === 'u2' ? 'load' : externalId === 'u3' ? 'import' : undefined),
      importMs: 0,
    });
    const { id } = caller.create();
    expect(caller.upsertUsers(id, 'u1', 'u2').status).toBe(500);
    expect(caller.upsertUsers(id, 'u1', 'u3').status).toBe(202);
    caller.trigger(id);
    expect(caller.get(id).status).toBe('ERROR');
    const { id: next } = caller.create();
    caller.upsertUsers(next, 'u1');
    caller.trigger(next);
    expect(caller.get(next).status).toBe('COMPLETED');
    expect(caller.org.violations).toEqual([]);
  });

  it('an item that is dropped is not there, although its session is COMPLETED', () => {
    const caller = new Caller({ dropItem: ({ externalId }) => externalId === 'u2', importMs: 0 });
    const { id } = caller.create();
    caller.upsertUsers(id, 'u1', 'u2', 'u3');
    caller.trigger(id);
    expect(caller.get(id).status).toBe('COMPLETED');
    expect([...caller.org.directory().users.keys()]).toEqual(['u1', 'u3']);
  });
});

it('what was accepted is held unchanged, and no violation or error tells a profile value', () => {
  const text = fc.string({ unit: 'binary', maxLength: 120 });
  const profiles = fc.dictionary(
    fc.constantFrom('userName', 'email', 'firstName', 'mobilePhone', 'costCenter', 'title'),
    fc.oneof(
      text.map((value) => `secret:${value}`),
      fc.constant(null),
      fc.integer(),
    ),
  );
  fc.assert(
    fc.property(profiles, (profile) => {
      const caller = new Caller();
      const { id } = caller.create();
      const answer = caller.send('POST', `/sessions/${id}/bulk-upsert`, user(profile));
      expect(answer.body + JSON.stringify(caller.org.violations)).not.toContain('secret:');
      expect(JSON.stringify(caller.org.requests)).not.toContain('secret:');
      if (answer.status !== 202) return;
      caller.trigger(id);
      caller.clock.advance(60_000);
      expect(caller.org.directory().users.get('u1')?.profile).toEqual(profile);
    }),
  );
});
