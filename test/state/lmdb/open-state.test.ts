import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile, chmod } from 'node:fs/promises';
import type * as NodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { open } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readHolder, thisHolder, writeHolder } from '../../../src/state/lmdb/holder.js';
import { openState } from '../../../src/state/lmdb/open-state.js';
import { systemClock } from '../../../src/core/clock.js';
import type { FileSystem } from '../../support/failing-fs.js';
import { openFiles } from '../../support/open-files.js';

const fileSystem = vi.hoisted((): FileSystem => ({ calls: [], fails: undefined, onCall: undefined }));
vi.mock('node:fs', async (original) => {
  const { failingFs } = await import('../../support/failing-fs.js');
  return failingFs(await original<typeof NodeFs>(), fileSystem);
});

let root: string;
let directory: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rollcall-open-'));
  directory = join(root, 'a', 'state');
  fileSystem.calls = [];
  fileSystem.fails = undefined;
  fileSystem.onCall = undefined;
});
afterEach(() => rm(root, { recursive: true, force: true }));

const busy = { code: 'ERR_ROLLCALL_BUSY', pid: process.pid };
const opensNothing = () => openFiles((path) => path.startsWith(root)) === 0;
/** What a process that was killed leaves. */
const leaveDeadHolder = () => writeHolder(directory, { ...thisHolder(systemClock), processStart: '1' }, true);

describe('a directory is opened once in a process', () => {
  it('whatever path leads to it', async () => {
    await using state = await openState(directory);
    await symlink(directory, join(root, 'link'));
    await symlink(join(root, 'a'), join(root, 'up'));
    for (const path of [directory, join(root, 'link'), join(root, 'up', 'state'), `${directory}/../state/`])
      await expect(openState(path), path).rejects.toMatchObject(busy);
    await state.setMeta('watermark', 'still mine');
  });

  it('when two open it at the same moment', async () => {
    await symlink(root, join(root, 'link'));
    const outcomes = await Promise.allSettled([
      openState(directory),
      openState(join(root, 'link', 'a', 'state')),
    ]);
    expect(outcomes).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: busy }]);
    await (outcomes[0] as PromiseFulfilledResult<Awaited<ReturnType<typeof openState>>>).value.close();
    await (await openState(directory)).close();
  });

  it('when there are two copies of this package', async () => {
    await using _ = await openState(directory);
    vi.resetModules();
    const copy = await import('../../../src/state/lmdb/open-state.js');
    expect(copy.openState).not.toBe(openState);
    await expect(copy.openState(directory)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_BUSY' });
  });

  it('and again once it is closed, twice if somebody likes', async () => {
    const state = await openState(directory);
    await Promise.all([state.close(), state.close()]);
    await using next = await openState(directory);
    await state.close();
    await expect(openState(directory)).rejects.toMatchObject(busy);
    await next.setMeta('watermark', 'mine');
  });
});

