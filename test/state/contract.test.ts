import { expect, it } from 'vitest';
import { stateStoreContract, type StateStore, type StoreUnderTest } from 'rollcall/store';
import { memoryState, MemoryDisk } from 'rollcall/testing';

/** A store whose calls are replaced by wrong ones. */
type Damage = (store: StateStore) => Partial<StateStore>;

function damaged(damage: Damage, disk = new MemoryDisk()): StoreUnderTest {
  const store = memoryState({ disk });
  const wrong = damage(store);
  const proxy = new Proxy(store, {
    get: (_, name) => {
      const value: unknown = Reflect.get(name in wrong ? wrong : store, name);
      return typeof value === 'function' ? (value.bind(store) as unknown) : value;
    },
  });
  return {
    store: proxy,
    reopen: async () => damaged(damage, disk),
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

/** Checks one law of the contract on such a store. */
async function checkLaw(law: string, damage: Damage): Promise<void> {
  const laws = stateStoreContract(async () => damaged(damage));
  await laws.find(({ name }) => name === law)?.check();
}

it.each<readonly [what: string, damage: Damage, law: string]>([
  [
    'commits what was dropped',
    ({ journal }) => ({
      journal: {
        ...journal,
        settle: (id, outcome) => journal.settle(id, outcome === 'dropped' ? 'completed' : outcome),
      },
    }),
    'the baseline is what a plain map would hold, whatever is settled in whatever way',
  ],
  [
    'forgets what is unknown',
    ({ journal }) => ({
      journal: {
        ...journal,
        settle: (id, outcome) => journal.settle(id, outcome === 'unknown' ? 'dropped' : outcome),
      },
    }),
    'an unknown row is unknown to a comparison, and missing when it left the source',
  ],
  [
    'counts refused loads',
    ({ journal }) => ({ journal: { ...journal, refused: (id) => journal.loaded(id) } }),
    'the journal holds what a plain list would, whatever happens to however many sessions',
  ],
  [
    'accepts any target',
    () => ({ bind: async () => {} }),
    'a state is stamped once, and refuses any other target',
  ],
  [
    'cuts long values',
    (store) => ({ setMeta: (name, value) => store.setMeta(name, value.slice(0, 100_000)) }),
    'a value of a million characters is kept',
  ],
  ['does not keep small values', () => ({ setMeta: async () => {} }), 'small values are kept'],
  [
    'stays open',
    () => ({ close: async () => {} }),
    'a state that is closed refuses every other call, also one that was begun',
  ],
])('the contract notices a store that %s', async (_, damage, law) => {
  await checkLaw(law, () => ({}));
  await expect(checkLaw(law, damage)).rejects.toThrow();
});
