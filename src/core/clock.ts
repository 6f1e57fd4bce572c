import { AbortedError } from './errors.js';

/** The source of time, injected so that tests control every wait. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds of a monotonic clock, which is never set; its zero is arbitrary. @defaultValue `now()` */
  elapsed?(): number;
  /** Resolves after `ms` milliseconds; rejects with {@link AbortedError} as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * The clock of the machine.
 * @example
 * const impatient: Clock = { now: systemClock.now, sleep: () => Promise.resolve() };
 */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) {
        reject(new AbortedError());
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(new AbortedError());
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
});

/**
 * Sleeps until `ms` are over, until `done` resolves, or until the signal is aborted, whichever is first. It does not reject, and
 * leaves neither a timer nor a listener.
 */
export async function sleepUnless(
  clock: Clock,
  ms: number,
  done: Promise<void> | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const stopper = new AbortController();
  const stop = () => stopper.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  const sleep = clock.sleep(ms, stopper.signal).catch(() => undefined);
  try {
    await (done === undefined ? sleep : Promise.race([sleep, done]));
  } finally {
    stop();
    signal?.removeEventListener('abort', stop);
    await sleep;
  }
}

/** Throws {@link AbortedError} if the signal is aborted. */
export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw new AbortedError();
}
