// Runs in an empty project that has nothing but the packed package.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batch, createClient, diff, guard, openState, pipe, upload, validate } from 'rollcall';
import { startOrg } from 'rollcall/simulator';

const directory = await mkdtemp(join(tmpdir(), 'rollcall-'));
const org = await startOrg({ importMs: 10 });
const okta = createClient({
  orgUrl: org.url,
  identitySourceId: org.identitySourceId,
  auth: { token: org.token },
});
const state = await openState(join(directory, 'state'));
const people = [{ externalId: '1', profile: { userName: 'ann@example.com', email: 'ann@example.com' } }];
const report = await pipe(
  people,
  validate('users'),
  diff('users', state),
  guard(state),
  batch(),
  upload(okta, state, { pollIntervalMs: 20 }),
);
await state.close();
await okta.close();
const { activeUsers } = org.directory(org.identitySourceId);
await org.close();
await rm(directory, { recursive: true });
if (report.confirmed.users.creates !== 1 || activeUsers !== 1)
  throw new Error('the quick start did not sync');
console.log('the packed package works');
