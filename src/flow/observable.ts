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
   * The most values that may wait for the reader. An Observable has no back-pressure. If more values wait, the flow fails,
   * because no value may be dropped.
   * @defaultValue `10_000`
   */
  readonly maxBuffered?: number;
}

/**
 * The values of an Observable as a flow. The flow subscribes at the first pull, and unsubscribes when the reader stops.
 *
 * @throws {@link OptionsError} at once for an invalid option. While reading: the error of the Observable, or a
 * {@link SourceError} if that is not an Error or if too many values wait. Earlier values are yielded first.
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
  // Undefined while `subscribe` runs, during which a synchronous Observable already emits values.
  let subscription: { unsubscribe(): void } | undefined = undefined;
  subscription = observable.subscribe({
    next: (value) => {
      if (done) return;
      if (buffer.length >= maxBuffered) {
        // The flow will fail, so later values are not needed.
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

/** Any async iterable as an Observable: it is read value by value while there is a subscription, and then closed. */
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
      // Close the iterator. There is no subscriber any more for an error of the close.
      Promise.resolve(iterator.return?.()).catch(() => undefined);
    };
  });
}
