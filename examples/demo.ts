/**
 * Four syncs of a sample directory to a simulated Okta org in this process: the first load, the same export again, the
 * next day's export, and a truncated export that the guard stops. It needs no account and no network, and takes less than
 * 30 seconds.
 *
 *     npm run demo
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createClient,
  fromCsv,
  GuardError,
  map,
  openState,
  pipe,
  startSync,
  toGroup,
  toMembership,
  toUser,
  type OktaClient,
  type StateStore,
  type SyncEvent,
  type SyncReport,
} from 'rollcall';
import { startOrg } from 'rollcall/simulator';

const COOLDOWN_MS = 1500; // Five minutes in Okta; everything else is like in Okta.

const data = (path: string) => fileURLToPath(new URL(`data/${path}`, import.meta.url));

function sources(day: string, usersFrom = day) {
  return {
    users: pipe(fromCsv(data(`${usersFrom}/users.csv`)), map(toUser)),
    groups: pipe(fromCsv(data(`${day}/groups.csv`)), map(toGroup)),
    memberships: pipe(fromCsv(data(`${day}/memberships.csv`)), map(toMembership)),
  };
}

/** An event as one line; undefined for events that are not shown. */
function tell(event: SyncEvent): void {
  switch (event.type) {
    case 'source:end':
      return say(
        `read ${event.read} ${event.entity}${event.rejected > 0 ? `, ${event.rejected} rejected` : ''}`,
      );
    case 'plan:ready': {
      const { entities, requests, sessions } = event.plan;
      const counts = Object.entries(entities).map(
        ([entity, { creates, updates, deletes }]) => `${entity} +${creates} ~${updates} -${deletes}`,
      );
      return say(
        `plan: ${counts.join(', ')} (${counted(requests, 'request')}, ${counted(sessions, 'session')})`,
      );
    }
    case 'session:created':
      return say(`session ${event.number} created`);
    case 'wait:start':
      return event.reason === 'session-cooldown'
        ? say(`waiting until ${event.until.toISOString().slice(11, 19)}: Okta spaces its sessions`)
        : undefined;
    case 'state:committed':
      return say(`Okta confirmed ${event.changes} changes, ${event.remaining} to go`);
  }
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

function say(text: string): void {
  console.log(`   ${text}`);
}

async function runDay(
  okta: OktaClient,
  state: StateStore,
  day: ReturnType<typeof sources>,
): Promise<SyncReport> {
  const run = startSync({ okta, state, ...day, cooldownMs: COOLDOWN_MS, pollIntervalMs: 100 });
  run.events$.subscribe(tell);
  return run.done;
}

function summarize(report: SyncReport): void {
  for (const { entity, externalId, file, line, field, reason } of report.rejections.slice(0, 4)) {
    const place = file === undefined ? '' : ` (${file.split('/').pop()}:${line})`;
    say(
      `rejected ${entity} ${externalId ?? '?'}${place}: ${field === undefined ? '' : `${field} `}${reason}`,
    );
  }
  if (report.rejections.length > 4) say(`... and ${report.rejections.length - 4} more`);
  say(
    `${counted(report.requests, 'request')} in ${counted(report.sessions, 'session')}, ${counted(report.remaining, 'change')} left`,
  );
}

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-demo-'));
  const org = await startOrg({ cooldownMs: COOLDOWN_MS, importMs: 300 });
  const okta = createClient({
    orgUrl: org.url,
    identitySourceId: org.identitySourceId,
    auth: { token: org.token },
  });
  const state = await openState(join(directory, 'state'));
  const showOrg = () => {
    const held = org.directory(org.identitySourceId);
    say(
      `Okta now holds ${held.activeUsers} active users, ${held.groups.size} groups, ${held.memberships.size} memberships`,
    );
  };
  try {
    console.log('1. The first load of the sample directory');
    summarize(await runDay(okta, state, sources('day-1')));
    showOrg();

    console.log('2. The same export again: nothing to send');
    summarize(await runDay(okta, state, sources('day-1')));
    showOrg();

    console.log("3. The next day's export: only what changed");
    summarize(await runDay(okta, state, sources('day-2')));
    showOrg();

    console.log('4. A truncated export: stopped before anything is sent');
    try {
      await runDay(okta, state, sources('day-2', 'truncated'));
      throw new Error('the guard should have stopped this');
    } catch (error) {
      if (!(error instanceof GuardError)) throw error;
      for (const { entity, rule, actual, limit } of error.trips)
        say(`guard: ${entity} ${rule} ${actual.toFixed(1)} is over ${limit}`);
    }
    showOrg();
    if (org.violations.length > 0)
      throw new Error(`the org saw ${org.violations.length} violations of its contract`);
  } finally {
    await state.close();
    await okta.close();
    await org.close();
    await rm(directory, { recursive: true, force: true });
  }
}

await main();
