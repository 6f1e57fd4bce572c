/**
 * The events of a run as log lines of pino: problems are warnings, all others are information. No line contains a profile
 * value, a token or a key. The external ids of rejected records appear only with the option `externalIds`.
 *
 *     npx tsx examples/pino-logging.ts
 */
import pino from 'pino';
import { createClient, logEvents, RollcallError, startSync } from 'rollcall';
import { memoryState } from 'rollcall/testing';
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
  // `code` is stable and documented. Messages contain files, lines and sessions, but no profile values.
  log.error({ err: error, code: error instanceof RollcallError ? error.code : undefined }, 'failed');
  process.exitCode = 1;
}
await okta.close();
