import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StateError } from '../../src/core/errors.js';
import { openState } from '../../src/state/lmdb/open-state.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { REFUSED_RECORDS } from '../../src/state/remembered-refusals.js';
import type { StateStore } from '../../src/state/store.js';
import { exportState } from '../../src/state/export-import/export-state.js';
import { importState } from '../../src/state/export-import/import-state.js';
import { verifyState } from '../../src/state/export-import/verify-state.js';
import { confirmed, fingerprint, heldRows, upserted, unknown as doubtful } from '../support/rows.js';

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'rollcall-transfer-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const target = { orgUrl: 'https://a.example', identitySourceId: '0oa1' };

/** What the guard remembers, so that slow losses are recognised after a move too. */
const OF_THE_GUARD = [
  'deletions-by-day',
  ...['users', 'groups', 'memberships'].flatMap((entity) => [
    `held-back-since:${entity}`,
    `source-files:${entity}`,
  ]),
];

async function filled(store: StateStore, rows = 1200): Promise<StateStore> {
  await store.bind(target);
  await store.adopt(
    Array.from({ length: rows }, (_, i) => {
      const digest = `${String.fromCharCode(0, 255, i & 255, 10)}${String(i).padStart(12, '0')}`;
      return confirmed('users', `ü${i}`, { digest, attributes: 'prints\u00ff' });
    }),
  );
  const id = await store.journal.creating(1);
  await store.journal.created(id, 's');
  await store.journal.loading(id, [upserted('groups', 'g', fingerprint('x'))]);
  await store.journal.triggered(id, 77);
  await store.journal.settle(id, 'unknown');
  await store.setMeta('watermark', 'w7');
  await store.setMeta(REFUSED_RECORDS, '[]');
  for (const [i, name] of OF_THE_GUARD.entries()) await store.setMeta(name, String(i));
  return store;
}

async function content(store: StateStore) {
  return {
    users: await heldRows(store, 'users'),
    groups: await heldRows(store, 'groups'),
    memberships: await heldRows(store, 'memberships'),
    key: store.fingerprintKey,
    target: await store.target(),
    triggered: await store.journal.lastTriggeredAt(),
    watermark: await store.getMeta('watermark'),
    refused: await store.getMeta(REFUSED_RECORDS),
    ofTheGuard: await Promise.all(OF_THE_GUARD.map((name) => store.getMeta(name))),
    counts: await store.counts(),
  };
}

