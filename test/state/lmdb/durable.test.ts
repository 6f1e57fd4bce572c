import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RootDatabase, RootDatabaseOptionsWithPath } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openState } from '../../../src/state/lmdb/open-state.js';
import type { StateStore } from '../../../src/state/store.js';

/** Holds up what LMDB says of the disk: `flushed` resolves once a transaction would survive a loss of power. */
const disk = vi.hoisted(() => ({
  gate: undefined as Promise<void> | undefined,
  /** Each transaction: resolves when it is committed and on the disk in truth. */
  written: [] as Promise<unknown>[],
}));

vi.mock('lmdb', async (original) => {
  const lmdb = await original<typeof import('lmdb')>();
  const open = (options: RootDatabaseOptionsWithPath): RootDatabase<unknown, string> => {
    const root = lmdb.open<unknown, string>(options);
    return new Proxy(root, {
      get: (_, name) => {
        if (name === 'flushed') return (root.flushed as Promise<unknown>).then(() => disk.gate);
        if (name === 'transaction' || name === 'childTransaction')
          return (action: () => unknown) => {
            const committed = root[name](action);
            disk.written.push(committed.then(() => root.flushed));
            return committed;
          };
        const value: unknown = Reflect.get(root, name, root);
        return typeof value === 'function' ? (value.bind(root) as unknown) : value;
      },
    });
  };
  return { ...lmdb, open };
});

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'rollcall-durable-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Turns of the event loop after which whoever does not wait for the disk has gone on. */
const TURNS = 20;

const row = { entity: 'users' as const, kind: 'upsert' as const, key: 'u', fingerprint: 'f'.repeat(16) };

/** True when a write is still not done after all of it is on the disk, and only the word of that is missing. */
async function waitsForTheDisk(write: () => Promise<unknown>): Promise<boolean> {
  disk.written.length = 0;
  let open: () => void = () => undefined;
  disk.gate = new Promise((resolve) => (open = resolve));
  let done = false;
  const writing = write().finally(() => (done = true));
  while (disk.written.length === 0) await turn();
  await Promise.all(disk.written);
  for (let i = 0; i < TURNS; i++) await turn();
  const waited = !done;
  disk.gate = undefined;
  open();
  await writing;
  return waited;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('a write of a state', () => {
  it('is done only once it is on the disk, whatever it is', async () => {
    const state: StateStore = await openState(directory);
    const { journal } = state;
    const id = await journal.creating(1);
    const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['bind', () => state.bind({ orgUrl: 'https://a.example', identitySourceId: '0oa1' })],
      ['creating', () => journal.creating(1)],
      ['created', () => journal.created(id, 's')],
      ['loading', () => journal.loading(id, [row])],
      ['loaded', () => journal.loaded(id)],
      ['loading', () => journal.loading(id, [{ ...row, key: 'v' }])],
      ['refused', () => journal.refused(id)],
      ['triggering', () => journal.triggering(id)],
      ['triggered', () => journal.triggered(id, 2)],
      ['cancelling', () => journal.cancelling(id)],
      ['settle', () => journal.settle(id, 'completed')],
      ['adopt', () => state.adopt([{ ...row, key: 'w' }])],
      ['setAbsences', () => state.setAbsences('users', new Map([['u', 1]]))],
      ['setMeta', () => state.setMeta('watermark', 'w')],
      [
        'restore',
        () =>
          state.restore({ fingerprintKey: '0'.repeat(32), target: undefined, lastTriggeredAt: undefined }),
      ],
    ];
    const early: string[] = [];
    for (const [name, write] of steps) if (!(await waitsForTheDisk(write))) early.push(name);
    expect(early).toEqual([]);
    await state.close();
  });
});
