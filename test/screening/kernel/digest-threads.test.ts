import fc from 'fast-check';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { createBlockScreen, type BlockScreen } from '../../../src/screening/kernel/block-screen.js';
import { fieldRules } from '../../../src/validate/record-check.js';
import type { ScreenedRows } from '../../../src/screening/screen.js';
import { createDigester } from '../../../src/fingerprints/digests.js';
import { DigestTable } from '../../../src/fingerprints/digest-table.js';
import { runs } from '../../support/runs.js';

const KEY = '000102030405060708090a0b0c0d0e0f';
const KNOWN = Array.from({ length: 64 }, (_, i) => ({
  groupExternalId: `g${i % 5}`,
  memberExternalId: `u${i}`,
}));

function loadTable(): DigestTable {
  const table = new DigestTable(KNOWN.length);
  table.addBlock(createDigester(KEY).ofEach('memberships', KNOWN), KNOWN.length);
  return table;
}

function openScreen(threads: number, table = loadTable): BlockScreen {
  const screen = createBlockScreen(
    { entity: 'memberships', key: KEY, digests: table },
    {
      format: 'csv',
      columns: ['team', 'person'],
      delimiter: ',',
      maxRecordLength: Infinity,
      mapping: { kind: 'membership', group: 'team', member: 'person' },
      rules: fieldRules('memberships', {}),
    },
    threads,
  );
  if (screen === undefined) throw new Error('these rows cannot be screened');
  return screen;
}

/** A block of so many rows, every third of which is known. */
const textOf = (rows: number) =>
  Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? `g${i % 5},u${i % 64}` : `x,${i}`)).join('\n');

const seen = (rows: ScreenedRows) => ({
  consumed: rows.consumed,
  stopped: rows.stopped,
  known: Array.from({ length: rows.count }, (_, row) => rows.isUnchanged(row)),
});

function begin(
  screen: BlockScreen,
  buffer: number,
  rows: number,
): (firstLine: number) => Promise<ScreenedRows> {
  const text = textOf(rows);
  screen.buffers[buffer]?.write(text);
  return screen.begin(buffer, text.length, true);
}

/** What a block of so many rows comes to where no thread takes part. */
async function alone(rows: number): Promise<ReturnType<typeof seen>> {
  return seen(await begin(openScreen(0), 0, rows)(1));
}

describe('threads that screen blocks', () => {
  it('and their caller make the same digests, with buffers that are used several times', async () => {
    const screen = openScreen(1);
    const expected = new Map<number, ReturnType<typeof seen>>();
    await fc.assert(
      fc.asyncProperty(
        // How many blocks are under way, and how large they are: small ones the caller mostly takes before its thread does.
        fc.array(fc.array(fc.constantFrom(1, 2, 300, 9000), { minLength: 1, maxLength: 4 }), {
          maxLength: 12,
        }),
        async (rounds) => {
          for (const sizes of rounds) {
            const begun = sizes.map((rows, buffer) => begin(screen, buffer, rows));
            for (const [i, rows] of sizes.entries()) {
              if (!expected.has(rows)) expected.set(rows, await alone(rows));
              expect(seen(await (begun[i] as (typeof begun)[number])(1))).toEqual(expected.get(rows));
            }
          }
        },
      ),
      { numRuns: runs(40) },
    );
    await screen.close();
  });

  it('that fail leave their blocks to their caller', async () => {
    const screen = openScreen(2);
    const before = begin(screen, 0, 500);
    const during = begin(screen, 1, 700);
    await screen.close();
    const after = begin(screen, 2, 900);
    expect(seen(await before(1))).toEqual(await alone(500));
    expect(seen(await during(1))).toEqual(await alone(700));
    expect(seen(await after(1))).toEqual(await alone(900));
  });

  it('keep the process alive only while a block is awaited', async () => {
    const screen = openScreen(1);
    for (let i = 0; i < 20; i++) {
      // Another size each time: what was written of the last block is not taken for this one.
      const size = 30_000 - i;
      const rows = begin(screen, 0, size);
      // Its thread has most likely begun with it after a while, and is not done.
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(seen(await rows(1))).toEqual(await alone(size));
    }
    await screen.close();
  });

  it('end with their screen, also where the table cannot be loaded', async () => {
    const ended = vi.spyOn(Worker.prototype, 'terminate');
    const screen = openScreen(2, () => {
      throw new Error('damaged');
    });
    await expect(begin(screen, 0, 3)(1)).rejects.toThrow('damaged');
    await screen.close();
    expect(ended).toHaveBeenCalledTimes(2);
    ended.mockRestore();
  });
});
