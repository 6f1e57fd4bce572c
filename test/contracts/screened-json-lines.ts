import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromJsonLines } from '../../src/sources/json/from-json-lines.js';
import { userFrom } from '../../src/transform/records-from-columns.js';
import type { FlatRow } from '../../src/transform/to-records.js';
import type { ScreenedContractOptions } from './screened-csv.js';
import {
  anyBreak,
  anyCuts,
  anyEdits,
  anyProfileColumns,
  anyText,
  anyValidate,
  bytesOfText,
  edited,
  PROFILE_COLUMNS,
} from '../support/row-files.js';
import { runs } from '../support/runs.js';
import { replaceBaseline, inPieces, unscreened, runOf, withState, type Way } from '../support/two-ways.js';

const COLUMNS = ['id', 'mail', 'first', 'nïck', 'second', 'other'];

/** The JSON text of a value; undefined for a missing member. */
type Value = string | undefined;

const anyValue: fc.Arbitrary<Value> = fc.oneof(
  { weight: 80, arbitrary: anyText.map((text) => JSON.stringify(text)) },
  { weight: 16, arbitrary: fc.constantFrom('null', undefined) },
  { weight: 8, arbitrary: fc.constantFrom('1', '-0', '1.5e+3', 'true', 'false', '{}', '[1]', '{"a":"b"}') },
  { weight: 4, arbitrary: fc.constantFrom(String.raw`"\u0041nn"`, String.raw`"\ud800"`, '"\\n"') },
  // Invalid JSON, which is rare, so that most files have none.
  { weight: 1, arbitrary: fc.constantFrom('01', '1.', '-', 'nul', 'nullx', 'falsy', '"\t"', '') },
);

const anyRow = fc.tuple(
  fc.oneof({ weight: 8, arbitrary: fc.nat(9).map((i) => `"u${i}"`) }, { weight: 1, arbitrary: anyValue }),
  anyValue,
  anyValue,
  anyValue,
  anyValue,
  anyValue,
);

/** The format of the lines of a file. */
const anyStyle = fc.record({
  space: fc.constantFrom('', '', ' ', '\t ', '\r'),
  lineEnd: fc.constantFrom('\n', '\n', '\r\n'),
  end: fc.constantFrom('\n', '', '\n\n', '\n \t\r\n', '  '),
  mark: fc.constantFrom('', '', '\ufeff', '\ufeff\ufeff'),
  /** The name of a member that occurs twice. */
  again: fc.constantFrom(undefined, undefined, 'id', 'other', 'first'),
  turn: fc.nat(5),
  /** An additional line without a record, or with a wrong one. */
  fault: fc.option(
    fc.record({
      at: fc.nat(24),
      line: fc.constantFrom('', ' ', '{}', '{', '[]', '"x"', '\ufeff{"id":"u1"}'),
    }),
    { freq: 3, nil: undefined },
  ),
});

const anyWay: fc.Arbitrary<Way<'users'>> = fc
  .record({
    emptyCell: fc.constantFrom('auto' as const, 'keep' as const, 'omit' as const),
    missingColumn: fc.constantFrom('fail' as const, 'empty' as const, 'empty' as const),
    profile: anyProfileColumns,
    validate: anyValidate(Object.keys(PROFILE_COLUMNS)),
  })
  .map(({ emptyCell, missingColumn, profile, validate }) => ({
    entity: 'users',
    toRecord: userFrom({ externalId: 'id', profile }, { emptyCell, missingColumn }),
    validate,
  }));

const anyFile = fc.record({
  yesterday: fc.array(anyRow, { minLength: 1, maxLength: 12 }),
  edits: anyEdits,
  style: anyStyle,
  broken: anyBreak,
  cuts: anyCuts,
  fails: fc.constantFrom(false, false, false, true),
});
type File = typeof anyFile extends fc.Arbitrary<infer F> ? F : never;

function lineOf(values: readonly Value[], { space, again, turn }: File['style']): string {
  const members = values.flatMap((value, i) =>
    value === undefined ? [] : [`${space}${JSON.stringify(COLUMNS[i])}${space}:${space}${value}${space}`],
  );
  const turned = [...members.slice(turn), ...members.slice(0, turn)];
  if (again !== undefined) turned.push(`"${again}":"x"`);
  return `${space}{${turned.join(',')}}${space}`;
}

function bytesOfFile({ yesterday, edits, style, broken }: File): Buffer {
  const rows = edited<Value>(yesterday, edits, (text) => JSON.stringify(text), 0);
  const lines = rows.map((values) => lineOf(values, style));
  if (style.fault !== undefined) lines.splice(style.fault.at, 0, style.fault.line);
  return bytesOfText(style.mark + lines.join(style.lineEnd) + style.end, broken);
}

/** The records of the rows of yesterday that are valid, so that a state can contain them. */
function validRecords(yesterday: File['yesterday'], { toRecord }: Way<'users'>) {
  return yesterday.flatMap((values) => {
    try {
      const row = JSON.parse(lineOf(values, { space: '', turn: 0 } as File['style'])) as FlatRow;
      const record = toRecord(row);
      const texts = [record.externalId, ...Object.values(record.profile)];
      return record.externalId !== '' && texts.every((text) => text === null || typeof text === 'string')
        ? [record]
        : [];
    } catch {
      return [];
    }
  });
}

/** The contract of screens for JSON lines: see `screened-csv.ts`. */
export function screenedJsonLinesContract({ share = 1, threads = 0 }: ScreenedContractOptions = {}): void {
  it('JSON lines have the same result as without screening', async () => {
    await withState((state) =>
      fc.assert(
        fc.asyncProperty(anyFile, anyWay, async (file, way) => {
          const bytes = bytesOfFile(file);
          const rows = () =>
            fromJsonLines<FlatRow>(inPieces(bytes, file.cuts, file.fails), { name: 'day.jsonl', threads });
          await replaceBaseline(state, 'users', validRecords(file.yesterday, way));
          const screened = await runOf(rows(), way, state);
          const plain = await runOf(rows(), unscreened(way), state);
          if (plain.error === undefined || screened.counts.read === plain.counts.read) {
            expect(screened).toEqual(plain);
            return;
          }
          // If the function fails inside a block, the unchanged rows of this block are neither counted nor reported as duplicates.
          expect(screened.error).toEqual(plain.error);
          expect(screened.changes).toEqual(plain.changes);
          expect(plain.rejections).toEqual(expect.arrayContaining([...screened.rejections]));
        }),
        { numRuns: runs(Math.ceil(150 * share)) },
      ),
    );
  });
}
