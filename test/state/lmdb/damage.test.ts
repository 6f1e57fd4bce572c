import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import { ENTITIES } from '../../../src/core/model.js';
import { verifyState } from '../../../src/state/export-import/verify-state.js';
import { thisHolder, writeHolder } from '../../../src/state/lmdb/holder.js';
import { openState } from '../../../src/state/lmdb/open-state.js';
import type { HeldRow, StateStore } from '../../../src/state/store.js';
import { DAMAGES, draws } from '../../support/damage.js';
import { confirmed, fingerprint, gone, unknown, upserted } from '../../support/rows.js';
import { runs } from '../../support/runs.js';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-damage-'));
  file = join(directory, 'state.mdb');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function rowsOf(state: StateStore): Promise<readonly HeldRow[]> {
  const rows: HeldRow[] = [];
  for (const entity of ENTITIES) for await (const chunk of state.rows(entity)) rows.push(...chunk);
  return rows;
}

/** A state with a past: rows of every entity and kind, long ones among them, some that went, and a session under way. */
async function filled(): Promise<{ readonly bytes: Buffer; readonly rows: readonly HeldRow[] }> {
  await using state = await openState(directory);
  for (let day = 0; day < 3; day++) {
    await state.adopt(
      ENTITIES.flatMap((entity, size) =>
        Array.from({ length: 150 * (size + 1) }, (_, i) => {
          const key = `${entity}-${(i * 7919) % 1000}`;
          if (i % 13 === day) return gone(entity, key);
          if (i % 17 === day) return unknown(entity, key);
          return confirmed(
            entity,
            key,
            fingerprint(`${day}${key}`, 'a'.repeat(i % 50 === 0 ? 20_000 : i % 40)),
          );
        }),
      ),
    );
    await state.setAbsences('users', new Map([['gone', day + 1]]));
  }
  const id = await state.journal.creating(1);
  await state.journal.created(id, 'session');
  await state.journal.loading(id, [upserted('users', 'users-1'), upserted('groups', 'new')]);
  const rows = await rowsOf(state);
  await state.close();
  return { bytes: await readFile(file), rows };
}

describe('a damaged state', () => {
  it.each(Object.keys(DAMAGES))(
    'after a crash is refused, or all its rows are right, and the process lives: %s',
    async (kind) => {
      const { bytes, rows } = await filled();
      let refused = 0;
      await fc.assert(
        fc.asyncProperty(draws, async (random) => {
          const damaged = DAMAGES[kind]?.(Buffer.from(bytes), random);
          await writeFile(file, damaged as Buffer);
          writeHolder(directory, { ...thisHolder(systemClock), processStart: '1' }, false);
          const outcome = await openState(directory).catch((error: unknown) => error);
          if (outcome instanceof Error) {
            refused++;
            expect(outcome).toMatchObject({
              code: expect.stringMatching(/^ERR_ROLLCALL_STATE_(CORRUPT|FORMAT)$/) as string,
              message: expect.stringContaining(directory) as string,
            });
            return;
          }
          await using state = outcome as StateStore;
          expect(await rowsOf(state)).toEqual(rows);
          await verifyState(state);
        }),
        { numRuns: runs(30) },
      );
      // The few draws of a mutation run may all damage free pages.
      if (runs(30) === 30) expect(refused).toBeGreaterThan(0);
    },
  );

  it('that was closed is found by looking at it on purpose, and stays as it was', async () => {
    const { bytes } = await filled();
    // Everything but the two meta pages: LMDB would end the process.
    await writeFile(file, bytes.fill(0xff, 2 * 4096));
    const corrupt = { code: 'ERR_ROLLCALL_STATE_CORRUPT' };
    await expect(openState(directory, { verify: true })).rejects.toMatchObject(corrupt);
    expect((await readFile(file)).equals(bytes)).toBe(true);
  });

  it('whose rows alone are damaged is found after a crash', async () => {
    const text = 'of this row alone';
    const state = await openState(directory);
    await state.adopt([confirmed('users', 'u', fingerprint('u', text))]);
    await state.close();
    const bytes = await readFile(file);
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text)) bytes.write('damage', at);
    await writeFile(file, bytes);
    writeHolder(directory, { ...thisHolder(systemClock), processStart: '1' }, false);
    await expect(openState(directory)).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE_CORRUPT',
      message: expect.stringMatching(/its rows.*state export/) as string,
      cause: { code: 'ERR_ROLLCALL_STATE_CORRUPT' },
    });
  });
});
