/**
 * The events of a running sync as an RxJS Observable, and the rejected records in a CSV file.
 *
 *     npx tsx examples/watch-a-sync.ts
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, pipe, startSync, toCsv } from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';
import { filter } from 'rxjs';

await using org = await startOrg();
await using state = memoryState();
const okta = createClient({
  orgUrl: org.url,
  identitySourceId: org.identitySourceId,
  auth: { token: org.token },
});

const run = startSync({
  okta,
  state,
  users: [
    { externalId: '1', profile: { userName: 'ann@example.com', email: 'ann@example.com' } },
    { externalId: '2', profile: { userName: 'bob@example.com', email: 'not an address' } },
  ],
  groups: [{ externalId: 'g', profile: { displayName: 'Everybody' } }],
  memberships: [{ groupExternalId: 'g', memberExternalId: '1' }],
  cooldownMs: 100,
  pollIntervalMs: 20,
});
run.events$
  .pipe(filter((event) => event.type === 'batch:sent'))
  .subscribe(({ entity, kind, items }) => console.log(`sent ${kind} of ${items} ${entity}`));

const report = await run.done;
const directory = await mkdtemp(join(tmpdir(), 'rollcall-example-'));
const file = join(directory, 'rejects.csv');
await pipe(report.rejections, toCsv(file, { columns: ['entity', 'externalId', 'field', 'code', 'reason'] }));
console.log((await readFile(file, 'utf8')).trim());
await rm(directory, { recursive: true });
await okta.close();
