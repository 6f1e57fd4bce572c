import { systemClock, throwIfAborted } from '../core/clock.js';
import { AbortedError } from '../core/errors.js';

/** Milliseconds that an aborted reader waits for its source to close. */
const CLOSING_MS = 1000;

/**
 * An iterable that ends if the signal is aborted, even while a read is pending: a database that does not respond must not
 * prevent the end of a run. The source is then closed; the wait for this is limited, because a hanging source may never
 * close.
 *
 * @param closingMs - Milliseconds to wait for the close; longer for an outer reader, so that inner ones have enough time.
 * @throws {@link AbortedError} if the signal is aborted.
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
      // A source that failed has already closed itself.
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
  // An error during the close is ignored: the run was aborted.
  const closedOrFailed = closing.catch(() => undefined).finally(() => closed.abort());
  await Promise.race([closedOrFailed, systemClock.sleep(closingMs, closed.signal).catch(() => undefined)]);
}
