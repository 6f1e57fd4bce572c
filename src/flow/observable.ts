import type { Observable } from 'rxjs';
import { OptionsError, SourceError } from '../core/errors.js';
import { withoutPlaces, type Chunk } from './chunk.js';
import { flowOf, type Flow, type ObservableLike } from './flow.js';
import { refuseUnknown, requireNumber } from '../core/check-options.js';
import { RunContext } from './run-context.js';
import { rxjs } from './load-rxjs.js';

/** Options of {@link fromObservable}. */
export interface FromObservableOptions {
  /**
   * Values that may wait for the reader. An Observable pushes and cannot be held back; one that runs further ahead
   * fails the flow, for nothing may be dropped.
   * @defaultValue `10_000`
   */
  readonly maxBuffered?: number;
}

/**
 * The values of an Observable as a flow. It is subscribed to at the first pull, and unsubscribed from when the reader
 * leaves.
 *
 * @throws {@link OptionsError} at once for an option of no use. While reading, what the Observable fails with, as it is
 * when it is an Error; {@link SourceError} when it runs too far ahead. Values before come first.
 */
export function fromObservable<T>(
  observable: Observable<T> | ObservableLike<T>,
  options: FromObservableOptions = {},
): Flow<T> {
  refuseUnknown('fromObservable', options, ['maxBuffered']);
  if (typeof (observable as { subscribe?: unknown } | null | undefined)?.subscribe !== 'function') {
    throw new OptionsError('observable', 'expected an Observable');
  }
  const maxBuffered = requireNumber('maxBuffered', options.maxBuffered ?? 10_000, { min: 1, integer: true });
  return flowOf(() => chunksOf(observable, maxBuffered), new RunContext());
}

async function* chunksOf<T>(
  observable: ObservableLike<T>,
  maxBuffered: number,
): AsyncGenerator<Chunk<T>, void, undefined> {
  let buffer: T[] = [];
  let failure: { readonly error: unknown } | undefined;
  let done = false;
  let wake: () => void = () => undefined;
  const stop = (reason?: { readonly error: unknown }) => {
    failure ??= reason;
    done = true;
    wake();
  };
  // Undefined while `subscribe` runs, when a synchronous Observable pushes already.
  let subscription: { unsubscribe(): void } | undefined = undefined;
  subscription = observable.subscribe({
    next: (value) => {
      if (done) return;
      if (buffer.length >= maxBuffered) {
        // What comes from here on is lost to a reader that will fail: there is no use in receiving it.
        subscription?.unsubscribe();
        stop({
          error: new SourceError(
            `the Observable emitted more than ${maxBuffered} values that were not read yet (maxBuffered)`,
          ),
        });
        return;
      }
      buffer.push(value);
      wake();
    },
    error: (cause) =>
      stop({
        error: cause instanceof Error ? cause : new SourceError('the Observable failed', {}, { cause }),
      }),
    complete: () => stop(),
  });
  try {
    for (;;) {
      if (buffer.length > 0) {
        const chunk = buffer;
        buffer = [];
        yield withoutPlaces(chunk);
      } else if (done) {
        break;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
    if (failure !== undefined) throw failure.error;
  } finally {
    subscription.unsubscribe();
  }
}

/** Any async iterable as an Observable: read value by value while it is subscribed to, closed when it is not. */
export function toObservable<T>(source: AsyncIterable<T>): Observable<T> {
  return new (rxjs().Observable)<T>((subscriber) => {
    const iterator = source[Symbol.asyncIterator]();
    const run = async () => {
      for (;;) {
        const step = await iterator.next();
        if (step.done || subscriber.closed) return;
        subscriber.next(step.value);
      }
    };
    run().then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    );
    return () => {
      // Closing it is all that is left to do; nobody listens for how that went.
      Promise.resolve(iterator.return?.()).catch(() => undefined);
    };
  });
}
