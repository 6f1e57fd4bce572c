import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openState } from '../../src/state/lmdb.js';
import type { StateStore } from '../../src/state/store.js';

/** Holds up what LMDB says of the disk: `flushed` resolves once a transaction would survive a loss of power. */
const disk = vi.hoisted(() => ({ gate: undefined as Promise<void> | undefined }));

vi.mock('lmdb', async (original) => {
  const lmdb = await original<typeof import('lmdb')>();
  const open = (options: Parameters<typeof lmdb.open>[0]): RootDatabase => {
    const root = lmdb.open(options as Parameters<typeof lmdb.open>[0] & { path: string }) as RootDatabase;
    return new Proxy(root, {
      get: (_, name) => {
        if (name === 'flushed') return (root.flushed as Promise<unknown>).then(() => disk.gate);
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

const row = { entity: 'users' as const, kind: 'upsert' as const, key: 'u', fingerprint: 'f'.repeat(16) };

/** True when the write is still not done after the disk had every chance but that of reporting it. */
async function waitsForTheDisk(write: () => Promise<unknown>): Promise<boolean> {
  let open: () => void = () => undefined;
  disk.gate = new Promise((resolve) => (open = resolve));
  let done = false;
  const writing = write().finally(() => (done = true));
  // A second transaction of the same environment: once it is committed, so is the one before it.
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  const waited = !done;
  disk.gate = undefined;
  open();
  await writing;
  return waited;
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
