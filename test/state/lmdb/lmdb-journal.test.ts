import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { expect, it } from 'vitest';
import { openTables } from '../../../src/state/lmdb/lmdb-tables.js';
import { openState } from '../../../src/state/lmdb/open-state.js';
import { upserted } from '../../support/rows.js';

it('a session that is settled leaves nothing in the journal, nor of what it carried', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-journal-'));
  try {
    const state = await openState(directory);
    for (const outcome of ['completed', 'dropped', 'unknown'] as const) {
      const id = await state.journal.creating(1);
      for (const key of ['a', 'b', 'c']) await state.journal.loading(id, [upserted('users', key)]);
      await state.journal.refused(id, 1);
      await state.journal.settle(id, outcome);
    }
    await state.close();
    const root = open({ path: join(directory, 'state.mdb'), noSubdir: true, maxDbs: 16 });
    const { journal, loads } = openTables(root);
    expect([journal.getKeysCount(), loads.getKeysCount()]).toEqual([0, 0]);
    await root.close();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
