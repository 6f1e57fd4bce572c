import fc from 'fast-check';
import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlockScreen } from '../../src/screening/kernel/block-screen.js';
import type { MembershipRecord } from '../../src/core/model.js';
import { fieldRules } from '../../src/validate/record-check.js';
import { screenedOf, screeningFor, type RowShape, type Screening } from '../../src/screening/screening.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import type { Input } from '../../src/sources/input/input.js';
import { createDigester } from '../../src/fingerprints/digests.js';
import { DigestTable } from '../../src/fingerprints/digest-table.js';
import { membershipFrom } from '../../src/transform/records-from-columns.js';
import { runs } from '../support/runs.js';
import { replaceBaseline, runOf, withState } from '../support/two-ways.js';

const KEY = '000102030405060708090a0b0c0d0e0f';

const pair = (group: string, member: string): MembershipRecord => ({
  groupExternalId: group,
  memberExternalId: member,
});

function tableOf(known: readonly MembershipRecord[]): DigestTable {
  const table = new DigestTable(known.length);
  table.addBlock(createDigester(KEY).ofEach('memberships', known), known.length);
  return table;
}

/** How screens are slowed: their buffers have so many bytes, and their blocks are done when `wait` lets them. */
interface Slowness {
  readonly bytes: number;
  readonly wait: () => Promise<unknown>;
}
let slowness: Slowness | undefined;

vi.mock('../../src/screening/kernel/block-screen.js', async (original) => {
  const real = await original<typeof import('../../src/screening/kernel/block-screen.js')>();
  const createBlockScreen: typeof real.createBlockScreen = (...args) => {
    const screen = real.createBlockScreen(...args);
    return screen && slowness !== undefined ? (slowed(screen, slowness) as BlockScreen) : screen;
  };
  return { ...real, createBlockScreen };
});

function slowed(screen: BlockScreen, { bytes, wait }: Slowness): Pick<BlockScreen, keyof BlockScreen> {
  return {
    buffers: screen.buffers.map((buffer) => buffer.subarray(0, bytes)),
    wholeRows: (buffer, length) => screen.wholeRows(buffer, length),
    begin: (buffer, length, last) => {
      const done = wait();
      const rows = screen.begin(buffer, length, last);
      return async (firstLine) => {
        await done;
        return rows(firstLine);
      };
    },
    next: (...args) => screen.next(...args),
    close: () => screen.close(),
  };
}

/** Everything that a reader of the file sees: the rows that are not left out, their places, and how many are left out. */
async function read(input: Input, known: readonly MembershipRecord[], threads: number) {
  const table = tableOf(known);
  let unchanged = 0;
  const seen: unknown[] = [];
  const options = { entity: 'memberships', key: KEY, digests: () => table } as const;
  const open = (shape: RowShape) => (screeningFor() as Screening).open(options, shape, threads);
  const chunks = screenedOf<Record<string, string>>(fromCsv(input))?.({
    entity: 'memberships',
    mapping: () => ({ kind: 'membership', group: 'team', member: 'person' }),
    rules: fieldRules('memberships', {}),
    onUnchanged: [(rows) => (unchanged += rows)],
    open,
  });
  let error: unknown;
  try {
    for await (const chunk of chunks ?? []) {
      const { lines, positions } = chunk.places ?? {};
      for (const [i, row] of chunk.entries()) seen.push([row, lines?.[i], positions?.[i]]);
    }
  } catch (thrown) {
    const { code, line } = thrown as { code?: string; line?: number };
    error = { code, line };
  }
  return { seen, unchanged, error, allPresent: table.allPresent };
}

