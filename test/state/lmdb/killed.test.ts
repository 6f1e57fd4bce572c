import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openState } from '../../../src/state/lmdb/open-state.js';
import { verifyState } from '../../../src/state/export-import.js';
import { heldAfter, ROUNDS, rowsOfRound } from '../../support/rounds.js';

const here = dirname(fileURLToPath(import.meta.url));
/** Boundaries at which the writer dies, spread over all of them. */
const KILLS = 12;

/** Runs the writer; answers what it told before it ended or died. */
function write(directory: string, diesAt: number): Promise<{ lines: string[]; signal: string | undefined }> {
  const script = join(here, '../../support/write-rounds.ts');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', script, directory, String(diesAt)],
      { cwd: join(here, '../../..') },
      (error, stdout) =>
        resolve({ lines: stdout.trim().split('\n').filter(Boolean), signal: error?.signal ?? undefined }),
    );
  });
}

describe('a writer of rows that is killed', () => {
  it('leaves what it confirmed, and no more than the round it was at, whatever call it dies at', async () => {
    const root = await mkdtemp(join(tmpdir(), 'rollcall-killed-'));
    const whole = await write(join(root, 'whole'), 0);
    const calls = Number(whole.lines.at(-1)?.replace('calls ', ''));
    expect(calls).toBeGreaterThan(KILLS);
    for (let kill = 0; kill < KILLS; kill++) {
      const directory = join(root, String(kill));
      const diesAt = 1 + Math.floor((kill * (calls - 1)) / (KILLS - 1));
      const { lines, signal } = await write(directory, diesAt);
      expect(signal).toBe('SIGKILL');
      const state = await openState(directory);
      const held = new Map<string, string>();
      for await (const chunk of state.rows('users'))
        for (const { key, fingerprint } of chunk) held.set(key, fingerprint);
      const confirmed = lines.length;
      const rounds = held.size === heldAfter(confirmed).size ? confirmed : confirmed + 1;
      expect(held).toEqual(heldAfter(rounds));
      expect((await verifyState(state)).users).toBe(held.size);
      // It goes on where it was, and nothing that the dead process left is in the way.
      for (let round = rounds; round < ROUNDS; round++) await state.adopt(rowsOfRound(round));
      expect((await verifyState(state)).users).toBe(heldAfter(ROUNDS).size);
      await state.close();
      const again = await openState(directory);
      const files = (await readdir(directory)).filter((name) => name.endsWith('.rows'));
      expect(files.length).toBeLessThanOrEqual(ROUNDS);
      await again.close();
    }
    await rm(root, { recursive: true });
  }, 300_000);
});
