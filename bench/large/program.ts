/**
 * The program that is measured, and killed: the whole pipeline from a file to the committed state, in virtual time. The
 * org is the process that started it.
 */
import type { OktaClient, StateStore, SyncEvent } from 'rollcall';
import type { Transport } from 'rollcall/okta';
import type { Outbox } from 'rollcall/store';
import { privateBytes } from '../runner/private-memory.js';
import { peopleOf } from '../support/pipeline.js';
import type { Product } from '../case.js';
import type { Answer, FromProgram, Memory, Task } from './messages.js';
import { VirtualClock } from './virtual-clock.js';

/** Virtual milliseconds between two looks at a session: looks are not the question here. */
const POLL_INTERVAL_MS = 15_000;

const task = JSON.parse(process.argv[2] ?? '') as Task;
const product = (await import(task.product)) as Product;
const { TransportError } = (await import(
  new URL('subpaths/okta.js', task.product).href
)) as typeof import('rollcall/okta');
const clock = new VirtualClock(task.now);

function tell(message: FromProgram): void {
  process.send?.(message);
}

function memory(): Memory {
  const { rss, heapUsed } = process.memoryUsage();
  return { rss: rss / 1e6, own: (privateBytes('self') ?? rss) / 1e6, heap: heapUsed / 1e6 };
}

const peakMb = () => (process.resourceUsage().maxRSS * 1024) / 1e6;

let peak = memory();
function lookAtMemory(): Memory {
  const seen = memory();
  peak = {
    rss: Math.max(peak.rss, seen.rss),
    own: Math.max(peak.own, seen.own),
    heap: Math.max(peak.heap, seen.heap),
  };
  return seen;
}

/** Requests to the process that started this one. */
function transportToParent(): Transport {
  const waiting = new Map<number, (answer: Answer) => void>();
  let asked = 0;
  process.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  return async ({ method, url, headers, body }) => {
    const id = ++asked;
    lookAtMemory();
    const answer = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    tell({ kind: 'ask', id, now: clock.now(), request: { method, url, headers, body } });
    const { reply, delayMs } = await answer;
    if (delayMs > 0) await clock.inside.sleep(delayMs);
    if ('failed' in reply) throw new TransportError(reply.failed, reply.sent);
    return reply;
  };
}

/** The same object; while something that it promised is under way, no time passes. */
function inRealTime<T extends object>(target: T, own: Partial<T> = {}): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(own, name)) return own[name as keyof T];
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]) => {
        const result: unknown = value.apply(target, args);
        return result instanceof Promise ? clock.real(() => result as Promise<unknown>) : result;
      };
    },
  });
}

/** What is read from an outbox takes real time, block by block. */
function outboxInRealTime(outbox: Outbox): Outbox {
  return inRealTime(outbox, {
    async *read(lane) {
      const chunks = outbox.read(lane)[Symbol.asyncIterator]();
      for (;;) {
        const step = await clock.real(() => chunks.next());
        if (step.done === true) return;
        yield step.value;
      }
    },
  });
}

function onEvent(event: SyncEvent): void {
  if (event.type === 'session:created' && event.number === 1)
    tell({ kind: 'sending', memory: lookAtMemory(), peakMb: peakMb() });
  if (event.type === 'journal:settled') {
    const { sessionId, outcome } = event;
    tell({ kind: 'settled', sessionId, outcome });
  }
  if (event.type !== 'state:committed') return;
  const { sessionId, changes } = event;
  if (task.collect) globalThis.gc?.();
  const now = lookAtMemory();
  tell({ kind: 'committed', sessionId, changes, memory: now, peak });
  peak = now;
}

const opened = await product.openState(task.state);
const state: StateStore = inRealTime(opened, {
  journal: inRealTime(opened.journal),
  outbox: async () => outboxInRealTime(await clock.real(() => opened.outbox())),
});
const okta: OktaClient = inRealTime(
  product.createClient({
    orgUrl: task.orgUrl,
    identitySourceId: task.identitySourceId,
    auth: { token: task.token },
    transport: transportToParent(),
    clock: clock.inside,
    random: () => 0.5,
  }),
);
const { batch, diff, guard, pipe, upload, validate } = product;
const report = await pipe(
  peopleOf(product, task.file),
  validate('users'),
  diff('users', state),
  guard(state),
  batch(),
  upload(okta, state, {
    clock,
    pollIntervalMs: POLL_INTERVAL_MS,
    requestsPerSession: task.requestsPerSession,
    events: { emit: onEvent },
  }),
);
await state.close();
const { creates, updates, deletes } = report.confirmed.users;
tell({ kind: 'done', confirmed: creates + updates + deletes, peakMb: peakMb() });
process.disconnect();
