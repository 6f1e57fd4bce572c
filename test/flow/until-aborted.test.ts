import { describe, expect, it } from 'vitest';
import { AbortedError } from '../../src/core/errors.js';
import { fromPages } from '../../src/sources/from-pages.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { plan, startSync } from '../../src/sync/sync.js';
import { untilAborted } from '../../src/flow/until-aborted.js';
import { clientOf, company, makeOrg } from '../support/world.js';
import { inVirtualTime } from '../support/virtual-time.js';

const never = () => new Promise<never>(() => undefined);
const [first] = company(1).users;

/** Sources that give one record at most, and then no answer. */
const SILENT = {
  'a generator': async function* () {
    yield first!;
    await never();
  },
  'an iterator': () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }),
  'pages that do not come': () => fromPages(never),
};

describe('an abort', () => {
  for (const [name, open] of Object.entries(SILENT)) {
    it(`ends a run whose source does not answer, within five seconds: ${name}`, async () => {
      await inVirtualTime(async (clock) => {
        const org = makeOrg({ clock });
        const state = memoryState();
        const running = startSync({
          okta: clientOf(org),
          state,
          users: open() as AsyncIterable<never>,
          clock,
        });
        await clock.sleep(60_000);
        const abortedAt = clock.now();
        running.abort();
        await expect(running.done).rejects.toBeInstanceOf(AbortedError);
        expect(clock.now() - abortedAt).toBeLessThan(5000);
        // Nothing is left open: the state may be read again.
        await (await state.read()).close();
        expect(org.requests).toEqual([]);
      });
    });
  }

  it('ends a plan as well', async () => {
    await inVirtualTime(async (clock) => {
      const stop = new AbortController();
      const planning = plan({ state: memoryState(), users: SILENT['a generator'](), signal: stop.signal });
      setTimeout(() => stop.abort(), 60_000);
      await expect(planning).rejects.toBeInstanceOf(AbortedError);
      expect(clock.now()).toBeGreaterThan(0);
    });
  });

  it('closes a source that can be closed before the run ends', async () => {
    await inVirtualTime(async (clock) => {
      let closed = false;
      async function* slow() {
        try {
          for (let i = 0; ; i++) {
            if (i % 4 === 0) await clock.sleep(1);
            yield { ...first!, externalId: `u${i}` };
          }
        } finally {
          closed = true;
        }
      }
      const running = startSync({
        okta: clientOf(makeOrg({ clock })),
        state: memoryState(),
        users: slow(),
        clock,
      });
      setTimeout(() => running.abort(), 10_100);
      await expect(running.done).rejects.toBeInstanceOf(AbortedError);
      expect(closed).toBe(true);
    });
  });
});

describe('untilAborted', () => {
  it('gives what its source gives, and closes it when it is left early', async () => {
    for (const signal of [undefined, new AbortController().signal]) {
      let closed = 0;
      const source = async function* () {
        try {
          yield* [1, 2, 3];
        } finally {
          closed++;
        }
      };
      const seen: number[] = [];
      for await (const value of untilAborted(source(), signal)) seen.push(value);
      for await (const value of untilAborted(source(), signal)) {
        seen.push(value);
        break;
      }
      expect(seen).toEqual([1, 2, 3, 1]);
      expect(closed).toBe(2);
    }
  });

  it('hands on what its source throws, and is silent of what an aborted one says when it is closed', async () => {
    const stop = new AbortController();
    const failing = (async function* () {
      yield 1;
      throw new Error('lost');
    })();
    await expect(
      (async () => {
        for await (const _ of untilAborted(failing, stop.signal)) continue;
      })(),
    ).rejects.toThrow('lost');
    const rude: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ value: 1, done: false }),
        return: () => Promise.reject(new Error('rude')),
      }),
    };
    await expect(
      (async () => {
        for await (const _ of untilAborted(rude, stop.signal)) stop.abort();
      })(),
    ).rejects.toBeInstanceOf(AbortedError);
  });
});
