import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { groupFrom, userFrom } from '../../src/transform/records-from-columns.js';
import { toUser, type FlatRow } from '../../src/transform/to-records.js';
import {
  anyBreak,
  anyCsvStyle,
  anyCuts,
  anyEdits,
  anyFault,
  anyRecordOptions,
  anyText,
  anyValidate,
  bytesOfText,
  csvLine,
  csvText,
  edited,
} from '../support/row-files.js';
import { runs } from '../support/runs.js';
import { replaceBaseline, inPieces, unscreened, runOf, withState, type Way } from '../support/two-ways.js';

/** `share`: the part of the usual number of runs; `threads`: the number of worker threads. */
export interface ScreenedContractOptions {
  readonly share?: number;
  readonly threads?: number;
}

const HEADER = ['id', 'mail', 'first', 'nick', 'second', 'other'];

const anyRow = fc.tuple(
  fc.oneof({ weight: 6, arbitrary: fc.nat(9).map((i) => `u${i}`) }, { weight: 1, arbitrary: anyText }),
  anyText,
  anyText,
  anyText,
  anyText,
  anyText,
);

const USER_COLUMNS = {
  userName: 'mail',
  email: 'mail',
  firstName: 'first',
  nickName: 'nick',
  secondEmail: 'second',
};
const GROUP_COLUMNS = { displayName: 'first', description: 'nick' };

const anyUserWay: fc.Arbitrary<Way<'users'>> = fc
  .record({
    options: anyRecordOptions,
    names: fc.subarray(Object.keys(USER_COLUMNS), { minLength: 1 }),
    validate: anyValidate(Object.keys(USER_COLUMNS)),
    onDuplicate: fc.constantFrom('reject' as const, 'reject' as const, 'fail' as const),
  })
  .map(({ options, names, validate, onDuplicate }) => ({
    entity: 'users',
    toRecord: userFrom(
      {
        externalId: 'id',
        profile: Object.fromEntries(Object.entries(USER_COLUMNS).filter(([name]) => names.includes(name))),
      },
      options,
    ),
    validate,
    diff: { onDuplicate },
  }));

const anyGroupWay: fc.Arbitrary<Way<'groups'>> = fc
  .record({ options: anyRecordOptions, validate: anyValidate(Object.keys(GROUP_COLUMNS)) })
  .map(({ options, validate }) => ({
    entity: 'groups',
    toRecord: groupFrom({ externalId: 'id', profile: GROUP_COLUMNS }, options),
    validate,
  }));

const rowOf = (cells: readonly string[]): FlatRow =>
  Object.fromEntries(HEADER.map((name, i) => [name, cells[i]]));

const anyFile = fc.record({
  yesterday: fc.array(anyRow, { minLength: 1, maxLength: 12 }),
  edits: anyEdits,
  style: anyCsvStyle,
  fault: anyFault,
  broken: anyBreak,
  cuts: anyCuts,
  fails: fc.constantFrom(false, false, false, true),
  asText: fc.constantFrom(false, false, false, true),
});

type File = typeof anyFile extends fc.Arbitrary<infer F> ? F : never;

function bytesOfFile({ yesterday, edits, style, fault, broken }: File): Buffer {
  const lines = edited(yesterday, edits, (text) => text, 0).map((cells) => csvLine(cells, style));
  if (fault !== undefined) lines.splice(fault.at, 0, fault.line.replaceAll(',', style.delimiter));
  return bytesOfText(csvText([csvLine(HEADER, style), ...lines], style), broken);
}

/** The contract of screens for CSV: a run has the same result with and without screening, for any block size and number of threads. */
export function screenedCsvContract({ share = 1, threads = 0 }: ScreenedContractOptions = {}): void {
  it.each([
    ['users', anyUserWay],
    ['groups', anyGroupWay],
  ] as const)('%s have the same result as without screening', async (entity, anyWay) => {
    await withState((state) =>
      fc.assert(
        fc.asyncProperty(anyFile, anyWay as fc.Arbitrary<Way<'users'>>, async (file, way) => {
          const bytes = bytesOfFile(file);
          const rows = () =>
            fromCsv(file.asText ? [bytes.toString()] : inPieces(bytes, file.cuts, file.fails), {
              delimiter: file.style.delimiter,
              name: 'day.csv',
              threads,
            });
          const held = file.yesterday.map((cells) => way.toRecord(rowOf(cells)));
          await replaceBaseline(
            state,
            entity as 'users',
            held.filter(({ externalId }) => externalId !== ''),
          );
          const screened = await runOf(rows(), way, state);
          const plain = await runOf(rows(), unscreened(way), state);
          if (plain.error?.code === 'ERR_ROLLCALL_RECORD') expect(screened.error).toEqual(plain.error);
          else expect(screened).toEqual(plain);
        }),
        { numRuns: runs(Math.ceil(150 * share)) },
      ),
    );
  });

  it('have the same result with renamed or missing columns, and without a mapping', async () => {
    await withState((state) =>
      fc.assert(
        fc.asyncProperty(
          anyFile,
          anyValidate(['userName', 'email', 'title']),
          fc.constantFrom('title', undefined),
          async (file, validate, other) => {
            const names = ['externalId', 'userName', 'email', 'nickName', 'secondEmail', other];
            const columns = (_: string, i: number) => names[i];
            const way: Way<'users'> = { entity: 'users', toRecord: toUser, validate };
            const bytes = bytesOfFile(file);
            const rows = () =>
              fromCsv(inPieces(bytes, file.cuts, file.fails), {
                delimiter: file.style.delimiter,
                columns,
                threads,
              });
            const held = file.yesterday.map((cells) =>
              toUser(
                Object.fromEntries(
                  names.flatMap((name, i) => (name === undefined ? [] : [[name, cells[i]]])),
                ),
              ),
            );
            await replaceBaseline(
              state,
              'users',
              held.filter(({ externalId }) => externalId !== ''),
            );
            expect(await runOf(rows(), way, state)).toEqual(await runOf(rows(), unscreened(way), state));
          },
        ),
        { numRuns: runs(Math.ceil(100 * share)) },
      ),
    );
  });
}
