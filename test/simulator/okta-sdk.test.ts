import okta from '@okta/okta-sdk-nodejs';
import { afterEach, expect, it } from 'vitest';
import { startOrg, type Org } from 'rollcall/simulator';
import { ManualClock } from './caller.js';

let org: Org;
afterEach(() => org.close());

function sdk(token = org.token) {
  // The SDK asks for https unless it is told that this is a test.
  const options = { orgUrl: org.url, token, testing: { disableHttpsCheck: true } };
  return new okta.Client(options).identitySourceApi;
}

it('Okta’s own SDK drives all eleven operations and reads back what they did', async () => {
  const clock = new ManualClock();
  org = await startOrg({ seed: 1, clock, cooldownMs: 0, recordBodies: true });
  const api = sdk();
  const { identitySourceId } = org;

  const open = async () => {
    const { id } = await api.createIdentitySourceSession({ identitySourceId });
    return { identitySourceId, sessionId: id as string };
  };
  const finish = async (session: { identitySourceId: string; sessionId: string }) => {
    expect((await api.startImportFromIdentitySource(session)).status).toBe('TRIGGERED');
    clock.advance(1000);
    expect((await api.getIdentitySourceSession(session)).status).toBe('COMPLETED');
  };

  const first = await open();
  await api.uploadIdentitySourceDataForUpsert({
    ...first,
    BulkUpsertRequestBody: {
      entityType: 'USERS',
      profiles: ['u1', 'u2'].map((externalId) => ({
        externalId,
        profile: {
          userName: `${externalId}@example.com`,
          email: `${externalId}@example.com`,
          firstName: 'Zoë',
        },
      })),
    },
  });
  await api.uploadIdentitySourceGroupsForUpsert({
    ...first,
    bulkGroupUpsertRequestBody: {
      profiles: ['g1', 'g2'].map((externalId) => ({
        externalId,
        profile: { displayName: `Group ${externalId}` },
      })),
    },
  });
  const listed: unknown[] = [];
  for await (const session of await api.listIdentitySourceSessions({ identitySourceId }))
    listed.push(session);
  expect(listed).toMatchObject([{ id: first.sessionId, status: 'IN_PROGRESS', importType: 'INCREMENTAL' }]);
  await finish(first);

  const second = await open();
  const memberships = [{ groupExternalId: 'g1', memberExternalIds: ['u1', 'u2'] }];
  await api.uploadIdentitySourceGroupMembershipsForUpsert({
    ...second,
    bulkGroupMembershipsUpsertRequestBody: { memberships },
  });
  await finish(second);
  expect(await api.getIdentitySourceUser({ identitySourceId, externalId: 'u1' })).toMatchObject({
    externalId: 'u1',
    profile: { userName: 'u1@example.com', firstName: 'Zoë' },
  });
  expect(await api.getIdentitySourceGroup({ identitySourceId, groupOrExternalId: 'g1' })).toMatchObject({
    externalId: 'g1',
  });
  expect(
    await api.getIdentitySourceGroupMemberships({ identitySourceId, groupOrExternalId: 'g1' }),
  ).toMatchObject({ memberExternalIds: ['u1', 'u2'] });

  const third = await open();
  await api.uploadIdentitySourceGroupMembershipsForDelete({
    ...third,
    bulkGroupMembershipsDeleteRequestBody: {
      memberships: [{ groupExternalId: 'g1', memberExternalIds: ['u2'] }],
    },
  });
  await api.uploadIdentitySourceGroupsDataForDelete({
    ...third,
    bulkGroupDeleteRequestBody: { externalIds: ['g2'] },
  });
  await api.uploadIdentitySourceDataForDelete({
    ...third,
    BulkDeleteRequestBody: { entityType: 'USERS', profiles: [{ externalId: 'u2' }] },
  });
  await finish(third);

  const fourth = await open();
  await api.deleteIdentitySourceSession(fourth);
  expect((await api.getIdentitySourceSession(fourth)).status).toBe('CLOSED');

  const held = org.directory();
  expect([...held.users].map(([id, { status }]) => [id, status])).toEqual([
    ['u1', 'ACTIVE'],
    ['u2', 'DEACTIVATED'],
  ]);
  expect([...held.groups.keys()]).toEqual(['g1']);
  expect([...held.memberships.values()]).toEqual([{ groupExternalId: 'g1', memberExternalId: 'u1' }]);
  expect(org.violations).toEqual([]);
});

it('Okta’s own SDK reads the org’s errors', async () => {
  org = await startOrg({ seed: 1 });
  const { identitySourceId } = org;
  const session = { identitySourceId, sessionId: 'nobody' };
  await expect(sdk().getIdentitySourceSession(session)).rejects.toMatchObject({
    status: 404,
    errorCode: 'E0000007',
  });
  await expect(sdk('wrong').createIdentitySourceSession({ identitySourceId })).rejects.toMatchObject({
    status: 401,
    errorCode: 'E0000011',
  });
});
