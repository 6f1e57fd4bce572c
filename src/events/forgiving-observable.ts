import type { Observable, Observer, Operator, Subscription } from 'rxjs';
import { rxjs } from '../flow/load-rxjs.js';

type ForgivingConstructor = new <T>(subscribe?: (subscriber: Observer<T>) => Subscription) => Observable<T>;

let made: ForgivingConstructor | undefined;

/**
 * An Observable whose subscribers may throw. RxJS throws what a subscriber threw once more, from a timer, where it
 * ends the process; here it is dropped, and the subscriber goes on receiving. What operators make of it is forgiving
 * too: `lift` keeps the kind.
 */
function makeForgiving(): ForgivingConstructor {
  const { Observable } = rxjs();
  return class ForgivingObservable<T> extends Observable<T> {
    override subscribe(observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null): Subscription {
      const observer =
        typeof observerOrNext === 'function' ? { next: observerOrNext } : (observerOrNext ?? {});
      // RxJS's own subscribers (its operators use them) must be passed on as they are, or operators cannot unsubscribe.
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

/** Calls somebody else's function; what it throws is its own fault, and dropped. */
export function attempt(call: () => void): void {
  try {
    call();
  } catch {
    // The caller goes on.
  }
}
