import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createDigester } from '../../../src/fingerprints/digests.js';
import { openState } from '../../../src/state/lmdb/open-state.js';
import { profileChange } from '../../support/changes.js';

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

async function fresh(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-state-'));
  directories.push(directory);
  return directory;
}

describe('openState', () => {
  it('a second opener gets an error that contains the process with the state', async () => {
    const directory = await fresh();
    const store = await openState(directory);
    await expect(openState(directory)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_BUSY', pid: process.pid });
    await store.close();
    await (await openState(directory)).close();
  });

  it('only its owner may read the directory and its files', async () => {
    const directory = await fresh();
    const store = await openState(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(directory))
      expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it('what a crashed process left in an outbox is dropped', async () => {
    const directory = await fresh();
    await (await openState(directory)).close();
    await writeFile(join(directory, 'outbox-dead'), 'x');
    await (await openState(directory)).close();
    expect(await readdir(directory)).not.toContain('outbox-dead');
  });

  it('a plan that is too large for memory is on disk, encrypted, and is read back completely', async () => {
    const directory = await fresh();
    const store = await openState(directory);
    const outbox = await store.outbox();
    const changes = Array.from({ length: 6000 }, (_, i) =>
      profileChange('users', 'upsert', `u${i}`, `canary${i} `.repeat(100)),
    );
    await outbox.add(changes);
    await outbox.seal();
    const files = (await readdir(directory)).filter((name) => name.startsWith('outbox-'));
    expect(files).toHaveLength(1);
    expect((await readFile(join(directory, files[0] as string))).includes('canary')).toBe(false);
    const keys: string[] = [];
    for await (const chunk of outbox.read({ entity: 'users', kind: 'upsert', dependent: false }))
      for (const { key } of chunk) keys.push(key);
    expect(keys.sort()).toEqual(changes.map((change) => change.key).sort());
    await outbox.close();
    expect((await readdir(directory)).filter((name) => name.startsWith('outbox-'))).toEqual([]);
    await store.close();
  });

  it('two states know the same record by two fingerprints', async () => {
    const record = { externalId: 'u1', profile: { userName: 'u1', email: 'u1@example.com' } };
    const prints = new Set<string>();
    for (let i = 0; i < 2; i++) {
      const directory = await fresh();
      await using store = await openState(directory);
      expect(store.fingerprintKey).toMatch(/^[0-9a-f]{32}$/);
      prints.add(createDigester(store.fingerprintKey).of('users', record));
    }
    expect(prints.size).toBe(2);
  });

  it('a directory that cannot be used is a clear error', async () => {
    const directory = await fresh();
    await writeFile(join(directory, 'file'), '');
    await expect(openState(join(directory, 'file', 'state'))).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE',
    });
  });
});
