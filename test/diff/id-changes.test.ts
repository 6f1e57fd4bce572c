import { describe, expect, it } from 'vitest';
import type { UserRecord, Valid } from '../../src/core/model.js';
import type { PlanSummary } from '../../src/core/results.js';
import { diff, type DiffOptions } from '../../src/diff/diff.js';
import { pipe } from '../../src/flow/pipe.js';
import { guard } from '../../src/guard/guard.js';
import { validate } from '../../src/validate/validate.js';
import type { StateStore } from '../../src/state/store.js';
import { plan } from '../../src/sync/sync.js';
import { adopted, unknown } from '../support/rows.js';
import { withState } from '../support/two-ways.js';

const user = (id: string, login: string): UserRecord => ({
  externalId: id,
  profile: { userName: `${login}@x.example`, email: 'all@x.example' },
});

async function hold(state: StateStore, users: readonly UserRecord[]): Promise<void> {
  for await (const chunk of pipe(users, validate('users'), diff('users', state)).chunks())
    await state.adopt(chunk.map(adopted));
}

const OPEN = { maxDeletePercent: 100, maxIdChanges: 1000 };

/** What the plan of a read says of people under other ids. */
async function idChangesOf(state: StateStore, records: readonly unknown[], options: DiffOptions = {}) {
  let plan: PlanSummary | undefined;
  const changes = pipe(
    records as readonly UserRecord[],
    validate('users', options.mode === undefined ? {} : { mode: options.mode }),
    diff('users', state, options),
    guard(state, { ...OPEN, onPlan: (summary) => (plan = summary) }),
  );
  for await (const _ of changes);
  return plan?.idChanges;
}

describe('people who come back under another id', () => {
  const staff = ['ann', 'bob', 'cho', 'dee', 'eve'].map((name, i) => user(`00${i}`, name));
  const moved = staff.map(({ externalId, profile }) => ({ externalId: externalId.slice(2), profile }));

  it('are found by their logins, in upper or lower case, and the first three are named', async () => {
    await withState(async (state) => {
      await hold(state, staff);
      expect(await idChangesOf(state, moved)).toMatchObject({ count: 5 });
      const upper = moved.map(({ externalId, profile: { userName = '', email = '' } }) => ({
        externalId,
        profile: { userName: String(userName).toUpperCase(), email },
      }));
      const found = await idChangesOf(state, upper);
      expect(found?.count).toBe(5);
      expect(found?.examples).toHaveLength(3);
      for (const { from, to } of found?.examples ?? []) expect(from).toBe(`00${to}`);
    });
  });

  it('are found by their ids in another form of Unicode, whatever their logins are', async () => {
    await withState(async (state) => {
      const old = ['jose\u0301', 'A\u030a', '\u1100\u1161', 'ann'].map((id, i) => user(id, `p${i}`));
      // A version that did not check the form of ids.
      for await (const chunk of pipe(
        old as unknown as readonly Valid<'users'>[],
        diff('users', state),
      ).chunks())
        await state.adopt(chunk.map(adopted));
      const now = old.map(({ externalId }, i) => user(externalId.normalize('NFC'), `q${i}`));
      expect(await idChangesOf(state, now)).toEqual({
        count: 3,
        examples: expect.arrayContaining(
          old.slice(0, 3).map(({ externalId: from }) => ({
            from,
            to: from.normalize('NFC'),
            onlyIn: ['the form of Unicode'],
          })),
        ) as unknown,
      });
      // Others arrive, and those of the old form leave.
      expect(await idChangesOf(state, [user('zo\u00eb', 'zoe'), old[3]])).toMatchObject({ count: 0 });
    });
  });

  it('are not those who stay, arrive or leave', async () => {
    await withState(async (state) => {
      await hold(state, staff);
      const changed = { ...staff[0], profile: { ...staff[0]?.profile, firstName: 'x' } };
      const read = [changed, ...staff.slice(1, 4), user('9', 'new')];
      expect(await idChangesOf(state, read)).toEqual({ count: 0, examples: [] });
    });
  });

  it('are found in a feed, and where the old id is not removed', async () => {
    await withState(async (state) => {
      await hold(state, staff);
      const [first] = staff;
      const feed = [{ ...first, deleted: true }, moved[0]];
      const one = { count: 1, examples: [{ from: '000', to: '0', onlyIn: ['leading zeros'] }] };
      expect(await idChangesOf(state, feed, { mode: 'delta' })).toEqual(one);
      const read = [...staff.slice(1), moved[0]];
      expect(await idChangesOf(state, read, { absence: { reads: 2 } })).toEqual(one);
      expect(await idChangesOf(state, read, { absence: { protect: { ids: ['000'] } } })).toEqual(one);
      expect(await idChangesOf(state, [...read, { profile: {} }])).toEqual(one);
    });
  });

  it('are found among rows that are unknown or doubted', async () => {
    await withState(async (state) => {
      await hold(state, staff);
      const doubted = await plan({ state, users: moved, resend: ['all'], guard: OPEN });
      expect(doubted.idChanges.count).toBe(5);
      await state.adopt(staff.map(({ externalId }) => unknown('users', externalId)));
      expect(await idChangesOf(state, moved)).toMatchObject({ count: 5 });
    });
  });

  it('stop the plan when they are more than three, whatever the population', async () => {
    await withState(async (state) => {
      await hold(state, staff);
      const stopped = async (records: readonly UserRecord[]) => {
        for await (const _ of pipe(records, validate('users'), diff('users', state), guard(state)));
      };
      await stopped([...moved.slice(0, 3), ...staff.slice(3)]);
      await expect(stopped([...moved.slice(0, 4), ...staff.slice(4)])).rejects.toMatchObject({
        trips: [{ rule: 'idChanges', actual: 4, limit: 3 }],
        message: expect.stringContaining('4 people come back under another externalId') as string,
      });
    });
  });
});
