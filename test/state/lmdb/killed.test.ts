import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openState } from '../../../src/state/lmdb/open-state.js';
import { verifyState } from '../../../src/state/export-import/verify-state.js';
import { compiled } from '../../support/compiled.js';
import { heldAfter, ROUNDS, rowsOfRound } from '../../support/rounds.js';
import { heldRows } from '../../support/rows.js';

/** Steps at which the writer dies, spread over all of them, and over those of the last cache that it writes. */
const KILLS = 6;

/** Runs the writer; answers what it reported before it ended or died. */
function write(directory: string, diesAt: number): Promise<{ lines: string[]; signal: string | undefined }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiled('test/support/write-rounds.ts'), directory, String(diesAt)],
      (error, stdout) =>
        resolve({ lines: stdout.trim().split('\n').filter(Boolean), signal: error?.signal ?? undefined }),
    );
  });
}

/** So many numbers, evenly from one to another. */
const spread = (first: number, last: number) =>
  Array.from({ length: KILLS }, (_, i) => first + Math.floor((i * (last - first)) / (KILLS - 1)));

describe('a writer of rows that is killed', () => {
  it('leaves what it confirmed, and no more than the round it was at, whatever step it dies at', async () => {
    const root = await mkdtemp(join(tmpdir(), 'rollcall-killed-'));
    const whole = await write(join(root, 'whole'), 0);
    const steps = Number(whole.lines.at(-1)?.replace('steps ', ''));
    const lastCommit = Number(whole.lines.at(-2)?.split(' ')[1]);
    expect(steps).toBeGreaterThan(lastCommit + KILLS);
    for (const [kill, diesAt] of [...spread(1, lastCommit), ...spread(lastCommit + 1, steps)].entries()) {
      const directory = join(root, String(kill));
      const { lines, signal } = await write(directory, diesAt);
      expect(signal).toBe('SIGKILL');
      const state = await openState(directory);
      const held = await heldRows(state, 'users');
      const count = Object.keys(held).length;
      const confirmed = lines.length;
      const rounds = count === heldAfter(confirmed).size ? confirmed : confirmed + 1;
      expect(held).toEqual(Object.fromEntries(heldAfter(rounds)));
      expect((await verifyState(state)).users).toBe(count);
      // It goes on where it was, and nothing that the dead process left is in the way.
      for (let round = rounds; round < ROUNDS; round++) await state.adopt(rowsOfRound(round));
      await state.close();
      const again = await openState(directory);
      expect((await verifyState(again)).users).toBe(heldAfter(ROUNDS).size);
      const reading = await again.read();
      const missing: string[] = [];
      for await (const keys of reading.missing('users')) missing.push(...keys);
      expect(missing.sort()).toEqual([...heldAfter(ROUNDS).keys()].sort());
      await reading.close();
      await again.close();
    }
    await rm(root, { recursive: true });
  }, 300_000);
});
