import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { UserRecord } from '../../src/core/model.js';
import { pipe } from '../../src/flow/pipe.js';
import type { FlatRow } from '../../src/transform/to-records.js';
import { anyText, anyValidate } from '../support/row-files.js';
import { runs } from '../support/runs.js';
import { holdRecords, inTheDark, runOf, withState, type Way } from '../support/two-ways.js';

type Loose = Readonly<Record<string, unknown>>;

const USER = ['userName', 'email', 'externalId', 'secondEmail', 'note'];
const GROUP = ['displayName', 'description'];
const NULLABLE = ['externalId', 'note', 'description'];

/** Values as a function may make them; the odd ones are what Okta does not take, or what looks like a separator. */
const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  // Good for every attribute, so that most records are.
  { weight: 60, arbitrary: fc.constantFrom('a@b.example', 'x@y.example') },
  { weight: 6, arbitrary: anyText },
  { weight: 2, arbitrary: fc.constant(null) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      '\x1d',
      '\x1d\x1d',
      'a\x1f',
      '\x1e',
      '\ud800',
      7,
      true,
      undefined,
      {},
      ['x'],
    ),
  },
);
const anyOrNull = fc.oneof(fc.constant(null), anyValue);
const anyId = fc.oneof(
  { weight: 9, arbitrary: fc.nat(6).map((i): unknown => `u${i}`) },
  { weight: 1, arbitrary: anyValue },
);

const anyProfiled = (names: readonly string[]): fc.Arbitrary<Loose> =>
  fc
    .tuple(anyId, fc.tuple(...names.map((name) => (NULLABLE.includes(name) ? anyOrNull : anyValue))))
    .map(([externalId, values]) => ({
      externalId,
      profile: Object.fromEntries(names.map((name, i) => [name, values[i]])),
    }));
const anyMembership: fc.Arbitrary<Loose> = fc.record({ groupExternalId: anyId, memberExternalId: anyId });

/** What became of a record by today: of most nothing, of the others what comes close to it and is something else. */
const TWISTS: Readonly<Record<string, (fields: Loose) => unknown>> = {
  none: (fields) => fields,
  turned: (fields) => Object.fromEntries(Object.entries(fields).toReversed()),
  short: (fields) => Object.fromEntries(Object.entries(fields).slice(1)),
  more: (fields) => ({ ...fields, more: 'x' }),
  'looks like null': (fields) =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value ?? '\x1d'])),
  bare: () => null,
};
const anyEdit = fc.record({
  of: fc.nat(12),
  twist: fc.oneof(
    { weight: 10, arbitrary: fc.constant('none') },
    { weight: 8, arbitrary: fc.constantFrom(...Object.keys(TWISTS)) },
  ),
  /** Of the record, not of its profile. */
  outside: fc.boolean(),
  deleted: fc.constantFrom(false, false, false, false, true),
});

function twisted(
  record: Loose,
  { twist, outside, deleted }: typeof anyEdit extends fc.Arbitrary<infer E> ? E : never,
) {
  const change = TWISTS[twist] as (fields: Loose) => unknown;
  const { profile } = record;
  const changed =
    outside || profile === undefined ? change(record) : { ...record, profile: change(profile as Loose) };
  return deleted && changed !== null ? { ...(changed as Loose), deleted: true } : changed;
}

/** Yesterday's records, and what of them and of new ones is there today. */
const anyDays = (record: fc.Arbitrary<Loose>) =>
  fc.record({
    yesterday: fc.array(record, { minLength: 1, maxLength: 10 }),
    added: fc.array(record, { maxLength: 3 }),
    edits: fc.array(anyEdit, { maxLength: 20 }),
    fails: fc.constantFrom(false, false, true),
  });

/** Those that a state may hold. */
function held(records: readonly Loose[]): UserRecord[] {
  const isId = (id: unknown) => typeof id === 'string' && id !== '';
  return records.filter(({ externalId, profile, groupExternalId, memberExternalId }) =>
    profile === undefined
      ? isId(groupExternalId) && isId(memberExternalId)
      : isId(externalId) &&
        Object.values(profile as Loose).every((value) => value === null || typeof value === 'string'),
  ) as unknown as UserRecord[];
}

/** What holds for records of which nobody knows how they were made. */
export function screenedRecordsContract(): void {
  it.each([
    ['users', anyProfiled(USER), USER],
    ['groups', anyProfiled(GROUP), GROUP],
    ['memberships', anyMembership, ['x']],
  ] as const)('%s come to what they come to one by one', async (entity, anyRecord, names) => {
    await withState((state) =>
      fc.assert(
        fc.asyncProperty(anyDays(anyRecord), anyValidate(names), async (days, validate) => {
          const way = { entity, validate, toRecord: (row: FlatRow) => row } as unknown as Way<'users'>;
          const { yesterday, added, edits, fails } = days;
          const all = [...yesterday, ...added];
          async function* today() {
            for (const edit of edits) yield twisted(all[edit.of % all.length] as Loose, edit) as FlatRow;
            if (fails) throw Object.assign(new Error('the connection is gone'), { code: 'ECONNRESET' });
          }
          await holdRecords(state, entity as 'users', held(yesterday));
          const screened = await runOf(pipe(today()), way, state);
          expect(screened).toEqual(await runOf(pipe(today()), inTheDark(way), state));
        }),
        { numRuns: runs(200) },
      ),
    );
  });
}
