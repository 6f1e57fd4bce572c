/**
 * A run's events as log lines of pino: what went wrong as warnings, the rest as information. No line holds a profile
 * value, a token or a key; external ids of rejected records are left out unless `logEvents` is told otherwise.
 *
 *     npx tsx examples/pino-logging.ts
 */
import pino from 'pino';
import { createClient, logEvents, memoryState, RollcallError, startSync } from 'rollcall';
import { startOrg } from 'rollcall/simulator';

const log = pino({ name: 'directory-sync', base: null, timestamp: pino.stdTimeFunctions.isoTime });

await using org = await startOrg({ cooldownMs: 100 });
await using state = memoryState(); // openState('./state') keeps it between runs
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
    { externalId: '2', profile: { userName: 'bob@example.com', email: 'private, and not an address' } },
  ],
  pollIntervalMs: 20,
});
run.events$.subscribe(logEvents(log));
try {
  const { confirmed, remaining } = await run.done;
  log.info({ confirmed, remaining }, 'done');
} catch (error) {
  // `code` is stable and documented; messages name files, lines and sessions, and no profile value.
  log.error({ err: error, code: error instanceof RollcallError ? error.code : undefined }, 'failed');
  process.exitCode = 1;
}
await okta.close();
