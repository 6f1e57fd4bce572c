import fc from 'fast-check';
import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placesOf } from '../../src/flow/chunk.js';
import { createRowScreen } from '../../src/screening/kernel/row-screen.js';
import type { MembershipRecord } from '../../src/core/model.js';
import { fieldRules } from '../../src/validate/record-check.js';
import { contextOf, flowOf, type Flow } from '../../src/flow/flow.js';
import { screenedOf, withScreened, type RowScreen, type RowShape } from '../../src/screening/screen.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import type { CsvRow } from '../../src/sources/csv/columns.js';
import type { Input } from '../../src/sources/input/input.js';
import { createDigester } from '../../src/fingerprints/digests.js';
import { FingerprintTable } from '../../src/screening/fingerprint-table.js';
import { membershipFrom } from '../../src/transform/records-from-columns.js';
import { runs } from '../support/runs.js';
import { holdRecords, runOf, withState } from '../support/two-ways.js';

const KEY = '000102030405060708090a0b0c0d0e0f';

const pair = (group: string, member: string): MembershipRecord => ({
  groupExternalId: group,
  memberExternalId: member,
});

function tableOf(known: readonly MembershipRecord[]): FingerprintTable {
  const table = new FingerprintTable(known.length, KEY);
  table.addBlock(createDigester(KEY).ofEach('memberships', known), known.length);
  return table;
}

/** A screen with small buffers, whose blocks are done when `wait` lets them. */
function slowed(screen: RowScreen, bytes: number, wait: () => Promise<unknown>): RowScreen {
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

/** Everything that a reader of the file sees: what was not settled, where it stands, and how many were. */
async function read(input: Input, known: readonly MembershipRecord[], threads: number) {
  const table = tableOf(known);
  let settled = 0;
  const seen: unknown[] = [];
  const open = (shape: RowShape) => {
    const options = { entity: 'memberships', key: KEY, table: () => table, raw: undefined } as const;
    return createRowScreen(options, shape, threads);
  };
  const chunks = screenedOf<Record<string, string>>(fromCsv(input))?.({
    entity: 'memberships',
    raw: undefined,
    fields: () => ({ kind: 'membership', group: 'team', member: 'person' }),
    rules: fieldRules('memberships', {}),
    onSettled: [(rows) => (settled += rows)],
    open,
  });
  let error: unknown;
  try {
    for await (const chunk of chunks ?? []) {
      const { lines, positions } = placesOf(chunk) ?? {};
      for (const [i, row] of chunk.entries()) seen.push([row, lines?.[i], positions?.[i]]);
    }
  } catch (thrown) {
    const { code, line } = thrown as { code?: string; line?: number };
    error = { code, line };
  }
  return { seen, settled, error, allPresent: table.allPresent };
}

const anyCell = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 12 }).map((n) => `c${n}`) },
  { weight: 1, arbitrary: fc.constantFrom('"a,b"', '"two\nlines"', '"a ""quoted"" word"', '5" pipe', 'é') },
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 40 }).map((s) => s.replaceAll(/[",\r\n]/g, '')),
  },
);

/** A source whose blocks are small, and are screened in an order that a scheduler says. */
function slowedSource(input: Input, bytes: number, wait: () => Promise<unknown>): Flow<CsvRow> {
  const source = fromCsv(input, { threads: 0 });
  const open = screenedOf<CsvRow>(source);
  return withScreened(
    flowOf(() => source.chunks(), contextOf(source)),
    (request) =>
      open?.({
        ...request,
        open: (shape, threads) => {
          const screen = request.open(shape, threads);
          return screen && slowed(screen, bytes, wait);
        },
      }),
  );
}

describe('blocks of a file', () => {
  const way = {
    entity: 'memberships' as const,
    toRecord: membershipFrom({ groupExternalId: 'team', memberExternalId: 'person' }),
  };

  it('come to the same in whatever order they are screened, wherever the file is cut', async () => {
    const known = Array.from({ length: 60 }, (_, i) => pair(`c${i % 8}`, `c${Math.floor(i / 8)}`));
    await withState(async (state) => {
      await holdRecords(state, 'memberships', known);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(anyCell, anyCell), { maxLength: 60 }),
          fc.constantFrom('\n', '\r\n'),
          fc.integer({ min: 32, max: 200 }),
          fc.scheduler(),
          async (cells, end, bytes, scheduler) => {
            const text = Buffer.from(['team,person', ...cells.map((row) => row.join(','))].join(end));
            const straight = await runOf(fromCsv(text), way, state);
            const source = slowedSource(text, bytes, () => scheduler.schedule(Promise.resolve()));
            expect(await scheduler.waitFor(runOf(source, way, state))).toEqual(straight);
          },
        ),
        { numRuns: runs(100) },
      );
    });
  });

  it('that are cut inside a row, where a stray quote hides the ends of rows, are not believed, whatever their size', async () => {
    const plain = Array.from({ length: 12 }, (_, i) => pair(`c${i}`, 'c'));
    const lines = plain.map(({ groupExternalId }) => `${groupExternalId},c`);
    // Counted by its quotes alone, the text outside the quoted field is inside, and the other way round.
    const odd = ['5" pipe,c', '"two\nlines",c'];
    const text = Buffer.from(['team,person', ...lines.slice(0, 4), ...odd, ...lines.slice(4), ''].join('\n'));
    await withState(async (state) => {
      await holdRecords(state, 'memberships', plain);
      const straight = await runOf(fromCsv(text), way, state);
      expect(straight.note).toMatchObject({ read: plain.length + odd.length, unchanged: plain.length });
      for (let bytes = 16; bytes <= text.length; bytes++)
        expect(
          await runOf(
            slowedSource(text, bytes, async () => {}),
            way,
            state,
          ),
          `${bytes}`,
        ).toEqual(straight);
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

  it('comes to the same with any number of threads', async () => {
    const straight = await read(file, known, 0);
    expect(straight.settled).toBe(known.length);
    expect(straight.seen.length).toBe(90_000 / 100 + 90_000 / 1000 + 90_000 / 50);
    for (const threads of [1, 2, 3]) expect(await read(file, known, threads)).toEqual(straight);
  });
});
