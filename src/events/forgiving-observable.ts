import type { Observable, Observer, Operator, Subscription } from 'rxjs';
import { rxjs } from '../flow/load-rxjs.js';

type ForgivingConstructor = new <T>(subscribe?: (subscriber: Observer<T>) => Subscription) => Observable<T>;

let made: ForgivingConstructor | undefined;

/**
 * An Observable whose subscribers may throw. RxJS rethrows an error of a subscriber from a timer, which ends the process.
 * Here the error is dropped, and the subscriber continues to receive values. `lift` returns the same kind of Observable,
 * so this also holds after operators.
 */
function makeForgiving(): ForgivingConstructor {
  const { Observable } = rxjs();
  return class ForgivingObservable<T> extends Observable<T> {
    override subscribe(observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null): Subscription {
      const observer =
        typeof observerOrNext === 'function' ? { next: observerOrNext } : (observerOrNext ?? {});
      // Pass RxJS's own subscribers (used by its operators) on unchanged; otherwise operators cannot unsubscribe.
      if ('isStopped' in observer) return super.subscribe(observer);
      return super.subscribe({
        next: (value) => attempt(() => observer.next?.(value)),
        error: (cause) => attempt(() => observer.error?.(cause)),
        complete: () => attempt(() => observer.complete?.()),
      });
    }

    override lift<R>(operator?: Operator<T, R>): Observable<R> {
      const lifted = new ForgivingObservable<R>();
      lifted.source = this;
      if (operator) lifted.operator = operator;
      return lifted;
    }
  };
}

/** The same values, for subscribers that may throw. */
export function forgiving<T>(source: Observable<T>): Observable<T> {
  made ??= makeForgiving();
  return new made<T>((subscriber) => source.subscribe(subscriber));
}

/** Calls a function of the user, and drops its error. */
export function attempt(call: () => void): void {
  try {
    call();
  } catch {
    // The caller goes on.
  }
}
