import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { createClient } from '../../src/okta/client.js';
import { OPERATIONS } from '../../src/okta/operations.js';
import type { Transport, WireResponse } from '../../src/okta/wire.js';
import { openapi } from '../support/openapi.js';
import { directTransport, makeOrg, SOURCE } from '../support/world.js';

const description = openapi();
const problems: string[] = [];

afterEach(() => expect(problems.splice(0)).toEqual([]));

/** A client of a simulated org; requests and answers below the identity source are held to Okta's API description. */
function connected(options: Parameters<typeof makeOrg>[0] = {}) {
  const org = makeOrg(options);
  const direct = directTransport(org, async () => {});
  const transport: Transport = async (request) => {
    const path = request.url.slice(new URL(request.url).origin.length);
    const answer = await direct(request);
    if (description !== undefined && path.includes('/identity-sources/')) {
      if (answer.status < 300)
        problems.push(...description.validateRequest(request.method, path, request.body));
      problems.push(...description.validateResponse(request.method, path, answer.status, answer.body));
    }
    return answer;
  };
  return { org, okta: clientOver(transport, org.token) };
}

function clientOver(transport: Transport, token = 't') {
  const okta = createClient({
    orgUrl: 'https://test.okta.example',
    identitySourceId: SOURCE,
    auth: { token },
    transport,
    maxAttempts: 1,
  });
  onTestFinished(() => okta.close());
  return okta;
}

/** A client whose every answer is the same. */
function answering(body: unknown, headers: WireResponse['headers'] = {}) {
  return clientOver(async () => ({ status: 200, headers, body: JSON.stringify(body) }));
}

const user = (id: string, more = {}) => ({
  externalId: id,
  profile: { userName: `${id}@example.com`, email: `${id}@example.com`, ...more },
});
const group = (id: string) => ({
  externalId: id,
  profile: { displayName: `Group ${id}`, description: null },
});

it('the rate limits that Okta told are known by the kind of request', async () => {
  const { okta } = connected({ rateLimits: { users: { limit: 40, windowMs: 60_000 } } });
  expect(okta.rateLimits()).toEqual(new Map());
  await okta.getUser('u1');
  await okta.listGroups();
  expect(okta.rateLimits()).toEqual(
    new Map([
      ['users', 40],
      ['org-groups', 600],
    ]),
  );
});

describe('single users, groups and memberships', () => {
  it('a user is created, read, replaced, updated and deactivated', async () => {
    const { org, okta } = connected();
    expect(await okta.getUser('u/1')).toBeUndefined();
    await okta.createUser(user('u/1', { firstName: 'Ada' }));
    expect(await okta.getUser('u/1')).toMatchObject(user('u/1', { firstName: 'Ada' }));
    expect(await okta.updateUser(user('u/1', { lastName: null }))).toMatchObject(
      user('u/1', { firstName: 'Ada', lastName: null }),
    );
    expect((await okta.replaceUser(user('u/1'))).profile).toEqual(user('u/1').profile);
    await okta.deleteUser('u/1');
    expect(org.directory().users.get('u/1')?.status).toBe('DEACTIVATED');
  });

  it('a group is created, read, updated and deleted, with members page by page', async () => {
    const { org, okta } = connected();
    for (const id of ['a', 'b', 'c']) await okta.createUser(user(id));
    expect(await okta.createGroup(group('g1'))).toMatchObject(group('g1'));
    for (const memberExternalId of ['a', 'b', 'c'])
      await okta.createMembership({ groupExternalId: 'g1', memberExternalId });
    const first = await okta.getMemberships('g1', { limit: 2 });
    expect(first).toMatchObject({ items: ['a', 'b'], next: expect.any(String) as string });
    expect(await okta.getMemberships('g1', { limit: 2, after: first!.next! })).toEqual({
      items: ['c'],
      next: undefined,
    });
    await okta.deleteMembership({ groupExternalId: 'g1', memberExternalId: 'b' });
    expect((await okta.getMemberships('g1'))?.items).toEqual(['a', 'c']);
    const renamed = { externalId: 'g1', profile: { displayName: 'New', description: 'd' } };
    expect((await okta.updateGroup(renamed)).profile).toEqual(renamed.profile);
    expect(await okta.getGroup('g1')).toMatchObject(renamed);
    await okta.deleteGroup('g1');
    expect(org.directory().groups.size).toBe(0);
    expect([await okta.getGroup('g1'), await okta.getMemberships('g1')]).toEqual([undefined, undefined]);
  });

  it('a profile that is one level deeper, as Okta describes it, is read as well', async () => {
    const deep = { externalId: 'g1', profile: { profile: { displayName: 'Deep' } } };
    expect((await answering(deep).getGroup('g1'))?.profile).toEqual({ displayName: 'Deep' });
  });

  it('only a 404 of Okta means that there is no such user', async () => {
    const refused = clientOver(async () => ({ status: 400, headers: {}, body: '{"errorCode":"E0000001"}' }));
    await expect(refused.getUser('u1')).rejects.toMatchObject({ status: 400 });
    const page = clientOver(async () => ({ status: 404, headers: {}, body: '<html>' }));
    await expect(page.getUser('u1')).rejects.toMatchObject({ status: 404 });
  });

  it.each(['', '.', '..'])('the id %j, which would change the path, is refused', async (id) => {
    const { org, okta } = connected();
    await expect(okta.getUser(id)).rejects.toMatchObject({ option: 'externalId' });
    await expect(okta.deleteGroup(id)).rejects.toMatchObject({ option: 'externalId' });
    expect(org.requests).toEqual([]);
  });

  it.each([{}, { memberExternalIds: null }, { memberExternalIds: [] }])(
    'a group has no members: %j',
    async (answer) => {
      expect(await answering(answer).getMemberships('g1')).toEqual({ items: [], next: undefined });
    },
  );

  it.each([[['u1', 2]], ['u1'], [{ u1: true }]])(
    'members cannot be used that are %j',
    async (memberExternalIds) => {
      await expect(answering({ memberExternalIds }).getMemberships('g1')).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_OKTA_RESPONSE',
      });
    },
  );

  it.each<[string, (okta: ReturnType<typeof answering>) => Promise<unknown>]>([
    ['a user without an id', (okta) => okta.getUser('u1')],
    ['a group without an id', (okta) => okta.getGroup('g1')],
    ['users that are no list', (okta) => okta.listAppUsers()],
    ['a schema without definitions', (okta) => okta.getSchema()],
  ])('%s cannot be used', async (_, call) => {
    await expect(call(answering({ profile: {} }))).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_OKTA_RESPONSE',
    });
  });
});

