import { systemClock, throwIfAborted } from '../core/clock.js';
import { AbortedError } from '../core/errors.js';

/** How long an aborted reader waits for what it reads to close. */
const CLOSING_MS = 1000;

/**
 * An iterable that ends with the signal, also while it is waited for: a database that does not answer must not keep a run
 * from ending. It is closed then, and that is waited for a little while, since what hangs may never close.
 *
 * @param closingMs - Longer for a reader of readers, so that each has had its time.
 * @throws {@link AbortedError} when the signal is aborted.
 */
export async function* untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal | undefined,
  closingMs = CLOSING_MS,
): AsyncGenerator<T, void, undefined> {
  if (signal === undefined) {
    yield* source;
    return;
  }
  throwIfAborted(signal);
  const iterator = source[Symbol.asyncIterator]();
  let open = true;
  try {
    for (;;) {
      const next = iterator.next();
      // A source that fails is closed already.
      next.catch(() => (open = false));
      const step = await orAborted(next, signal);
      if (step.done === true) {
        open = false;
        return;
      }
      yield step.value;
      throwIfAborted(signal);
    }
  } finally {
    if (open) await close(iterator, signal, closingMs);
  }
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new AbortedError());
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.finally(() => signal.removeEventListener('abort', onAbort)).then(resolve, reject);
  });
}

async function close(
  iterator: AsyncIterator<unknown>,
  signal: AbortSignal,
  closingMs: number,
): Promise<void> {
  const closing = Promise.resolve(iterator.return?.());
  if (!signal.aborted) {
    await closing;
    return;
  }
  const closed = new AbortController();
  // Whether a source fails to close does not change that the run was aborted.
  const closedOrFailed = closing.catch(() => undefined).finally(() => closed.abort());
  await Promise.race([closedOrFailed, systemClock.sleep(closingMs, closed.signal).catch(() => undefined)]);
}
