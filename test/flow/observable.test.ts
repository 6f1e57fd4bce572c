import { concat, interval, Observable, of, range, Subject, throwError } from 'rxjs';
import { map, take } from 'rxjs/operators';
import { describe, expect, it } from 'vitest';
import { OptionsError, SourceError } from '../../src/core/errors.js';
import { pipe } from '../../src/flow/pipe.js';
import { fromObservable, toObservable } from '../../src/flow/observable.js';
import { drain } from '../sources/support.js';

/** A source that tells how far it was read, and whether it was closed. */
function watched(count: number) {
  const seen = { read: 0, closed: 0 };
  const source = (async function* () {
    try {
      for (let i = 0; i < count; i++) {
        seen.read++;
        yield i;
      }
    } finally {
      seen.closed++;
    }
  })();
  return { seen, source };
}

describe('fromObservable', () => {
  it('gives every value, whether they come at once or over time', async () => {
    expect((await drain(fromObservable(range(0, 10_000)))).records).toHaveLength(10_000);
    expect((await drain(fromObservable(interval(0).pipe(take(5))))).records).toEqual([0, 1, 2, 3, 4]);
    expect((await drain(pipe(of(1, 2, 3)))).records).toEqual([1, 2, 3]);
  });

  it('fails with what the Observable fails with, after the values before it', async () => {
    const fault = new Error('down');
    const { records, error } = await drain(
      fromObservable(
        concat(
          of(1, 2),
          throwError(() => fault),
        ),
      ),
    );
    expect(records).toEqual([1, 2]);
    expect(error).toBe(fault);
    const odd = await drain(fromObservable(throwError(() => 'text')));
    expect(odd.error).toBeInstanceOf(SourceError);
    expect(odd.error).toMatchObject({ cause: 'text' });
  });

  it('drops nothing: an Observable that runs too far ahead fails the flow and is left', async () => {
    let left = 0;
    const subject = new Subject<number>();
    const observable = new Observable<number>((subscriber) => {
      const inner = subject.subscribe(subscriber);
      return () => {
        left++;
        inner.unsubscribe();
      };
    });
    const chunks = fromObservable(observable, { maxBuffered: 3 }).chunks()[Symbol.asyncIterator]();
    const first = chunks.next();
    for (let i = 0; i < 5; i++) subject.next(i);
    expect(left).toBe(1);
    expect((await first).value).toEqual([0, 1, 2]);
    await expect(chunks.next()).rejects.toThrow(/maxBuffered/);
    expect((await drain(fromObservable(range(0, 10_001)))).error).toBeInstanceOf(SourceError);
  });

  it('subscribes at the first pull, and unsubscribes when the reader leaves', async () => {
    const seen = { subscribed: 0, left: 0 };
    const observable = new Observable<number>((subscriber) => {
      seen.subscribed++;
      subscriber.next(1);
      return () => seen.left++;
    });
    const flow = fromObservable(observable);
    expect(seen.subscribed).toBe(0);
    for await (const value of flow) {
      expect(value).toBe(1);
      break;
    }
    expect(seen).toEqual({ subscribed: 1, left: 1 });
  });

  it('checks its options when it is called', () => {
    expect(() => fromObservable(of(1), { maxBuffered: 0 })).toThrow(OptionsError);
    expect(() => fromObservable({} as never)).toThrow(OptionsError);
    expect(() => fromObservable(of(1), { buffer: 1 } as never)).toThrow(OptionsError);
  });
});

describe('toObservable', () => {
  const collect = <T>(observable: Observable<T>) =>
    new Promise<T[]>((resolve, reject) => {
      const values: T[] = [];
      observable.subscribe({
        next: (value) => values.push(value),
        error: reject,
        complete: () => resolve(values),
      });
    });

  it('gives every value in order, and there and back is the same', async () => {
    const { seen, source } = watched(100);
    expect(await collect(toObservable(source).pipe(map((n) => n * 2)))).toEqual(
      Array.from({ length: 100 }, (_, i) => i * 2),
    );
    expect(seen).toEqual({ read: 100, closed: 1 });
    expect((await drain(fromObservable(toObservable(watched(50).source)))).records).toHaveLength(50);
  });

  it('reads nothing until it is subscribed to, and no further than its subscriber', async () => {
    const { seen, source } = watched(1000);
    const observable = toObservable(source);
    expect(seen.read).toBe(0);
    expect(await collect(observable.pipe(take(3)))).toEqual([0, 1, 2]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.read).toBeLessThanOrEqual(4);
    expect(seen.closed).toBe(1);
  });

  it('passes a failure on', async () => {
    const fault = new Error('down');
    const source = (async function* () {
      yield 1;
      throw fault;
    })();
    await expect(collect(toObservable(source))).rejects.toBe(fault);
  });
});