describe('an opening that fails', () => {
  it.each(['EACCES', 'EMFILE', 'EROFS', 'ENOSPC', 'EIO'])(
    'at any call of the file system names the path and %s, and leaves nothing behind',
    async (code) => {
      for (let call = 1; ; call++) {
        fileSystem.calls = [];
        fileSystem.fails = { call, code };
        const outcome = await openState(directory).catch((error: unknown) => error);
        const [name, path] = fileSystem.calls[call - 1] ?? [];
        fileSystem.fails = undefined;
        if (!(outcome instanceof Error)) {
          await (outcome as Awaited<ReturnType<typeof openState>>).close();
          expect(call).toBeGreaterThan(20);
          return;
        }
        const where = `call ${call}, ${name} ${path}`;
        expect(outcome, where).toMatchObject({ code: 'ERR_ROLLCALL_STATE', cause: { code } });
        expect(outcome.message, where).toContain(code);
        expect(outcome.message, where).toContain(root);
        expect(opensNothing(), where).toBe(true);
        expect(readHolder(directory), where).toBeUndefined();
        await (await openState(directory)).close();
        if (call % 2 === 0) await rm(join(root, 'a'), { recursive: true });
      }
    },
  );

  it('after a crash leaves the dead holder entered, for what it wrote is still to be checked', async () => {
    await (await openState(directory)).close();
    leaveDeadHolder();
    for (let call = 1; ; call++) {
      const dead = readHolder(directory);
      fileSystem.calls = [];
      fileSystem.fails = { call, code: 'EIO' };
      const outcome = await openState(directory).catch((error: unknown) => error);
      fileSystem.fails = undefined;
      if (!(outcome instanceof Error)) return (outcome as Awaited<ReturnType<typeof openState>>).close();
      expect(outcome, `call ${call}`).toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
      // Once the place is taken the check is done.
      const isChecked = fileSystem.calls.some(
        ([name, path]) => name === 'renameSync' && path.includes('holder'),
      );
      expect(isChecked ? [dead, undefined] : [dead], `call ${call}`).toContainEqual(readHolder(directory));
      leaveDeadHolder();
      expect(opensNothing()).toBe(true);
    }
  });

  it('names the path where that is no directory, or cannot be one', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(openState(join(root, 'file', 'state'))).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE',
      message: expect.stringMatching(/file.*ENOTDIR/) as string,
    });
    await writeFile(join(root, 'plain'), 'x');
    await chmod(join(root, 'plain'), 0o644);
    await expect(openState(join(root, 'plain'))).rejects.toMatchObject({
      message: expect.stringMatching(/plain.*ENOTDIR/) as string,
    });
    expect((await stat(join(root, 'plain'))).mode & 0o777).toBe(0o644);
    await expect(openState('/proc/rollcall-state')).rejects.toMatchObject({
      message: expect.stringMatching(/\/proc\/rollcall-state.*ENOENT/) as string,
    });
  });

  it('refuses an option that it does not know before it makes anything', async () => {
    const error = await openState(directory, { clok: 1 } as never).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'ERR_ROLLCALL_OPTIONS' });
    expect(String(error)).toMatch(/clok.*openState.*clock/);
    expect(await readdir(root)).toEqual([]);
  });
});

describe('an opened directory', () => {
  it('survives a loss of power, with its parents and its files, as soon as it is open', async () => {
    await using _ = await openState(directory);
    const synced = fileSystem.calls.filter(([name]) => name === 'fsyncSync').map(([, path]) => path);
    for (const path of [root, dirname(directory), directory]) expect(synced).toContain(path);
    const names = fileSystem.calls.map(([name, path]) => `${name} ${path}`);
    // The entry of a file is on disk only when its directory is synced after it.
    const lastOf = (call: string) => names.lastIndexOf(call);
    const made = names.findLastIndex((call) => /^(linkSync|renameSync)/.test(call));
    expect(lastOf(`fsyncSync ${directory}`)).toBeGreaterThan(made);
  });

  it('is for its owner alone, whatever it was before', async () => {
    await (await openState(directory)).close();
    for (const name of ['', 'state.mdb', 'state.mdb-lock']) await chmod(join(directory, name), 0o755);
    await using _ = await openState(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(directory))
      expect((await stat(join(directory, name))).mode & 0o777, name).toBe(0o600);
  });

  it('keeps nothing of what a dead writer left for itself', async () => {
    await (await openState(directory)).close();
    for (const name of ['outbox-dead', 'holder.json.0123456789abcdef.tmp'])
      await writeFile(join(directory, name), 'x');
    await using _ = await openState(directory);
    expect((await readdir(directory)).sort()).toEqual(['holder.json', 'state.mdb', 'state.mdb-lock']);
  });

  it('opens a file that LMDB left empty, and one without its table of readers', async () => {
    await (await openState(directory)).close();
    await writeFile(join(directory, 'state.mdb'), '');
    await (await openState(directory)).close();
    await rm(join(directory, 'state.mdb-lock'));
    await (await openState(directory)).close();
  });
});

