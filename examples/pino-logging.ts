/**
 * A run's events as log lines of pino: what went wrong as warnings, the rest as information. No event holds a profile
 * value, a token or a key, so there is nothing to redact; external ids are in rejections only.
 *
 *     npx tsx examples/pino-logging.ts
 */
import pino from 'pino';
import { createClient, memoryState, RollcallError, startSync, type SyncEvent } from 'rollcall';
import { startOrg } from 'rollcall/simulator';

const log = pino({ name: 'directory-sync', base: null, timestamp: pino.stdTimeFunctions.isoTime });

/** Events that somebody should look at, if they keep coming. */
const WARNINGS: ReadonlySet<SyncEvent['type']> = new Set([
  'record:rejected',
  'batch:refused',
  'session:replayed',
  'session:failed',
]);

function write({ type, ...fields }: SyncEvent): void {
  if (WARNINGS.has(type)) log.warn(fields, type);
  else if (type === 'source:progress' || type === 'batch:sent') log.debug(fields, type);
  else log.info(fields, type);
}

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
run.events$.subscribe(write);
try {
  const { confirmed, remaining } = await run.done;
  log.info({ confirmed, remaining }, 'done');
} catch (error) {
  // `code` is stable and documented; messages name files, lines and sessions, and no profile value.
  log.error({ err: error, code: error instanceof RollcallError ? error.code : undefined }, 'failed');
  process.exitCode = 1;
}
await okta.close();
