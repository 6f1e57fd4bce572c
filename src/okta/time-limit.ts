import { AbortedError } from '../core/errors.js';
import { TransportError } from './wire.js';

/**
 * Runs something that may never end, such as a signer of somebody else's: it is left, and its signal aborted, after
 * `ms` milliseconds or when the given signal is.
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