describe('after a crash', () => {
  it('every page is checked before the state is used, until it is restored', async () => {
    await (await openState(directory)).close();
    const file = join(directory, 'state.mdb');
    const bytes = await readFile(file);
    // Everything but the two meta pages: LMDB would end the process.
    bytes.fill(0xff, 2 * 4096);
    await writeFile(file, bytes);
    leaveDeadHolder();
    for (let times = 0; times < 2; times++) {
      await expect(openState(directory)).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_STATE_CORRUPT',
        message: expect.stringContaining(directory) as string,
      });
      expect(opensNothing()).toBe(true);
    }
  });

  it('and after a copy that was cut off, however it ended', async () => {
    const state = await openState(directory);
    await state.setMeta('watermark', 'x'.repeat(20_000));
    await state.close();
    const file = join(directory, 'state.mdb');
    const whole = await readFile(file);
    for (const keep of [100, 4096, 8192, whole.length >> 1, whole.length - 1]) {
      await writeFile(file, whole.subarray(0, keep));
      await expect(openState(directory), `${keep} bytes`).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_STATE_CORRUPT',
      });
    }
    await writeFile(file, whole);
    await using again = await openState(directory);
    expect(await again.getMeta('watermark')).toHaveLength(20_000);
  });

  it('the next is a clean one again, and nothing is checked', async () => {
    await (await openState(directory)).close();
    leaveDeadHolder();
    await (await openState(directory)).close();
    fileSystem.calls = [];
    await (await openState(directory)).close();
    const reads = () => fileSystem.calls.filter(([name]) => name === 'readSync').length;
    expect(reads()).toBe(2);
    await (await openState(directory, { verify: true })).close();
    expect(reads()).toBeGreaterThan(6);
  });

  it('a page that seems damaged because another opener writes it by now is that opener, and no damage', async () => {
    await (await openState(directory)).close();
    await writeFile(
      join(directory, 'state.mdb'),
      (await readFile(join(directory, 'state.mdb'))).fill(0xff, 8192),
    );
    const other = { ...thisHolder(systemClock), host: 'elsewhere' };
    leaveDeadHolder();
    fileSystem.onCall = (name, path) => {
      if (name === 'openSync' && path.endsWith('state.mdb')) writeHolder(directory, other, true);
    };
    await expect(openState(directory)).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_BUSY',
      host: 'elsewhere',
    });
  });
});

describe('a state of another kind', () => {
  /** Opens the state and answers its error; the file is the same before and after. */
  async function refused(): Promise<Error> {
    const file = join(directory, 'state.mdb');
    const before = await readFile(file);
    const error = await openState(directory).catch((failure: unknown) => failure);
    expect((await readFile(file)).equals(before)).toBe(true);
    expect(opensNothing()).toBe(true);
    expect(readHolder(directory)).toBeUndefined();
    expect(error).toMatchObject({ code: 'ERR_ROLLCALL_STATE_FORMAT' });
    expect((error as Error).message).toContain(directory);
    return error as Error;
  }
  const openRoot = () =>
    open({ path: join(directory, 'state.mdb'), noSubdir: true, maxDbs: 16, overlappingSync: false });

  it.each([
    [1, /state export|export it/],
    [99, /upgrade rollcall/],
  ])('of format %i is refused, with what to do about it', async (format, advice) => {
    await (await openState(directory)).close();
    const lmdb = openRoot();
    const head = lmdb.openDB<object, string>({ name: 'head' });
    head.putSync('head', { ...head.get('head'), format });
    await lmdb.close();
    expect((await refused()).message).toMatch(advice);
  });

  it('that is the database of another program is refused', async () => {
    await (await openState(directory)).close();
    await rm(join(directory, 'state.mdb'));
    const lmdb = openRoot();
    lmdb.openDB({ name: 'sessions' }).putSync('a', 'b');
    await lmdb.close();
    expect((await refused()).message).toContain('not a state');
  });

  it('that is no database at all is refused', async () => {
    await (await openState(directory)).close();
    await writeFile(join(directory, 'state.mdb'), 'employee_id,email\n'.repeat(2000));
    expect((await refused()).message).toContain('not a state');
  });
});
