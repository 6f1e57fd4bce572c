import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { GuardError } from '../../src/core/errors.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { plan, sync } from '../../src/sync/sync.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, makeOrg } from '../support/world.js';

const DAY_MS = 86_400_000;
const user = (i: number) => ({
  externalId: `u${i}`,
  profile: { userName: `u${i}`, email: `u${i}@x.example` },
});
const staff = (count: number) => Array.from({ length: count }, (_, i) => user(i));
const unidentified = { externalId: '', profile: { userName: 'x', email: 'x@x.example' } };

/** An org with this many users, and runs on the given day after the first one, for Okta too. */
async function world(count: number) {
  let today = 0;
  const clock = { ...systemClock, now: () => Date.now() + today * DAY_MS };
  const org = await inVirtualTime(() => Promise.resolve(makeOrg({ clock })));
  const state = memoryState();
  const on = async (day: number, users: readonly object[], approve?: string) => {
    today = day;
    const options = { state, users: users as ReturnType<typeof staff>, clock };
    try {
      const report = await inVirtualTime(() =>
        sync({ ...options, okta: clientOf(org), ...(approve !== undefined && { approve }) }),
      );
      return report.plan.entities.users.deletes;
    } catch (error) {
      if (!(error instanceof GuardError)) throw error;
      // The plan trips as the sync does.
      const { trips, hash } = await inVirtualTime(() => plan(options));
      expect({ trips, hash }).toEqual({ trips: error.trips, hash: error.planHash });
      return error;
    }
  };
  await on(0, staff(count));
  return { on, state };
}

describe('losses over several days', () => {
  it('count together for seven days, and trip the guard as one loss would', async () => {
    const { on } = await world(100);
    expect(await on(0, staff(90))).toBe(10);
    expect(await on(0, staff(80))).toBe(10);
    expect(await on(6, staff(79))).toMatchObject({
      trips: [{ entity: 'users', rule: 'weekDeletePercent', actual: 21, limit: 20, population: 100 }],
    });
    expect(await on(6, staff(80))).toBe(0);
    expect(await on(9, staff(79))).toBe(1);
  });

  it('that a person approved do not count any more', async () => {
    const { on } = await world(100);
    await on(0, staff(85));
    const stopped = (await on(0, staff(70))) as GuardError;
    expect(stopped.trips).toMatchObject([{ rule: 'weekDeletePercent' }]);
    expect(await on(0, staff(70), stopped.planHash)).toBe(15);
    expect(await on(1, staff(60))).toBe(10);
    expect(await on(1, staff(55))).toMatchObject({ trips: [{ actual: (15 / 70) * 100, population: 70 }] });
  });
});

describe('deletions that are held back', () => {
  it('trip the guard after seven days, until the record is mended', async () => {
    const { on } = await world(30);
    const broken = [...staff(28), unidentified];
    for (const day of [1, 5, 8]) expect(await on(day, broken)).toBe(0);
    expect(await on(8.01, broken)).toMatchObject({
      trips: [{ entity: 'users', rule: 'heldBack', actual: expect.closeTo(7.01, 2) as number, limit: 7 }],
      message: expect.stringMatching(
        /deletions of users are held back since \d{4}-\d\d-\d\d, 7 days/,
      ) as string,
    });
    expect(await on(9, staff(28))).toBe(2);
    expect(await on(20, [...staff(27), unidentified])).toBe(0);
  });

  it('may stay for seven days more once a person approved that', async () => {
    const { on } = await world(30);
    const broken = [...staff(28), unidentified];
    await on(1, broken);
    const stopped = (await on(9, broken)) as GuardError;
    expect(await on(9, broken, stopped.planHash)).toBe(0);
    expect(await on(15, broken)).toBe(0);
    expect(await on(16.1, broken)).toMatchObject({ trips: [{ rule: 'heldBack' }] });
  });
});
