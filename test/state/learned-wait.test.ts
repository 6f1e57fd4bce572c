import { describe, expect, it } from 'vitest';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { expectedWait, loadLearnedWait, storeLearnedWait } from '../../src/state/learned-wait.js';

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
      lastImport: { afterMs: 39_000, byMs: 41_000.5 },
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
    ['{"lastImport":null}', {}],
    ['{"lastImport":{"afterMs":2,"byMs":1}}', {}],
    ['{"lastImport":{"byMs":1}}', {}],
  ])('that cannot be read (%s) counts as nothing', async (text, learned) => {
    const state = memoryState();
    await state.setMeta('session-wait', text);
    expect(await loadLearnedWait(state)).toEqual({ sessions: 0, ...learned });
  });
});

describe('the wait to expect between two sessions', () => {
  it.each([
    ['nothing is learned', {}, 60_000, 300_000],
    ['two minutes were refused', { refusedMs: 120_000 }, 120_000, 300_000],
    ['a minute worked, whatever the import did', { createdMs: 61_000 }, 61_000, 61_000],
    ['it worked as soon as the import was over', { afterImport: true, importedMs: 20_000 }, 20_000, 300_000],
    ['an import took longer than five minutes', { afterImport: true, importedMs: 400_000 }, 400_000, 400_000],
    [
      'both worked',
      { afterImport: true, importedMs: 20_000, createdMs: 61_000, refusedMs: 15_000 },
      20_000,
      61_000,
    ],
    ['the end of an import did not help', { afterImport: false, importedMs: 20_000 }, 60_000, 300_000],
  ])('%s', (_, learned, leastMs, mostMs) => {
    expect(expectedWait({ ...learned, sessions: 1 })).toEqual({ leastMs, mostMs });
  });
});
