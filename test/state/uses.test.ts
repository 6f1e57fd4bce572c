import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/core/model.js';
import { diff } from '../../src/diff/diff.js';
import { pipe } from '../../src/flow/pipe.js';
import { toCsv, toJsonLines } from '../../src/report/files/to-files.js';
import { exportState } from '../../src/state/export-import/export-state.js';
import { importState } from '../../src/state/export-import/import-state.js';
import { verifyState } from '../../src/state/export-import/verify-state.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { moveState } from '../../src/state/move-state.js';
import { UNKNOWN } from '../../src/state/store.js';
import { holdOpen, usesEnded } from '../../src/state/uses.js';
import { validate } from '../../src/validate/validate.js';

it('a state is closed after the runs that use it, also those that begin or fail while it waits', async () => {
  const state = memoryState();
  const steps: string[] = [];
  const [first, second] = [new EventEmitter(), new EventEmitter()];
  const failing = holdOpen(state, () => once(first, 'end')).catch(() => steps.push('failed'));
  const closed = state.close().then(() => steps.push('closed'));
  const later = holdOpen(state, async () => {
    await once(second, 'end');
    steps.push('done');
  });
  first.emit('error', new Error('failed'));
  await failing;
  await expect(state.counts()).resolves.toBeDefined();
  second.emit('end');
  await Promise.all([later, closed]);
  expect(steps).toEqual(['failed', 'done', 'closed']);
  await expect(state.counts()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
});

it('a state that nothing uses is closed at once', async () => {
  const state = memoryState();
  expect(await holdOpen(state, async () => 7)).toBe(7);
  await new Promise(setImmediate);
  expect(usesEnded(state)).toBeUndefined();
});

describe('what is not awaited ends before the state is closed', () => {
  const people = async function* () {
    for (const id of ['1', '2', '3']) {
      await new Promise(setImmediate);
      yield { externalId: id, profile: { userName: `${id}@example.com`, email: `${id}@example.com` } };
    }
  };
  const inDirectory = async (work: (directory: string) => Promise<void>) => {
    const directory = mkdtempSync(join(tmpdir(), 'rollcall-uses-'));
    try {
      await work(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };

  it.each([
    ['toCsv', (file: string) => toCsv<Change>(file, { columns: ['key'] }), 'key\n1\n2\n3\n'],
    ['toJsonLines', (file: string) => toJsonLines<Change>(file), undefined],
  ])('%s of the changes that diff finds', async (_, sink, expected) => {
    await inDirectory(async (directory) => {
      const state = memoryState();
      const file = join(directory, 'changes');
      const written = pipe(people(), validate('users'), diff('users', state), sink(file));
      await state.close();
      const text = readFileSync(file, 'utf8');
      if (expected === undefined) expect(text.trim().split('\n').length).toBe(3);
      else expect(text).toBe(expected);
      expect((await written).records).toBe(3);
    });
  });

  it('the export of a state, its import, and its check', async () => {
    await inDirectory(async (directory) => {
      const [from, to] = [memoryState(), memoryState()];
      const rows = Array.from({ length: 2000 }, (_, n) => ({
        entity: 'users' as const,
        key: `u${n}`,
        held: UNKNOWN,
        login: undefined,
      }));
      await from.adopt(rows);
      const file = join(directory, 'export');
      const exported = exportState(from, file);
      const checked = verifyState(from);
      await from.close();
      expect([await exported, await checked]).toEqual(
        Array(2).fill({ users: 2000, groups: 0, memberships: 0 }),
      );
      const imported = importState(file, to);
      await to.close();
      expect(await imported).toEqual({ users: 2000, groups: 0, memberships: 0 });
    });
  });

  it('a move to another place', async () => {
    const [from, to] = [memoryState(), memoryState()];
    await from.adopt([{ entity: 'users', key: 'u', held: UNKNOWN }]);
    const moved = moveState(from, to, { from: 'here', to: 'there' });
    await Promise.all([from.close(), to.close()]);
    expect(await moved).toEqual({ users: 1, groups: 0, memberships: 0 });
  });
});
