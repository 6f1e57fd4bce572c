/**
 * The program that is killed: one `sync` over HTTP with a state on disk or in PostgreSQL. At the point it is told to it says so, and
 * does nothing any more until it is killed, or told to go on.
 */
import { once } from 'node:events';
import { createClient } from '../../src/okta/client.js';
import type { OktaClient } from '../../src/okta/wire.js';
import { openState } from '../../src/state/open-state.js';
import type { Journal } from '../../src/state/journal.js';
import type { StateStore } from '../../src/state/store.js';
import { sync } from '../../src/sync/sync.js';
import type { ChildTask } from './task.js';

const task = JSON.parse(process.argv[2] ?? '') as ChildTask;
const passed = new Map<string, number>();

/** Passes a point, or stays there for good. */
async function pass(name: string): Promise<void> {
  const count = (passed.get(name) ?? 0) + 1;
  passed.set(name, count);
  if (task.stopAt !== `${name} ${count}`) return;
  process.send?.(task.stopAt);
  // The listener keeps the process from ending by itself, where nothing else is left that does.
  await once(process, 'message');
}

/** The same object, whose methods pass a point before, and where asked after, they are done. */
function watched<T extends object>(target: T, what: string, after: boolean): T {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      // Not a request, and not awaited by those who call it.
      if (name === 'serverDate') return value.bind(target) as unknown;
      return async (...args: readonly unknown[]) => {
        await pass(`before ${what}.${String(name)}`);
        const result: unknown = await value.apply(target, args);
        if (after) await pass(`after ${what}.${String(name)}`);
        return result;
      };
    },
  });
}

const state = await openState(task.place);
const journal: Journal = watched(state.journal, 'journal', true);
const watchedState: StateStore = new Proxy(state, {
  get(_, name) {
    if (name === 'journal') return journal;
    const value: unknown = Reflect.get(state, name, state);
    return typeof value === 'function' ? (value.bind(state) as unknown) : value;
  },
});
const okta: OktaClient = createClient({
  orgUrl: task.orgUrl,
  identitySourceId: task.identitySourceId,
  auth: { token: task.token },
});
await sync({ ...task.options, ...task.day, okta: watched(okta, 'okta', false), state: watchedState });
await okta.close();
await state.close();
process.disconnect();
