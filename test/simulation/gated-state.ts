import { StateError } from '../../src/core/errors.js';
import type { Journal } from '../../src/state/journal.js';
import type { Outbox, Reading, StateStore } from '../../src/state/store.js';
import type { Draws } from './draws.js';
import type { JournalModel } from './journal-model.js';
import type { Life } from './life.js';
import type { Machine } from './machine.js';

/** What a gated state works with. */
export interface StateGate {
  readonly life: () => Life;
  readonly machine: Machine;
  readonly model: JournalModel;
  readonly draws: Draws;
  /** The share of writes that fail now. */
  readonly storeFaults: () => number;
  readonly count: (what: string) => void;
}

/** What a state does without writing. */
const READS: ReadonlySet<string | symbol> = new Set(['target', 'counts', 'absences', 'getMeta', 'metaNames']);

/** A state whose every call is an interaction with the world, and whose writes may fail, before or after they are durable. */
export function gatedState(state: StateStore, gate: StateGate): StateStore {
  const call = async <T>(name: string, work: () => Promise<T>, after: (value: T) => T = same): Promise<T> => {
    await gate.life().pass(`state ${name}`);
    const value = await gate.machine.real(work);
    await gate.life().pass(`stated ${name}`);
    return after(value);
  };
  const write = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const fate = gate.draws.next() / gate.storeFaults();
    if (fate < 0.5) {
      await gate.life().pass(`state ${name}`);
      gate.count('store write failed before');
      throw new StateError(`the state could not be written (${name})`);
    }
    const value = await call(name, work);
    if (!(fate < 1)) return value;
    gate.count('store write failed after');
    throw new StateError(`the state could not be written (${name})`);
  };
  async function* each<T>(name: string, source: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    const iterator = source[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await gate.machine.real(() => iterator.next());
        if (step.done === true) return;
        await gate.life().pass(`state ${name}`);
        yield step.value;
      }
    } finally {
      await gate.machine.real(async () => iterator.return?.());
    }
  }
  const reading = (inner: Reading): Reading => ({
    compare: (...args) => call('compare', () => inner.compare(...args)),
    held: (...args) => call('held', () => inner.held(...args)),
    digests: (entity) => inner.digests(entity),
    keep: (...args) => call('keep', () => inner.keep(...args)),
    complete: (entity) => inner.complete(entity),
    isComplete: (entity) => inner.isComplete(entity),
    refer: (...args) => call('refer', () => inner.refer(...args)),
    holders: (logins) => call('holders', () => inner.holders(logins)),
    missing: (entity) => each('missing', inner.missing(entity)),
    close: () => call('close-reading', () => inner.close()),
  });
  const outbox = (inner: Outbox): Outbox => ({
    add: (changes) => call('outbox-add', () => inner.add(changes)),
    seal: () => call('outbox-seal', () => inner.seal()),
    read: (lane) => each('outbox-read', inner.read(lane)),
    close: () => call('outbox-close', () => inner.close()),
  });
  const inner = gate.model.watch(state.journal);
  const journal: Journal = {
    open: () => call('journal-open', () => inner.open()),
    pending: (id) => each('journal-pending', inner.pending(id)),
    lastTriggeredAt: () => call('journal-last', () => inner.lastTriggeredAt()),
    creating: (...args) => write('creating', () => inner.creating(...args)),
    created: (...args) => write('created', () => inner.created(...args)),
    loading: (...args) => write('loading', () => inner.loading(...args)),
    loaded: (id) => write('loaded', () => inner.loaded(id)),
    refused: (...args) => write('refused', () => inner.refused(...args)),
    triggering: (id) => write('triggering', () => inner.triggering(id)),
    triggered: (...args) => write('triggered', () => inner.triggered(...args)),
    cancelling: (id) => write('cancelling', () => inner.cancelling(id)),
    settle: (...args) => write('settle', () => inner.settle(...args)),
  };
  const own: Partial<StateStore> = {
    journal,
    read: () => call('read', () => state.read(), reading),
    outbox: () => call('outbox', () => state.outbox(), outbox),
    rows: (entity) => each('rows', state.rows(entity)),
    absences: (entity) => call('absences', () => state.absences(entity)),
    setAbsences: (...args) => write('absences', () => state.setAbsences(...args)),
    restore: (identity) => write('restore', () => state.restore(identity)),
    close: () => state.close(),
    [Symbol.asyncDispose]: () => state.close(),
  };
  // Whatever else a state does is done in one call, and all but the reads are writes.
  return new Proxy(state, {
    get(_, name) {
      if (Object.hasOwn(own, name)) return own[name as keyof StateStore];
      const value: unknown = Reflect.get(state, name, state);
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]) =>
        (READS.has(name) ? call : write)(String(name), () => value.apply(state, args) as Promise<unknown>);
    },
  });
}

function same<T>(value: T): T {
  return value;
}
