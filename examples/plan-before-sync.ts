/**
 * A plan before the sync: the guard stops a plan, and somebody approves exactly that plan.
 *
 *     npx tsx examples/plan-before-sync.ts
 */
import { createClient, GuardError, plan, sync } from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

await using org = await startOrg({ cooldownMs: 100 });
await using state = memoryState();
const okta = createClient({
  orgUrl: org.url,
  identitySourceId: org.identitySourceId,
  auth: { token: org.token },
});
const staff = Array.from({ length: 200 }, (_, i) => ({
  externalId: String(i),
  profile: { userName: `p${i}@example.com`, email: `p${i}@example.com` },
}));
const waits = { cooldownMs: 100, pollIntervalMs: 20 };

await sync({ okta, state, users: staff, ...waits });

// Half of the people are missing. Have they left, or is the export broken? Somebody must decide.
const halved = staff.slice(0, 100);
const planned = await plan({ state, users: halved });
console.log(
  `planned: ${planned.entities.users.deletes} deletions; the guard would stop it: ${planned.trips.map((t) => t.rule).join()}`,
);

try {
  await sync({ okta, state, users: halved, ...waits });
} catch (error) {
  if (!(error instanceof GuardError)) throw error;
  console.log(`stopped: Okta still has ${org.directory().activeUsers} active users`);
}

await sync({ okta, state, users: halved, approve: planned.hash, ...waits });
console.log(`approved: Okta has ${org.directory().activeUsers} active users`);
await okta.close();
