import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../src/okta/client.js';
import { startOrg } from '../../src/simulator/index.js';
import { openState } from '../../src/state/lmdb/open-state.js';
import { sync } from '../../src/sync/sync.js';

/** Runs a sync over HTTP, and closes everything after it. Prints the open handles; then the process must end by itself. */
const directory = await mkdtemp(join(tmpdir(), 'rollcall-one-'));
const org = await startOrg({ importMs: 5 });
const okta = createClient({
  orgUrl: org.url,
  identitySourceId: org.identitySourceId,
  auth: { token: org.token },
});
const state = await openState(directory);
const users = ['a', 'b', 'c'].map((id) => ({
  externalId: id,
  profile: { userName: id, email: `${id}@example.com` },
}));
const report = await sync({ okta, state, users, pollIntervalMs: 10 });
await state.close();
await okta.close();
await org.close();
await rm(directory, { recursive: true });
await new Promise((resolve) => setImmediate(resolve));
// These handles exist in every process.
const ours = process
  .getActiveResourcesInfo()
  .filter((name) => !['PipeWrap', 'TTYWrap', 'FSReqCallback', 'Immediate', 'MessagePort'].includes(name));
console.log(
  `${report.confirmed.users.creates} people, handles left: ${ours.length === 0 ? 'none' : ours.join(', ')}`,
);
