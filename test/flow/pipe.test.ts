import { Readable } from 'node:stream';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { concat, of, throwError } from 'rxjs';
import { filter, flatMap, map, pipe, type Flow, type Source } from '../../src/index.js';

async function collect<T>(flow: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of flow) values.push(value);
  return values;
}

const numbers = [1, 2, 3, 4, 5];
function* iterable() {
  yield* numbers;
}
async function* asyncIterable() {
  for (const n of numbers) yield await Promise.resolve(n);
}
const sources: Record<string, () => Source<number>> = {
  'an array': () => numbers,
  'an iterable': iterable,
  'an async iterable': asyncIterable,
  'a Readable': () => Readable.from(numbers) as AsyncIterable<number>,
  'an Observable': () => of(...numbers),
  'another flow': () =>
    pipe(
      numbers,
      map((n) => n),
    ),
};

describe('pipe', () => {
  for (const [name, make] of Object.entries(sources)) {
    it(`takes ${name}`, async () => {
      expect(
        await collect(
          pipe(
            make(),
            map((n) => n * 2),
            filter((n) => n > 2),
            flatMap((n) => [n, -n]),
          ),
        ),
      ).toEqual([4, -4, 6, -6, 8, -8, 10, -10]);
    });

    it(`takes a stage written by hand behind ${name}`, async () => {
      async function* double(source: AsyncIterable<number>) {
        for await (const n of source) yield n * 2;
      }
      expect(await collect(pipe(make(), double, map(String)))).toEqual(['2', '4', '6', '8', '10']);
    });
  }

  it('ends in whatever its last stage gives', async () => {
    const count = async (flow: Flow<number>) => (await collect(flow)).length;
    const result = pipe(
      numbers,
      map((n) => n + 1),
      count,
    );
    expectTypeOf(result).toEqualTypeOf<Promise<number>>();
    expect(await result).toBe(5);
    const inc = map((n: number) => n + 1);
    expect(await collect(pipe(numbers, inc, inc, inc, inc, inc, inc, inc, inc, inc, inc))).toEqual([
      11, 12, 13, 14, 15,
    ]);
  });

  it('what came before a failure comes first', async () => {
    async function* failing() {
      yield* [1, 2, 3];
      await Promise.resolve();
      throw new Error('broken');
    }
    for (const source of [
      failing(),
      concat(
        of(1, 2, 3),
        throwError(() => new Error('broken')),
      ),
    ] as Source<number>[]) {
      const seen: number[] = [];
      await expect(
        (async () => {
          for await (const n of pipe(
            source,
            map((n) => n),
          ))
            seen.push(n);
        })(),
      ).rejects.toThrow('broken');
      expect(seen).toEqual([1, 2, 3]);
    }
  });

  it('every kind of source is closed when the reader leaves, and when a stage fails', async () => {
    const closed: string[] = [];
    function* sync() {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        closed.push('sync');
      }
    }
    async function* slow() {
      try {
        for (let i = 0; ; i++) yield await Promise.resolve(i);
      } finally {
        closed.push('async');
      }
    }
    const broken = map((): number => {
      throw new Error('stage');
    });
    for (const make of [sync, slow]) {
      for await (const _ of pipe(
        make(),
        map((n: number) => n),
      ))
        break;
      await expect(collect(pipe(make(), broken))).rejects.toThrow('stage');
    }
    expect(closed).toEqual(['sync', 'sync', 'async', 'async']);
    const stream = Readable.from(slow());
    for await (const _ of pipe(
      stream as AsyncIterable<number>,
      map((n) => n),
    ))
      break;
    expect(stream.destroyed).toBe(true);
  });

  it('a flow is also a Node stream', async () => {
    expect(
      await collect(
        Readable.from(
          pipe(
            numbers,
            map((n) => n * 10),
          ),
        ),
      ),
    ).toEqual([10, 20, 30, 40, 50]);
  });

  it('a map that answers nothing ends the run instead of dropping a record', async () => {
    await expect(
      collect(
        pipe(
          numbers,
          map((n) => (n === 3 ? undefined : n)),
        ),
      ),
    ).rejects.toMatchObject({ code: 'ERR_ROLLCALL_SOURCE' });
  });

  it('a map may be asynchronous, and keeps the order', async () => {
    const slowest = map(async (n: number) => {
      for (let i = n; i < 6; i++) await Promise.resolve();
      return n;
    });
    expect(await collect(pipe(numbers, slowest))).toEqual(numbers);
  });

  it('refuses what is no source and what is no stage', () => {
    expect(() => pipe(5 as unknown as Source<number>)).toThrow(/source/);
    expect(() => pipe(numbers, 'x' as never)).toThrow(/stage 1/);
    expect(() => map('x' as never)).toThrow(/fn/);
  });
});
