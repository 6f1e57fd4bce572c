import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SourceError } from '../../src/core/errors.js';
import { filter } from '../../src/transform/filter.js';
import { map } from '../../src/transform/map.js';
import { pipe } from '../../src/flow/pipe.js';
import type { Flow } from '../../src/flow/flow.js';
import { groupFrom, membershipFrom, userFrom } from '../../src/transform/records-from-columns.js';
import { fromPages } from '../../src/sources/from-pages.js';
import { toUser, type FlatRow } from '../../src/transform/to-records.js';
import { fieldsOf, withFields, type FieldsOf } from '../../src/screening/declared-mapping.js';
import {
  anyEdits,
  anyProfileColumns,
  anyRecordOptions,
  anyText,
  anyValidate,
  edited,
  PROFILE_COLUMNS,
} from '../support/row-files.js';
import { runs } from '../support/runs.js';
import { holdRecords, inTheDark, runOf, undeclared, withState, type Way } from '../support/two-ways.js';

const COLUMNS = ['externalId', 'mail', 'first', 'nïck', 'second', 'other'];

const GONE = 'ECONNRESET';

/** What a driver may give for a cell. */
const anyCell: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 20, arbitrary: anyText },
  { weight: 4, arbitrary: fc.constantFrom(null, undefined, '') },
  // What separates cells, and what is no text.
  {
    weight: 2,
    arbitrary: fc.constantFrom('a\x1fb', '\x1e', '\x1e\x1f', '\x1f\x1f\x1f\x1f\x1f\x1e', '\ud800', 'a\udc00'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(0, 7, true, 10n, new Date(0), ['x'], {}, Buffer.from('x')),
  },
);

const anyRow = fc.tuple(
  fc.oneof({ weight: 8, arbitrary: fc.nat(9).map((i) => `u${i}`) }, { weight: 1, arbitrary: anyCell }),
  anyCell,
  anyCell,
  anyCell,
  anyCell,
  anyCell,
);

const anyUserWay: fc.Arbitrary<Way<'users'>> = fc
  .record({
    options: anyRecordOptions,
    takesAll: fc.constantFrom(false, false, true),
    profile: anyProfileColumns,
    validate: anyValidate(Object.keys(PROFILE_COLUMNS)),
    onDuplicate: fc.constantFrom('reject' as const, 'reject' as const, 'fail' as const),
  })
  .map(({ options, takesAll, profile, validate, onDuplicate }) => ({
    entity: 'users',
    toRecord: takesAll ? toUser : userFrom({ externalId: 'externalId', profile }, options),
    validate,
    diff: { onDuplicate },
  }));

const anyGroupWay = fc
  .record({ options: anyRecordOptions, validate: anyValidate(['displayName', 'description']) })
  .map(({ options, validate }) => ({
    entity: 'groups' as const,
    toRecord: groupFrom(
      { externalId: 'externalId', profile: { displayName: 'first', description: 'nïck' } },
      options,
    ),
    validate,
  })) as unknown as fc.Arbitrary<Way<'users'>>;

const anyMembershipWay = fc.constantFrom('externalId', 'mail').map((member) => ({
  entity: 'memberships' as const,
  toRecord: membershipFrom({ groupExternalId: 'externalId', memberExternalId: member }),
})) as unknown as fc.Arbitrary<Way<'users'>>;

const rowOf = (cells: readonly unknown[]): FlatRow =>
  Object.fromEntries(
    COLUMNS.flatMap((name, i) => (cells[i] === undefined ? [] : [[name, cells[i]]])),
  ) as FlatRow;

/** How rows come. */
const anySource = fc.record({
  yesterday: fc.array(anyRow, { minLength: 1, maxLength: 12 }),
  edits: anyEdits,
  /** A row that is none. */
  odd: fc.option(
    fc.record({ at: fc.nat(24), row: fc.constantFrom<unknown>(null, 'u1', 7, [], Object.create(null)) }),
    { freq: 4, nil: undefined },
  ),
  page: fc.integer({ min: 1, max: 9 }),
  kind: fc.constantFrom('array', 'iterable', 'pages', 'filtered', 'mapped'),
  fails: fc.constantFrom(false, false, false, true),
});
type Rows = typeof anySource extends fc.Arbitrary<infer S> ? S : never;