describe('reading in pages', () => {
  it('lists users with their status, those that wait, and the groups of the source', async () => {
    const { org, okta } = connected();
    org.edit((edit) => {
      for (const id of ['a', 'b', 'c']) edit.setUser(id, user(id).profile);
      edit.setStatus('b', 'DEACTIVATED');
      edit.setStatus('c', 'UNCONFIRMED');
      edit.setGroup('g1', group('g1').profile);
    });
    const first = await okta.listAppUsers({ limit: 1 });
    expect(first.items).toMatchObject([{ externalId: 'a', status: 'ACTIVE', profile: user('a').profile }]);
    const last = await okta.listAppUsers({ limit: 1, after: first.next! });
    expect(last).toMatchObject({ items: [{ externalId: 'b', status: 'DEPROVISIONED' }], next: undefined });
    expect((await okta.listUnconfirmedUsers()).items).toMatchObject([
      { externalId: 'c', status: 'IMPORTED' },
    ]);
    const id = org.directory().groups.get('g1')!.id;
    expect((await okta.listGroups()).items).toEqual([{ id, name: 'Group g1' }]);
  });

  it('reads the schema: what is required, and lengths', async () => {
    const { okta } = connected({ customAttributes: { costCenter: { required: true, maxLength: 20 } } });
    const schema = new Map((await okta.getSchema()).map(({ name, ...rest }) => [name, rest]));
    expect(schema.get('userName')).toEqual({ type: 'string', required: true, maxLength: 100 });
    expect(schema.get('firstName')).toMatchObject({ required: false, maxLength: 50 });
    expect(schema.get('costCenter')).toEqual({ type: 'string', required: true, maxLength: 20 });
  });

  it('only the cursor of a link is used, so that no token goes elsewhere', async () => {
    const link = '<https://test.okta.example/x>; rel="self", <https://evil.example/x?after=c1>; rel="next"';
    expect((await answering([], { link }).listAppUsers()).next).toBe('c1');
    const broken = answering([], { link: '<https://test.okta.example/x?limit=1>; rel="next"' });
    await expect(broken.listAppUsers()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_OKTA_RESPONSE' });
  });

  it('a value that is no text becomes its JSON', async () => {
    const okta = answering([{ externalId: 'a', profile: { age: 7, tags: ['x'], none: null } }]);
    expect((await okta.listAppUsers()).items[0]?.profile).toEqual({ age: '7', tags: '["x"]', none: null });
  });

  it('links in several headers are all seen', async () => {
    const server = createServer((_, response) => {
      response.setHeader('link', ['<http://h/x>; rel="self"', '<http://h/x?after=7>; rel="next"']);
      response.end('[]');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const orgUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using okta = createClient({ orgUrl, identitySourceId: SOURCE, auth: { token: 't' } });
    expect((await okta.listAppUsers()).next).toBe('7');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

it.skipIf(description === undefined)('the client has every operation of Okta’s API description', () => {
  const ours = new Set(Object.values(OPERATIONS).map(({ id }) => id));
  expect(description?.operationIds).toHaveLength(23);
  expect(description?.operationIds.filter((id) => !ours.has(id))).toEqual([]);
});
