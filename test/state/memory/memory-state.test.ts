import { describe, expect, it } from 'vitest';
import { ENTITIES } from '../../../src/core/model.js';
import { MemoryDisk } from '../../../src/state/memory/memory-disk.js';
import { memoryState } from '../../../src/state/memory/memory-state.js';
import type { StateStore } from '../../../src/state/store.js';
import { confirmed, upserted } from '../../support/rows.js';
import { stateStoreContract } from '../../../src/state/contract/contract.js';
import type { StoreUnderTest } from '../../../src/state/contract/laws.js';

const row = (key: string) => confirmed('users', key);

function under(disk: MemoryDisk): StoreUnderTest {
  const store = memoryState({ disk });
  return {
    store,
    reopen: async () => under(disk),
    failNextWrite: () => {
      const error = new Error('disk full');
      disk.onWrite = () => {
        disk.onWrite = undefined;
        throw error;
      };
      return error;
    },
    dispose: () => store.close(),
  };
}

describe('memoryState', () => {
  for (const { name, check } of stateStoreContract(async () => under(new MemoryDisk()))) it(name, check);

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

  it('tells each write by its name before it is done, and keeps the cause of one that fails', async () => {
    const disk = new MemoryDisk();
    const state = memoryState({ disk });
    const names: string[] = [];
    disk.onWrite = (name) => names.push(name);
    const { journal } = state;
    await state.bind({ orgUrl: 'https://a.example', identitySourceId: 's' });
    const id = await journal.creating(1);
    await journal.created(id, 's');
    await journal.loading(id, [upserted('users', 'a')]);
    await journal.refused(id, 0);
    await journal.loading(id, [upserted('users', 'a')]);
    await journal.loaded(id);
    await journal.triggering(id);
    await journal.triggered(id, 2);
    await journal.cancelling(id);
    await journal.settle(id, 'completed');
    await state.adopt([row('b')]);
    await state.setAbsences('users', new Map());
    await state.setMeta('name', 'value');
    await state.restore({ fingerprintKey: 'f'.repeat(32), target: undefined, lastTriggeredAt: undefined });
    expect(names).toEqual([
      'bind',
      ...['creating', 'created', 'loading', 'refused', 'loading', 'loaded', 'triggering', 'triggered'].map(
        (name) => `journal:${name}`,
      ),
      'journal:cancelling',
      'journal:settle',
      ...['adopt', 'absences', 'meta', 'restore'],
    ]);
    const cause = new Error('disk full');
    disk.onWrite = () => {
      throw cause;
    };
    await expect(state.adopt([])).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE', cause });
  });

  it('a disk that was taken over is lost to who had it before', async () => {
    const disk = new MemoryDisk();
    const before = memoryState({ disk });
    memoryState({ disk });
    await expect(before.adopt([])).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_LOST' });
  });

  it('a copy of a disk shares nothing with it', async () => {
    const disk = new MemoryDisk();
    await memoryState({ disk }).adopt([row('a')]);
    const copy = disk.clone();
    await memoryState({ disk }).adopt([row('b')]);
    const counts = async (one: MemoryDisk) => (await memoryState({ disk: one }).counts()).users.known;
    expect([await counts(disk), await counts(copy)]).toEqual([2, 1]);
  });

  it('a state without a disk begins empty, and holds no absences', async () => {
    const state = memoryState();
    expect(await state.counts()).toMatchObject({ users: { known: 0, unknown: 0 } });
    for (const entity of ENTITIES) expect(await state.absences(entity)).toEqual(new Map());
  });

  it('rows come some thousands at a time, each once', async () => {
    const state = memoryState();
    await state.adopt(Array.from({ length: 8192 }, (_, i) => row(`u${i}`)));
    const chunks: number[] = [];
    for await (const chunk of state.rows('users')) chunks.push(chunk.length);
    expect(chunks).toEqual([4096, 4096]);
  });

  it('what is missing comes some thousands at a time, each once, and no chunk for nothing', async () => {
    const state = memoryState();
    const keys = Array.from({ length: 8193 }, (_, i) => `u${i}`);
    await state.adopt(keys.map(row));
    const chunks: (readonly string[])[] = [];
    const reading = await state.read();
    await reading.keep('users', ['u5']);
    for await (const chunk of reading.missing('users')) chunks.push(chunk);
    expect(chunks.map(({ length }) => length)).toEqual([4096, 4096]);
    expect(chunks.flat()).toEqual(keys.filter((key) => key !== 'u5'));
    await reading.close();
  });

  it.each([
    ['closed', (state: StateStore) => state.close()],
    ['disposed of', (state: StateStore) => state[Symbol.asyncDispose]()],
  ])('a state that is %s ends its reading', async (_, end) => {
    const state = memoryState();
    const reading = await state.read();
    await end(state);
    await expect(reading.held('users', ['a'])).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
  });
});
