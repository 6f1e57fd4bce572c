import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openState } from '../../../src/state/lmdb/open-state.js';
import type { StateStore } from '../../../src/state/store.js';
import { compiled } from '../../support/compiled.js';
import { confirmed, digests, fingerprint, upserted } from '../../support/rows.js';
import { verifyState } from '../../../src/state/export-import/verify-state.js';

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'rollcall-faults-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const rows = (count: number, prefix = 'u') =>
  Array.from({ length: count }, (_, i) => confirmed('users', `${prefix}${i}`));

async function readWhole(state: StateStore): Promise<number> {
  let count = 0;
  for await (const chunk of state.rows('users')) count += chunk.length;
  return count;
}

/** Writes over a text wherever it stands in the file. */
async function damage(text: string): Promise<void> {
  const file = join(directory, 'state.mdb');
  const bytes = await readFile(file);
  let found = 0;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1), found++)
    bytes.write('damage', at, 'latin1');
  expect(found).toBeGreaterThan(0);
  await writeFile(file, bytes);
}

describe('a state on a failing disk', () => {
  it('a damaged row is found by every kind of read', async () => {
    const state = await openState(directory);
    await state.adopt([...rows(500), confirmed('users', 'v', fingerprint('v', 'of this row alone'))]);
    await state.close();
    await damage('of this row alone');
    const damaged = await openState(directory);
    const corrupt = { code: 'ERR_ROLLCALL_STATE_CORRUPT' };
    await expect(verifyState(damaged)).rejects.toMatchObject(corrupt);
    const reading = await damaged.read();
    const other = digests(fingerprint('x'));
    await expect(reading.compare('users', other, () => 'v')).rejects.toMatchObject(corrupt);
    await expect(reading.held('users', ['v'])).rejects.toMatchObject(corrupt);
    await expect(reading.keep('users', ['v'])).rejects.toMatchObject(corrupt);
    await expect(reading.refer('users', ['v'])).rejects.toMatchObject(corrupt);
    await reading.close();
    await damaged.close();
  });

  it('a change that meets a damaged row is undone as a whole', async () => {
    const state = await openState(directory);
    await state.adopt([...rows(500), confirmed('groups', 'g', fingerprint('g', 'of this row alone'))]);
    await state.close();
    await damage('of this row alone');
    const damaged = await openState(directory);
    const id = await damaged.journal.creating(1);
    await damaged.journal.created(id, 's');
    await damaged.journal.loading(id, [upserted('users', 'new'), upserted('groups', 'g')]);
    await damaged.journal.loaded(id);
    // The users come first, and are written before the damage is met.
    await expect(damaged.journal.settle(id, 'completed')).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE_CORRUPT',
    });
    expect(await readWhole(damaged)).toBe(500);
    expect((await damaged.counts()).users.known).toBe(500);
    expect(await damaged.journal.open()).toHaveLength(1);
    await damaged.close();
    const again = await openState(directory);
    expect(await readWhole(again)).toBe(500);
    await again.close();
  });

  it('a directory that cannot be written is a clear error', async () => {
    await expect(openState('/sys/kernel/rollcall-state')).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE',
    });
  });

  it('a full disk is a clear error, nothing is half written, and the baseline is intact', async () => {
    const state = await openState(directory);
    await state.adopt(rows(1000, 'before'));
    await state.close();
    // A limit on the size of files makes the kernel refuse what a full disk would.
    const script = compiled('test/support/fill-state.ts');
    const command = `ulimit -f 900; trap '' XFSZ; exec "$0" "$1" "$2"`;
    const argv = ['-c', command, process.execPath, script, directory];
    const { stdout } = await promisify(execFile)('bash', argv);
    const told = JSON.parse(stdout) as { code: string; rowsAfter: number; confirmed: number };
    expect(told.code).toBe('ERR_ROLLCALL_STATE');
    const again = await openState(directory);
    expect(await readWhole(again)).toBe(1000 + told.confirmed);
    expect((await verifyState(again)).users).toBe(1000 + told.confirmed);
    await again.adopt(rows(10, 'after'));
    expect((await verifyState(again)).users).toBe(1010 + told.confirmed);
    await again.close();
  });
});
