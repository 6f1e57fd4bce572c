/**
 * JSON lines: one record per line. A record that Okta would refuse is rejected, and reported with its line.
 *
 *     npx tsx examples/json-lines.ts [file]
 */
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, fromJsonLines, sync, type UserRecord } from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

await using org = await startOrg({ cooldownMs: 100 });
await using state = memoryState(); // openState('./state') keeps it between runs
const okta = createClient({
  orgUrl: org.url,
  identitySourceId: org.identitySourceId,
  auth: { token: org.token },
});

const file = process.argv[2] ?? fileURLToPath(new URL('data/people.jsonl', import.meta.url));
const report = await sync({
  okta,
  state,
  users: fromJsonLines<UserRecord>(file, { name: basename(file) }),
  pollIntervalMs: 20,
});
for (const { file, line, field, reason } of report.rejections)
  console.log(`${file}:${line}: ${field} ${reason}`);
console.log(`${report.confirmed.users.creates} people created`);
await okta.close();
