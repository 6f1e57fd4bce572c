import { describe, expect, it } from 'vitest';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { loadLearnedWait, storeLearnedWait } from '../../src/state/learned-wait.js';

describe('the learned wait', () => {
  it('is kept in the state', async () => {
    const state = memoryState();
    expect(await loadLearnedWait(state)).toEqual({ sessions: 0 });
    const learned = {
      afterImport: false,
      createdMs: 61_000,
      importedMs: 5,
      refusedMs: 60_500.5,
      retryMs: 60_400,
      sessions: 7,
    };
    await storeLearnedWait(state, learned);
    expect(await loadLearnedWait(state)).toEqual(learned);
  });

  it.each([
    ['{', {}],
    ['7', {}],
    ['null', {}],
    [
      '{"createdMs":"60","refusedMs":-1,"importedMs":null,"retryMs":"1","afterImport":"no","sessions":0.5}',
      {},
    ],
    ['{"createdMs":60,"sessions":-3}', { createdMs: 60 }],
  ])('that cannot be read (%s) counts as nothing', async (text, learned) => {
    const state = memoryState();
    await state.setMeta('session-wait', text);
    expect(await loadLearnedWait(state)).toEqual({ sessions: 0, ...learned });
  });
});
