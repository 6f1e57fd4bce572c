import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import type * as NodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import FakeTimers from '@sinonjs/fake-timers';
import { open, type RootDatabase } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import { BEAT_MS, readHolder, thisHolder, writeHolder } from '../../../src/state/lmdb/holder.js';
import { openState } from '../../../src/state/lmdb/open-state.js';
import { WriterPlace } from '../../../src/state/lmdb/writer-place.js';
import type { FileSystem } from '../../support/failing-fs.js';
import { compiled } from '../../support/compiled.js';

const fileSystem = vi.hoisted((): FileSystem => ({ calls: [], fails: undefined, onCall: undefined }));
vi.mock('node:fs', async (original) => {
  const { failingFs } = await import('../../support/failing-fs.js');
  return failingFs(await original<typeof NodeFs>(), fileSystem);
});

let directory: string;
let timers: FakeTimers.Clock;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-place-'));
  timers = FakeTimers.install({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(async () => {
  timers.uninstall();
  fileSystem.fails = undefined;
  await rm(directory, { recursive: true, force: true });
});

/** An environment beside that of the state, as another process has it. */
async function beside<T>(work: (root: RootDatabase) => T): Promise<T> {
  const root = open({
    path: join(directory, 'state.mdb'),
    noSubdir: true,
    maxDbs: 16,
    overlappingSync: false,
  });
  try {
    return work(root);
  } finally {
    await root.close();
  }
}

/** Takes the place, as a process of another host does that took this one for dead. */
function overtake(): Promise<void> {
  return beside((root) => {
    const head = root.openDB<unknown, string>({ name: 'head' });
    WriterPlace.acquire(directory, { root, head }, readHolder(directory), systemClock).release();
    writeHolder(directory, { ...thisHolder(systemClock), host: 'new' }, true);
  });
}

/** The next call of the file system fails. */
const failNext = (code: string) => (fileSystem.fails = { call: fileSystem.calls.length + 1, code });

describe('the place of the one writer', () => {
  it('once taken by another is lost: nothing more is written, and the close leaves the new holder alone', async () => {
    const state = await openState(directory);
    await overtake();
    const lost = { code: 'ERR_ROLLCALL_STATE_LOST' };
    await expect(state.journal.creating(1)).rejects.toMatchObject(lost);
    await expect(state.setMeta('watermark', 'late')).rejects.toMatchObject(lost);
    timers.tick(BEAT_MS);
    await state.close();
    expect(readHolder(directory)).toMatchObject({ host: 'new', beats: 0 });
    await beside((root) => {
      expect(root.openDB({ name: 'head' }).get('meta:watermark')).toBeUndefined();
    });
  });

  it('is taken by one of two that saw the same dead holder', async () => {
    await (await openState(directory)).close();
    const dead = { ...thisHolder(systemClock), processStart: '1' };
    writeHolder(directory, dead, true);
    await beside((root) => {
      const tables = { root, head: root.openDB<unknown, string>({ name: 'head' }) };
      const first = WriterPlace.acquire(directory, tables, dead, systemClock);
      expect(() => WriterPlace.acquire(directory, tables, dead, systemClock)).toThrow(
        expect.objectContaining({ code: 'ERR_ROLLCALL_BUSY' }) as Error,
      );
      first.requireKept();
      first.release();
    });
  });

  it('has a counter that rises every ten seconds, until it is given up', async () => {
    const state = await openState(directory);
    const first = readHolder(directory);
    expect(first).toMatchObject({ pid: process.pid, beats: 0 });
    for (const [passed, beats] of [
      [9_999, 0],
      [1, 1],
      [10_000, 2],
    ] as const) {
      timers.tick(passed);
      expect(readHolder(directory)).toEqual({ ...first, beats });
    }
    await state.close();
    expect(timers.countTimers()).toBe(0);
    expect(readHolder(directory)).toBeUndefined();
  });

  it('does not keep the process alive', async () => {
    const module = pathToFileURL(compiled('src/state/lmdb/open-state.ts')).href;
    const script = `const { openState } = await import(${JSON.stringify(module)}); await openState(process.argv[1]);`;
    // It ends by itself: it is not stopped.
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, directory]);
    expect(readHolder(directory)).toBeDefined();
  });

  it('is entered again where somebody removed the file', async () => {
    const state = await openState(directory);
    const holder = readHolder(directory);
    await rm(join(directory, 'holder.json'));
    timers.tick(BEAT_MS);
    expect(readHolder(directory)).toEqual({ ...holder, beats: 1 });
    await state.close();
  });

  it('reports a beat that failed by the next write, once, and goes on', async () => {
    const state = await openState(directory);
    failNext('EIO');
    timers.tick(BEAT_MS);
    await expect(state.setMeta('watermark', '1')).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE',
      message: expect.stringContaining(directory) as string,
      cause: { code: 'EIO' },
    });
    await state.setMeta('watermark', '2');
    expect(await state.getMeta('watermark')).toBe('2');
    await state.close();
  });

  it('forgets a beat that failed when the next succeeds', async () => {
    const state = await openState(directory);
    failNext('ENOSPC');
    timers.tick(BEAT_MS);
    timers.tick(BEAT_MS);
    await state.setMeta('watermark', '1');
    await state.close();
  });

  it('reports a beat that failed by the close, which gives the place up all the same', async () => {
    const state = await openState(directory);
    failNext('EIO');
    timers.tick(BEAT_MS);
    const closing = state.close();
    await expect(closing).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE', cause: { code: 'EIO' } });
    await expect(state.close()).rejects.toBe(await closing.catch((error: unknown) => error));
    expect(readHolder(directory)).toBeUndefined();
    await (await openState(directory)).close();
  });

  it('that cannot be given up is reported by the close, and is free for this process all the same', async () => {
    const state = await openState(directory);
    failNext('EACCES');
    await expect(state.close()).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE',
      message: expect.stringContaining('EACCES') as string,
    });
    await (await openState(directory)).close();
  });
});
