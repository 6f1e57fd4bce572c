import type { StateStore } from './store.js';

/** The calls that use a state now. The promises never reject. */
const uses = new WeakMap<StateStore, Set<Promise<void>>>();

/**
 * Runs work that uses a state. A state of this package is closed only after the work has ended, so that a forgotten `await` before
 * the end of an `await using` block does not close the state under a run. An error of the work reaches only its own promise.
 */
export function holdOpen<T>(state: StateStore, work: () => Promise<T>): Promise<T> {
  const running = uses.get(state) ?? new Set();
  uses.set(state, running);
  const result = work();
  const ended = result
    .then(
      () => undefined,
      () => undefined,
    )
    .then(() => void running.delete(ended));
  running.add(ended);
  // A promise of its own: the handler above must not hide the error of a run that nobody awaits.
  return result.then((value) => value);
}

/** Waits until no work uses the state; undefined if none does now. If one does, a warning names the `await` that is missing. */
export function usesEnded(state: StateStore): Promise<void> | undefined {
  const ended = untilUnused(state);
  if (ended !== undefined)
    process.emitWarning('A state was closed while it was in use. Write await before the call that uses it.', {
      code: 'ROLLCALL_FORGOTTEN_AWAIT',
      detail: 'The state is closed when the call has ended.',
    });
  return ended;
}

function untilUnused(state: StateStore): Promise<void> | undefined {
  const running = uses.get(state);
  if (running === undefined || running.size === 0) return undefined;
  return Promise.all(running).then(() => untilUnused(state));
}
