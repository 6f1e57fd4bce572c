import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RootDatabase, RootDatabaseOptionsWithPath } from 'lmdb';
import { afterEach, describe, it, vi } from 'vitest';
import { openState } from '../../../src/state/lmdb/open-state.js';
import { stateStoreContract } from '../../../src/state/contract/contract.js';
import type { StoreUnderTest } from '../../../src/state/contract/laws.js';

/** The environments that were opened, the last of which can be made to fail. */
const roots = vi.hoisted(() => [] as RootDatabase[]);
vi.mock('lmdb', async (original) => {
  const lmdb = await original<typeof import('lmdb')>();
  const open = (options: RootDatabaseOptionsWithPath) => {
    const root = lmdb.open(options);
    roots.push(root);
    return root;
  };
  return { ...lmdb, open };
});

/** Makes the next transaction fail once all of it is written, as it does where the disk refuses the commit. */
function failNextWrite(): Error {
  const error = new Error('no space left on device');
  const root = roots.at(-1) as RootDatabase;
  const transactionSync = root.transactionSync.bind(root);
  root.transactionSync = (action) => {
    root.transactionSync = transactionSync;
    return transactionSync(() => {
      action();
      throw error;
    });
  };
  return error;
}

async function under(directory: string): Promise<StoreUnderTest> {
  const store = await openState(directory);
  return {
    store,
    reopen: async () => {
      await store.close();
      return under(directory);
    },
    failNextWrite,
    dispose: () => store.close(),
  };
}

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

async function fresh(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-state-'));
  directories.push(directory);
  return directory;
}

describe('a state over LMDB', () => {
  for (const { name, check } of stateStoreContract(async () => under(await fresh()))) it(name, check);
});
