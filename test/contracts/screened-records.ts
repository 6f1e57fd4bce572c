import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { UserRecord } from '../../src/model.js';
import { pipe } from '../../src/pipe.js';
import type { FlatRow } from '../../src/sources/records.js';
import { anyText, anyValidate } from '../support/row-files.js';
import { runs } from '../support/runs.js';
import { holdRecords, inTheDark, runOf, withState, type Way } from '../support/two-ways.js';

type Loose = Readonly<Record<string, unknown>>;

const ATTRIBUTES = ['userName', 'email', 'externalId', 'secondEmail', 'note'];

/** Values as a function may make them; the odd ones are what Okta does not take, or what looks like a separator. */
const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 20, arbitrary: anyText },
  { weight: 6, arbitrary: fc.constant(null) },
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
const anyId = fc.oneof(
  { weight: 9, arbitrary: fc.nat(6).map((i): unknown => `u${i}`) },
  { weight: 1, arbitrary: anyValue },
);

/** Most records have one shape; some have another order, an attribute less, or a property more. */
const anyTwist = fc.constantFrom('none', 'none', 'none', 'none', 'none', 'turned', 'short', 'more', 'bare');

const anyProfiled: fc.Arbitrary<Loose> = fc
  .tuple(anyId, fc.tuple(anyValue, anyValue, anyValue, anyValue, anyValue), anyTwist)
  .map(([externalId, values, twist]) => {
    const entries = ATTRIBUTES.map((name, i) => [name, values[i]] as const);
    const profile = Object.fromEntries(
      twist === 'turned' ? entries.toReversed() : twist === 'short' ? entries.slice(1) : entries,
    );
    if (twist === 'more') return { externalId, profile, deleted: true };
    return twist === 'bare' ? { externalId, profile: null } : { externalId, profile };
  });
const anyMembership: fc.Arbitrary<Loose> = fc
  .tuple(anyId, anyId, anyTwist)
  .map(([groupExternalId, memberExternalId, twist]) => {
    if (twist === 'turned') return { memberExternalId, groupExternalId };
    if (twist === 'short') return { groupExternalId };
    return twist === 'more'
      ? { groupExternalId, memberExternalId, deleted: true }
      : { groupExternalId, memberExternalId };
  });

/** Yesterday's records, and those of today by their numbers among yesterday's and the new ones. */
const anyDays = (record: fc.Arbitrary<Loose>) =>
  fc.record({
    yesterday: fc.array(record, { minLength: 1, maxLength: 10 }),
    added: fc.array(record, { maxLength: 3 }),
    picks: fc.array(fc.nat(12), { maxLength: 20 }),
    fails: fc.constantFrom(false, false, true),
  });

/** Those that a state may hold. */
function held(records: readonly Loose[]): UserRecord[] {
  const isId = (id: unknown) => typeof id === 'string' && id !== '';
  return records.filter(({ externalId, profile, groupExternalId, memberExternalId, deleted }) =>
    profile === undefined
      ? isId(groupExternalId) && isId(memberExternalId)
      : isId(externalId) &&
        profile !== null &&
        deleted === undefined &&
        Object.values(profile).every((value) => value === null || typeof value === 'string'),
  ) as unknown as UserRecord[];
}

/** What holds for records of which nobody knows how they were made. */
export function screenedRecordsContract(): void {
  it.each([
    ['users', anyProfiled, ATTRIBUTES],
    ['groups', anyProfiled, ['displayName']],
    ['memberships', anyMembership, ['x']],
  ] as const)('%s come to what they come to one by one', async (entity, anyRecord, names) => {
    await withState((state) =>
      fc.assert(
        fc.asyncProperty(anyDays(anyRecord), anyValidate(names), async (days, validate) => {
          const way = { entity, validate, toRecord: (row: FlatRow) => row } as unknown as Way<'users'>;
          const { yesterday, added, picks, fails } = days;
          const all = [...yesterday, ...added];
          async function* today() {
            for (const pick of picks) yield all[pick % all.length] as FlatRow;
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
