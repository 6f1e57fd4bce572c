/**
 * The program whose disk fails: one `sync` over HTTP with a state on disk. It writes its outcome as JSON and ends by itself.
 */
import { RollcallError } from '../../src/core/errors.js';
import { createClient } from '../../src/okta/client.js';
import { openState } from '../../src/state/lmdb/open-state.js';
import { sync } from '../../src/sync/sync.js';
import type { DiskTask, SyncOutcome } from './task.js';

const task = JSON.parse(process.argv[2] ?? '') as DiskTask;

/** What a step came to: the codes of its error and of the cause, or that it was done. */
async function attempt(step: () => Promise<unknown>): Promise<SyncOutcome['sync']> {
  try {
    await step();
    return 'done';
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error;
    const { code, message, cause } = error;
    return { code, message, cause: (cause as { code?: unknown } | undefined)?.code };
  }
}

const okta = createClient({
  orgUrl: task.orgUrl,
  identitySourceId: task.identitySourceId,
  auth: { token: task.token },
});
let close: SyncOutcome['close'] = 'done';
const run = await attempt(async () => {
  const state = await openState(task.directory);
  try {
    await sync({ ...task.options, ...task.day, okta, state });
  } finally {
    close = await attempt(() => state.close());
  }
});
await okta.close();
const outcome: SyncOutcome = { sync: run, close };
console.log(JSON.stringify(outcome));
