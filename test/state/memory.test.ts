import { describe, expect, it } from 'vitest';
import { MemoryDisk, memoryState } from '../../src/state/memory.js';
import { stateStoreContract, type StoreUnderTest } from '../contracts/state-store.js';

function under(disk: MemoryDisk): StoreUnderTest {
  const store = memoryState({ disk });
  return { store, reopen: async () => under(disk), dispose: () => store.close() };
}

describe('memoryState', () => {
  stateStoreContract(async () => under(new MemoryDisk()));

  it('a write that fails changes nothing', async () => {
    const disk = new MemoryDisk();
    const state = memoryState({ disk });
    disk.onWrite = () => {
      throw new Error('disk full');
    };
    await expect(state.journal.creating(1)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    disk.onWrite = undefined;
    expect(await state.journal.open()).toEqual([]);
  });
});