const anyCell = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 12 }).map((n) => `c${n}`) },
  { weight: 1, arbitrary: fc.constantFrom('"a,b"', '"two\nlines"', '"a ""quoted"" word"', '5" pipe', 'é') },
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 40 }).map((s) => s.replaceAll(/[",\r\n]/g, '')),
  },
);

async function withSlowness<R>(how: Slowness, run: () => Promise<R>): Promise<R> {
  slowness = how;
  try {
    return await run();
  } finally {
    slowness = undefined;
  }
}

describe('blocks of a file', () => {
  const way = {
    entity: 'memberships' as const,
    toRecord: membershipFrom({ groupExternalId: 'team', memberExternalId: 'person' }),
  };

  it('have the same result in any order of screening, and with any blocks', async () => {
    const known = Array.from({ length: 60 }, (_, i) => pair(`c${i % 8}`, `c${Math.floor(i / 8)}`));
    await withState(async (state) => {
      await replaceBaseline(state, 'memberships', known);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(anyCell, anyCell), { maxLength: 60 }),
          fc.constantFrom('\n', '\r\n'),
          fc.integer({ min: 32, max: 200 }),
          fc.scheduler(),
          async (cells, end, bytes, scheduler) => {
            const text = Buffer.from(['team,person', ...cells.map((row) => row.join(','))].join(end));
            const straight = await runOf(fromCsv(text), way, state);
            const wait = () => scheduler.schedule(Promise.resolve());
            const run = () => scheduler.waitFor(runOf(fromCsv(text), way, state));
            expect(await withSlowness({ bytes, wait }, run)).toEqual(straight);
          },
        ),
        { numRuns: runs(100) },
      );
    });
  });

  it('that a stray quote makes end inside a row are not used, whatever their size', async () => {
    const plain = Array.from({ length: 12 }, (_, i) => pair(`c${i}`, 'c'));
    const lines = plain.map(({ groupExternalId }) => `${groupExternalId},c`);
    // Counted by its quotes alone, the text outside the quoted field is inside, and the other way round.
    const odd = ['5" pipe,c', '"two\nlines",c'];
    const text = Buffer.from(['team,person', ...lines.slice(0, 4), ...odd, ...lines.slice(4), ''].join('\n'));
    await withState(async (state) => {
      await replaceBaseline(state, 'memberships', plain);
      const straight = await runOf(fromCsv(text), way, state);
      // An id with a line feed is rejected.
      expect(straight.note).toMatchObject({ read: plain.length + 1, unchanged: plain.length });
      const slowly = (bytes: number, threads: number) =>
        withSlowness({ bytes, wait: async () => {} }, () => runOf(fromCsv(text, { threads }), way, state));
      for (let bytes = 16; bytes <= text.length; bytes++)
        expect(await slowly(bytes, 0), `${bytes}`).toEqual(straight);
      // With a thread other blocks wait meanwhile.
      for (const bytes of [16, 30, 47, 80]) expect(await slowly(bytes, 1), `${bytes}`).toEqual(straight);
    });
  });
});

describe('a file of several blocks', () => {
  let directory: string;
  let file: string;
  const rows = Array.from({ length: 90_000 }, (_, i) => pair(`team ${i % 977}`, `person ${i}`));
  // Every 100th is not known, some come twice, and quoted line feeds stand where blocks are likely to be cut.
  const known = rows.filter((_, i) => i % 100 !== 0);
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rollcall-blocks-'));
    file = join(directory, 'pairs.csv');
    const lines = rows.flatMap(({ groupExternalId, memberExternalId }, i) => {
      const line = `${groupExternalId},${memberExternalId}`;
      if (i % 1000 === 7) return [line, line];
      return i % 50 === 0 ? [`"${groupExternalId}\n\n",${memberExternalId}`, line] : [line];
    });
    await writeFile(file, `team,person\n${lines.join('\n')}\n`);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('has the same result with any number of threads', async () => {
    const straight = await read(file, known, 0);
    expect(straight.unchanged).toBe(known.length);
    expect(straight.seen.length).toBe(90_000 / 100 + 90_000 / 1000 + 90_000 / 50);
    for (const threads of [1, 2, 3]) expect(await read(file, known, threads)).toEqual(straight);
  });
});