function flowOf({ yesterday, edits, odd, page, kind, fails }: Rows): Flow<FlatRow> {
  const rows: unknown[] = edited<unknown>(yesterday, edits, (text) => text, 0).map(rowOf);
  if (odd !== undefined) rows.splice(odd.at, 0, odd.row);
  const all = rows as FlatRow[];
  async function* oneByOne() {
    yield* all;
    if (fails) throw Object.assign(new Error('the connection is gone'), { code: GONE });
  }
  async function* pages() {
    for (let start = 0; start < all.length; start += page) yield all.slice(start, start + page);
    if (fails) throw Object.assign(new Error('the connection is gone'), { code: GONE });
  }
  switch (kind) {
    case 'array':
      return pipe(all);
    case 'iterable':
      return pipe(oneByOne());
    case 'pages':
      return fromPages(pages(), { name: 'directory' });
    case 'filtered':
      return pipe(
        oneByOne(),
        filter((_, i) => i % 5 !== 2),
      );
    default:
      return pipe(
        oneByOne(),
        map((row) => (row === null ? {} : row)),
      );
  }
}

/** The records that yesterday's rows came to, as far as they came to any that a state may hold. */
function heldRecords(yesterday: Rows['yesterday'], { entity, toRecord }: Way<'users'>) {
  return yesterday.flatMap((cells) => {
    try {
      const record = toRecord(rowOf(cells));
      const isMembership = entity === ('memberships' as string);
      const ids: unknown[] = isMembership ? Object.values(record) : [record.externalId];
      const values: unknown[] = isMembership ? [] : Object.values(record.profile);
      const isGood =
        ids.every((id) => typeof id === 'string' && id !== '') &&
        values.every((value) => value === null || typeof value === 'string');
      return isGood ? [record] : [];
    } catch {
      return [];
    }
  });
}

/** Fails with an error of the library where a row is no object. */
function careful({ toRecord, ...way }: Way<'users'>): Way<'users'> {
  const record = (row: FlatRow) => {
    if (row === null) throw new SourceError('is no row');
    return toRecord(row);
  };
  return { ...way, toRecord: withFields(record, fieldsOf(toRecord) as FieldsOf) };
}

/** What holds for objects that are settled by their cells. */
export function screenedObjectsContract(): void {
  it.each([
    ['users', anyUserWay],
    ['groups', anyGroupWay],
    ['memberships', anyMembershipWay],
  ] as const)('%s come to what they come to as records', async (entity, anyWay) => {
    await withState((state) =>
      fc.assert(
        fc.asyncProperty(anySource, anyWay.map(careful), fc.boolean(), async (rows, way, isDeclared) => {
          await holdRecords(state, entity as 'users', heldRecords(rows.yesterday, way));
          const screened = await runOf(flowOf(rows), isDeclared ? way : undeclared(way), state);
          const plain = await runOf(flowOf(rows), inTheDark(way), state);
          if (plain.error === undefined || plain.error.code === GONE) {
            expect(screened).toEqual(plain);
            return;
          }
          // Both end in a block: of two faults in it either may be told.
          if (plain.error.code === 'ERR_ROLLCALL_RECORD') {
            expect(screened.error).toBeDefined();
            return;
          }
          // A function that fails ends the run inside a block, whose settled rows are then neither counted nor told as repeated.
          expect(screened.error).toEqual(plain.error);
          expect(screened.changes).toEqual(plain.changes);
          expect(plain.rejections).toEqual(expect.arrayContaining([...screened.rejections]));
        }),
        { numRuns: runs(200) },
      ),
    );
  });
}