describe('a state that is moved', () => {
  it('is the same afterwards, from either store to the other', async () => {
    const file = join(directory, 'export');
    const memory = await filled(memoryState());
    expect(await exportState(memory, file)).toEqual({ users: 1200, groups: 1, memberships: 0 });
    await using disk = await openState(join(directory, 'state'));
    expect(await importState(file, disk, { asOfNow: true })).toEqual({
      users: 1200,
      groups: 1,
      memberships: 0,
    });
    expect(await content(disk)).toEqual(await content(memory));
    expect(await verifyState(disk)).toEqual({ users: 1200, groups: 1, memberships: 0 });
    const back = join(directory, 'back');
    await exportState(disk, back);
    const again = memoryState();
    await importState(back, again, { asOfNow: true });
    expect(await content(again)).toEqual(await content(memory));
  });

  it('has the logins of its users, also where these are in doubt', async () => {
    const file = join(directory, 'export');
    const memory = memoryState();
    const login = 'ann+login+';
    await memory.adopt([confirmed('users', 'a', fingerprint('a', `prints..${login}`))]);
    await exportState(memory, file);
    for (const asOfNow of [true, false]) {
      const again = memoryState();
      await importState(file, again, { asOfNow });
      const reading = await again.read();
      expect(await reading.holders([login, 'bob+login+'])).toEqual([['a'], []]);
    }
  });

  it('only its owner may read the file, and a file that is there already is replaced as a whole', async () => {
    const file = join(directory, 'export');
    await writeFile(file, 'before');
    await exportState(await filled(memoryState(), 3), file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await importState(file, memoryState());
  });

  it('is refused by a state that holds something, which stays as it was', async () => {
    const file = join(directory, 'export');
    await exportState(await filled(memoryState(), 3), file);
    const other = await filled(memoryState(), 2);
    const before = await content(other);
    await expect(importState(file, other)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_NOT_EMPTY' });
    expect(await content(other)).toEqual(before);
  });

  it('is refused when a byte of the file is missing or another, and nothing is written', async () => {
    const file = join(directory, 'export');
    await exportState(await filled(memoryState(), 700), file);
    const whole = await readFile(file, 'latin1');
    const lines = whole.split('\n');
    const broken = [
      whole.slice(0, -100),
      lines.slice(0, -2).join('\n'),
      [...lines.slice(0, 1), ...lines.slice(2)].join('\n'),
      whole.replace('"entity":"users"', '"entity":"groups"'),
      `${whole}{}\n`,
      '',
    ];
    for (const text of broken) {
      await writeFile(file, text, 'latin1');
      const state = memoryState();
      await expect(importState(file, state)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_CORRUPT' });
      expect((await state.counts()).users.known).toBe(0);
      await (await state.read()).close();
    }
  });

  it('must be a file of rollcall, and the error does not quote another', async () => {
    const file = join(directory, 'export');
    await writeFile(file, '{"format":"canary"}\n');
    const failure = await importState(file, memoryState()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'ERR_ROLLCALL_STATE_FORMAT' });
    expect(String(failure)).not.toContain('canary');
  });

  it('an interrupted import is recognised, and can be repeated', async () => {
    const file = join(directory, 'export');
    await exportState(await filled(memoryState(), 1100), file);
    const state = memoryState();
    const adopt = state.adopt.bind(state);
    let calls = 0;
    state.adopt = (rows) => (++calls === 2 ? Promise.reject(new Error('power')) : adopt(rows));
    await expect(importState(file, state)).rejects.toThrow('power');
    await expect(state.read()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    // Nor does half a state pass for a whole one.
    await expect(verifyState(state)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    await expect(exportState(state, join(directory, 'half'))).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE',
    });
    state.adopt = adopt;
    await importState(file, state, { asOfNow: true });
    expect((await state.counts()).users.known).toBe(1100);
    await (await state.read()).close();
  });

  it('is not imported as whole when the file changes while it is read', async () => {
    const file = join(directory, 'export');
    await exportState(await filled(memoryState(), 600), file);
    const lines = (await readFile(file, 'latin1')).split('\n');
    const state = memoryState();
    const restore = state.restore.bind(state);
    state.restore = async (identity) => {
      await writeFile(file, [...lines.slice(0, 1), ...lines.slice(2)].join('\n'), 'latin1');
      await restore(identity);
    };
    await expect(importState(file, state)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_CORRUPT' });
    await expect(state.read()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
  });

  it('is not exported while a session is in flight', async () => {
    const state = await filled(memoryState(), 1);
    await state.journal.creating(1);
    await expect(exportState(state, join(directory, 'export'))).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE',
    });
  });

  it('a state whose rows are not what it counts is found damaged', async () => {
    const state = await filled(memoryState(), 5);
    const { users } = await state.counts();
    state.counts = async () => ({
      users: { known: users.known + 1, unknown: 0 },
      groups: { known: 0, unknown: 1 },
      memberships: { known: 0, unknown: 0 },
    });
    await expect(verifyState(state)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_CORRUPT' });
  });

  it('from a file that cannot be read is a clear error, and nothing is written', async () => {
    for (const file of [join(directory, 'missing'), directory]) {
      const state = memoryState();
      const error = await importState(file, state).catch((failure: unknown) => failure);
      expect(error).toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
      expect((error as Error).cause).toHaveProperty('code', file === directory ? 'EISDIR' : 'ENOENT');
      await (await state.read()).close();
    }
  });

  it('to a file that cannot be written is a clear error', async () => {
    const error = await exportState(memoryState(), join(directory, 'missing', 'export')).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'ERR_ROLLCALL_STATE', cause: { code: 'ENOENT' } });
  });

  it('whose export fails half way leaves the file as it was, and nothing besides', async () => {
    const file = join(directory, 'export');
    await writeFile(file, 'before');
    for (const failure of [
      new StateError('damaged', { code: 'ERR_ROLLCALL_STATE_CORRUPT' }),
      new Error('power'),
    ]) {
      const state = await filled(memoryState(), 3);

      state.rows = async function* () {
        throw failure;
      };
      const error = await exportState(state, file).catch((e: unknown) => e);
      if (failure instanceof StateError) expect(error).toBe(failure);
      else expect(error).toMatchObject({ code: 'ERR_ROLLCALL_STATE', cause: failure });
      expect(await readFile(file, 'utf8')).toBe('before');
      expect(await readdir(directory)).toEqual(['export']);
    }
  });

  it('is written a few hundred rows a line, each once', async () => {
    const file = join(directory, 'export');
    await exportState(await filled(memoryState(), 1000), file);
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    const rows = lines.slice(1, -1).map((line) => (JSON.parse(line) as { rows: unknown[] }).rows.length);
    expect(rows).toEqual([500, 500, 1]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      format: 'rollcall-state-1',
      meta: { watermark: 'w7', [REFUSED_RECORDS]: '[]' },
    });
  });

  it('without a watermark has none afterwards', async () => {
    const file = join(directory, 'export');
    const bare = memoryState();
    await bare.adopt([confirmed('users', 'u')]);
    await exportState(bare, file);
    const state = memoryState();
    await importState(file, state, { asOfNow: true });
    expect(await state.getMeta('watermark')).toBeUndefined();
    expect(await state.getMeta('import')).toBe('');
    expect(await content(state)).toEqual(await content(bare));
  });

  it('is refused by a state that may hold something, or has a session in flight', async () => {
    const file = join(directory, 'export');
    await exportState(await filled(memoryState(), 3), file);
    const unsure = memoryState();
    const id = await unsure.journal.creating(1);
    await expect(importState(file, unsure)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_NOT_EMPTY' });
    await unsure.journal.loading(id, [upserted('users', 'u')]);
    await unsure.journal.settle(id, 'unknown');
    await expect(importState(file, unsure)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_NOT_EMPTY' });
  });

  it('is no export by half: format and key must both be right', async () => {
    const file = join(directory, 'export');
    await exportState(await filled(memoryState(), 3), file);
    const whole = await readFile(file, 'utf8');
    const key = (JSON.parse(whole.split('\n')[0] ?? '') as { fingerprintKey: string }).fingerprintKey;
    const others = [
      ['rollcall-state-1', 'rollcall-state-2'],
      [`"${key}"`, `"${key}0"`],
      [`"${key}"`, `"0${key}"`],
      [`"${key}"`, `"${key.slice(1)}"`],
      [`"fingerprintKey":"${key}",`, ''],
    ] as const;
    for (const [from, to] of others) {
      await writeFile(file, whole.replace(from, to));
      await expect(importState(file, memoryState())).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_STATE_FORMAT',
      });
    }
  });

  it.each([
    ['a row is unknown that is said to be known', doubtful('groups', 'a'), { known: 1, unknown: 0 }],
    ['a row is known that is said to be unknown', confirmed('groups', 'a'), { known: 0, unknown: 1 }],
    ['an unknown row is missing', confirmed('groups', 'a'), { known: 1, unknown: 1 }],
    ['a known row is missing', doubtful('groups', 'a'), { known: 1, unknown: 1 }],
  ])('a state is found damaged where %s', async (_, row, told) => {
    const state = memoryState();
    state.rows = async function* (entity) {
      if (entity === 'groups') yield [row];
    };
    const none = { known: 0, unknown: 0 };
    state.counts = async () => ({ users: none, groups: told, memberships: none });
    await expect(verifyState(state)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_CORRUPT' });
  });
});
