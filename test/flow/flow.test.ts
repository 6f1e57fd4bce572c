import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_SIZE } from '../../src/flow/chunk.js';
import { flowOf, toFlow, type Chunks } from '../../src/flow/flow.js';
import { pipe } from '../../src/flow/pipe.js';
import { map } from '../../src/transform/map.js';
import { RunContext } from '../../src/flow/run-context.js';

type Call = 'next' | 'return' | 'throw';
interface Source {
  readonly chunks: readonly number[][];
  readonly fails: boolean;
  readonly turns: number;
}

const sources = fc.record<Source>({
  chunks: fc.array(fc.array(fc.nat(99), { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
  fails: fc.boolean(),
  turns: fc.nat(3),
});
const calls = fc.array(
  fc.record({
    call: fc.constantFrom<Call>('next', 'next', 'next', 'next', 'return', 'throw'),
    waits: fc.boolean(),
  }),
  { maxLength: 20 },
);

/** What calls of an iterator came to, in order, and whether its source was closed. */
async function outcomes(
  { chunks, fails, turns }: Source,
  plan: readonly { readonly call: Call; readonly waits: boolean }[],
  open: (chunks: () => AsyncIterable<readonly number[]>) => AsyncIterator<number, unknown>,
): Promise<unknown> {
  const events: string[] = [];
  async function* source() {
    try {
      for (const chunk of chunks) {
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        yield chunk;
      }
      if (fails) throw new Error('broken');
    } finally {
      events.push('closed');
    }
  }
  const iterator = open(source);
  const answers: Promise<unknown>[] = [];
  for (const { call, waits } of plan) {
    const answer =
      call === 'throw'
        ? iterator.throw?.(new Error('thrown'))
        : call === 'next'
          ? iterator.next()
          : iterator.return?.();
    const settled = Promise.resolve(answer).then(
      (step) => ({ done: step?.done, value: step?.value }),
      (error: unknown) => String(error),
    );
    answers.push(settled);
    if (waits) await settled;
  }
  return { answers: await Promise.all(answers), events };
}

describe('a flow', () => {
  it('answers record by record as an async generator would, whatever is called, and when', async () => {
    async function* plain(chunks: AsyncIterable<readonly number[]>) {
      for await (const chunk of chunks) yield* chunk;
    }
    await fc.assert(
      fc.asyncProperty(sources, calls, async (source, plan) => {
        const ours = await outcomes(source, plan, (chunks) =>
          flowOf(() => chunks() as Chunks<number>, new RunContext())[Symbol.asyncIterator](),
        );
        expect(ours).toEqual(await outcomes(source, plan, (chunks) => plain(chunks())));
      }),
      { numRuns: 500 },
    );
  });

  it('gathers what is written by hand into full chunks, in order, up to its end or failure', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(3 * CHUNK_SIZE), fc.boolean(), fc.boolean(), async (count, fails, promises) => {
        let at = 0;
        // An iterator of the plainest kind, which may answer without a promise and throw at once.
        const iterator = {
          next: () => {
            if (at === count && fails) throw new Error('broken');
            const step = at === count ? { done: true, value: undefined } : { done: false, value: at++ };
            return promises ? Promise.resolve(step) : step;
          },
        };
        const chunks: (readonly number[])[] = [];
        const read = (async () => {
          const source = { [Symbol.asyncIterator]: () => iterator } as unknown as AsyncIterable<number>;
          for await (const chunk of toFlow(source).chunks()) chunks.push(chunk);
        })();
        if (fails) await expect(read).rejects.toThrow('broken');
        else await read;
        expect(chunks.flat()).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(chunks.slice(0, -1).every((chunk) => chunk.length === CHUNK_SIZE)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('an iterator that answers nothing fails the flow instead of hanging it', async () => {
    const source = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(undefined) }),
    } as unknown as AsyncIterable<number>;
    await expect(
      (async () => {
        for await (const _ of pipe(
          source,
          map((n) => n),
        ));
      })(),
    ).rejects.toThrow(TypeError);
  });

  it('a stage written by hand that leaves early, or fails, closes the source behind it', async () => {
    for (const how of ['leaves', 'fails'] as const) {
      let closed = 0;
      async function* source() {
        try {
          for (let i = 0; ; i++) yield i;
        } finally {
          closed++;
        }
      }
      async function* some(records: AsyncIterable<number>) {
        for await (const n of records) {
          if (n === 700 && how === 'fails') throw new Error('stage');
          if (n === 700) return;
          yield n;
        }
      }
      const seen: number[] = [];
      const read = (async () => {
        for await (const n of pipe(
          source(),
          some,
          map((n) => n),
        ))
          seen.push(n);
      })();
      if (how === 'fails') await expect(read).rejects.toThrow('stage');
      else await read;
      expect(seen).toHaveLength(700);
      expect(closed).toBe(1);
    }
  });
});
