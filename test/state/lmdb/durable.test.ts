import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RootDatabaseOptionsWithPath } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openState } from '../../../src/state/lmdb/open-state.js';
import type { StateStore } from '../../../src/state/store.js';
import { confirmed, upserted } from '../../support/rows.js';

/** The environment that was opened last: how, and the flags of each transaction that is over. */
const disk = vi.hoisted(() => ({ options: {}, over: [] as unknown[] }));

vi.mock('lmdb', async (original) => {
  const lmdb = await original<typeof import('lmdb')>();
  const open = (options: RootDatabaseOptionsWithPath) => {
    disk.options = options;
    const root = lmdb.open(options);
    const transactionSync = root.transactionSync.bind(root);
    root.transactionSync = (action, flags) => {
      const result = transactionSync(action, flags);
      disk.over.push(flags);
      return result;
    };
    return root;
  };
  return { ...lmdb, open };
});

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'rollcall-durable-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('a write of a state', () => {
  it('is done only after it is on the disk, for every kind of write', async () => {
    const state: StateStore = await openState(directory);
    const { journal } = state;
    const id = await journal.creating(1);
    const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['bind', () => state.bind({ orgUrl: 'https://a.example', identitySourceId: '0oa1' })],
      ['creating', () => journal.creating(1)],
      ['created', () => journal.created(id, 's')],
      ['loading', () => journal.loading(id, [upserted('users', 'u')])],
      ['loaded', () => journal.loaded(id)],
      ['loading', () => journal.loading(id, [upserted('users', 'v')])],
      ['refused', () => journal.refused(id, 1)],
      ['triggering', () => journal.triggering(id)],
      ['triggered', () => journal.triggered(id, 2)],
      ['cancelling', () => journal.cancelling(id)],
      ['settle', () => journal.settle(id, 'completed')],
      ['adopt', () => state.adopt([confirmed('users', 'w')])],
      ['setAbsences', () => state.setAbsences('users', new Map([['u', 1]]))],
      ['setMeta', () => state.setMeta('watermark', 'w')],
      [
        'restore',
        () =>
          state.restore({ fingerprintKey: '0'.repeat(32), target: undefined, lastTriggeredAt: undefined }),
      ],
    ];
    // A transaction that is over is on the disk, as long as LMDB is not told to put that off.
    expect(disk.options).toMatchObject({ overlappingSync: false });
    expect(disk.options).not.toHaveProperty('noSync');
    const early: string[] = [];
    for (const [name, write] of steps) {
      disk.over.length = 0;
      await write();
      if (disk.over.length === 0 || disk.over.some((flags) => flags !== undefined)) early.push(name);
    }
    expect(early).toEqual([]);
    await state.close();
  });
});
