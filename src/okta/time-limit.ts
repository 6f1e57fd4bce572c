import { AbortedError } from '../core/errors.js';
import { TransportError } from './wire.js';

/**
 * Runs a function that may never end, such as a signer of the user. After `ms` milliseconds, or if the given signal is
 * aborted, its own signal is aborted and the result is not awaited any more.
 */
export async function withinTime<T>(
  ms: number,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const leave = (error: Error) => {
      clearTimeout(timer);
      reject(error);
      controller.abort();
    };
    const onAbort = () => leave(new AbortedError());
    const timer = setTimeout(() => leave(new TransportError('no response in time', false)), ms);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort);
    run(controller.signal)
      .finally(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      })
      .then(resolve, reject);
  });
}
