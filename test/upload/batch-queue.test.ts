import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutPlaces } from '../../src/flow/chunk.js';
import { flowOf, type Chunks } from '../../src/flow/flow.js';
import type { Batch } from '../../src/core/model.js';
import { RunContext } from '../../src/flow/run-context.js';
import { BatchQueue } from '../../src/upload/batch-queue.js';

/** Batches are handed on as they are: names do for them. */
const asBatches = (names: readonly string[]) => withoutPlaces(names as unknown as readonly Batch[]);

function queueOf(chunks: readonly (readonly string[])[]) {
  const trace = { pulled: 0, closed: 0 };
  const source = (): Chunks<Batch> => ({
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const chunk = chunks[trace.pulled++];
        return chunk === undefined
          ? { done: true, value: undefined }
          : { done: false, value: asBatches(chunk) };
      },
      return: async () => {
        trace.closed++;
        return { done: true, value: undefined };
      },
    }),
  });
  return { queue: new BatchQueue(flowOf(source, new RunContext()), undefined), trace };
}

describe('batches one by one', () => {
  it('all of them come, in order, whatever the chunks, and a look takes none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.string(), { maxLength: 3 })), async (chunks) => {
        const { queue } = queueOf(chunks);
        const seen: unknown[] = [];
        for (;;) {
          const batch = await queue.peek();
          expect(await queue.peek()).toBe(batch);
          if (batch === undefined) break;
          seen.push(batch);
          queue.shift();
        }
        expect(seen).toEqual(chunks.flat());
      }),
    );
  });

  it('are pulled when they are asked for, and not before', async () => {
    const { queue, trace } = queueOf([['a', 'b'], ['c']]);
    expect(trace.pulled).toBe(0);
    await queue.peek();
    queue.shift();
    await queue.peek();
    expect(trace.pulled).toBe(1);
  });

  it('a source that is left early is closed, once', async () => {
    const { queue, trace } = queueOf([['a']]);
    await queue.peek();
    await queue.close();
    await queue.close();
    expect(trace.closed).toBe(1);
    // What was shown may still be taken; nothing more is pulled.
    queue.shift();
    expect(await queue.peek()).toBeUndefined();
    expect(trace.pulled).toBe(1);
  });

  it('a source that ended has closed itself, and is not pulled again', async () => {
    const { queue, trace } = queueOf([]);
    expect(await queue.peek()).toBeUndefined();
    expect(await queue.peek()).toBeUndefined();
    await queue.close();
    expect(trace).toEqual({ pulled: 1, closed: 0 });
  });

  it('a source that cannot be closed is left', async () => {
    const source = () => ({
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: asBatches(['a']) }) }),
    });
    const queue = new BatchQueue(flowOf(source, new RunContext()), undefined);
    await queue.peek();
    await expect(queue.close()).resolves.toBeUndefined();
  });
});
