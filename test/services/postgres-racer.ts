import { BusyError } from '../../src/core/errors.js';
import { postgresState } from '../../src/state/postgres/open-postgres-state.js';
import type { StateStore } from '../../src/state/store.js';
import { TestPool } from './postgres-store.js';

/** A process that opens a state when it is told to, and says what came of it. The one that gets it counts the round. */
const [schema, name] = process.argv.slice(2) as [string, string];
const pool = new TestPool();
let store: StateStore | undefined;

const say = (text: string) => process.send?.(text);

async function open(): Promise<void> {
  try {
    store = await postgresState(pool, { schema, name });
    await store.setMeta('rounds', String(Number((await store.getMeta('rounds')) ?? 0) + 1));
    say('written');
  } catch (error) {
    say(error instanceof BusyError ? 'busy' : `failed: ${String(error)}`);
  }
}

async function close(): Promise<void> {
  await store?.close();
  store = undefined;
  say('closed');
}

process.on('message', (message) => {
  if (message === 'open') void open();
  else if (message === 'close') void close();
  else void pool.end().then(() => process.disconnect());
});
say('ready');
