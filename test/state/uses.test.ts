import { EventEmitter, once } from 'node:events';
import { expect, it } from 'vitest';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { holdOpen, usesEnded } from '../../src/state/uses.js';

it('a state is closed after the runs that use it, also those that begin or fail while it waits', async () => {
  const state = memoryState();
  const steps: string[] = [];
  const [first, second] = [new EventEmitter(), new EventEmitter()];
  const failing = holdOpen(state, () => once(first, 'end')).catch(() => steps.push('failed'));
  const closed = state.close().then(() => steps.push('closed'));
  const later = holdOpen(state, async () => {
    await once(second, 'end');
    steps.push('done');
  });
  first.emit('error', new Error('failed'));
  await failing;
  await expect(state.counts()).resolves.toBeDefined();
  second.emit('end');
  await Promise.all([later, closed]);
  expect(steps).toEqual(['failed', 'done', 'closed']);
  await expect(state.counts()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
});

it('a state that nothing uses is closed at once', async () => {
  const state = memoryState();
  expect(await holdOpen(state, async () => 7)).toBe(7);
  await new Promise(setImmediate);
  expect(usesEnded(state)).toBeUndefined();
});
