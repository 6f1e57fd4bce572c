/**
 * The pipeline, stage by stage: people from a CSV export are mapped, compared, and sent to a simulated org.
 *
 *     npx tsx examples/people-from-csv.ts
 */
import { fileURLToPath } from 'node:url';
import { batch, createClient, diff, fromCsv, guard, map, pipe, upload, validate } from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

await using org = await startOrg();
await using state = memoryState();
const okta = createClient({
  orgUrl: org.url,
  identitySourceId: org.identitySourceId,
  auth: { token: org.token },
});

const report = await pipe(
  fromCsv(fileURLToPath(new URL('data/day-1/users.csv', import.meta.url))),
  map((row) => ({
    externalId: row.externalId ?? '',
    profile: {
      userName: (row.userName ?? '').toLowerCase(),
      email: row.email ?? '',
      firstName: row.firstName || null,
      lastName: row.lastName || null,
    },
  })),
  validate('users', {
    onReject: ({ externalId, field, reason }) => console.log(`rejected ${externalId}: ${field} ${reason}`),
  }),
  diff('users', state),
  guard(state, { maxDeletePercent: 5 }),
  batch(),
  upload(okta, state, { pollIntervalMs: 20 }),
);

console.log(
  `${report.confirmed.users.creates} people created, ${report.requests} requests in ${report.sessions} session`,
);
await okta.close();
