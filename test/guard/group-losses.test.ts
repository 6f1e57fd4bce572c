import { describe, expect, it } from 'vitest';
import type { MembershipRecord } from '../../src/core/model.js';
import { GuardError } from '../../src/core/errors.js';
import type { PlanSummary } from '../../src/core/results.js';
import { diff } from '../../src/diff/diff.js';
import { pipe } from '../../src/flow/pipe.js';
import { guard, type GuardOptions } from '../../src/guard/guard.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { StateStore } from '../../src/state/store.js';
import { validate } from '../../src/validate/validate.js';
import { replaceBaseline } from '../support/two-ways.js';

const members = (group: string, count: number): MembershipRecord[] =>
  Array.from({ length: count }, (_, i) => ({ groupExternalId: group, memberExternalId: `u${i}` }));

/** 1,000 memberships of `all`, 60 of `team` and 24 of `few`. */
async function world(): Promise<StateStore> {
  const state = memoryState();
  await replaceBaseline(state, 'memberships', [
    ...members('all', 1000),
    ...members('team', 60),
    ...members('few', 24),
  ]);
  return state;
}

/** The plan of a read in which groups have so many members, and the limits that it exceeds. */
async function outcome(team: number, few: number, options: GuardOptions = {}) {
  const state = await world();
  let plan: PlanSummary | undefined;
  const read = [...members('all', 1000), ...members('team', team), ...members('few', few)];
  const onPlan = (summary: PlanSummary) => (plan = summary);
  try {
    for await (const _ of pipe(
      read,
      validate('memberships'),
      diff('memberships', state),
      guard(state, { ...options, onPlan }),
    ));
    return { trips: [], losses: plan?.groupLosses };
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
    return { trips: error.trips, losses: plan?.groupLosses };
  }
}

describe('a group that loses members', () => {
  it('stops the plan if it loses more than half of them and more than 20', async () => {
    expect(await outcome(29, 24)).toEqual({
      trips: [
        {
          entity: 'memberships',
          rule: 'groupLoss',
          actual: (31 / 60) * 100,
          limit: 50,
          population: 60,
        },
      ],
      losses: { count: 1, examples: [{ group: 'team', members: 60, lost: 31 }] },
    });
  });

  it('does not if it loses half of them, or 20', async () => {
    const none = { trips: [], losses: { count: 0, examples: [] } };
    expect(await outcome(30, 4)).toEqual(none);
    expect((await outcome(30, 3)).trips).toMatchObject([{ rule: 'groupLoss', population: 24 }]);
  });

  it('is named with the others, the greatest share first', async () => {
    const { trips, losses } = await outcome(20, 0);
    expect(trips).toMatchObject([{ actual: 100, population: 24 }]);
    expect(losses).toMatchObject({ count: 2, examples: [{ group: 'few' }, { group: 'team' }] });
  });

  it('has other limits by option', async () => {
    expect((await outcome(20, 24, { maxGroupLossPercent: 70 })).trips).toEqual([]);
    expect((await outcome(20, 24, { memberships: { minGroupLosses: 40 } })).trips).toEqual([]);
    expect((await outcome(55, 24, { maxGroupLossPercent: 5, minGroupLosses: 4 })).trips).toHaveLength(1);
  });

  it('is no such group if it is deleted itself', async () => {
    const state = await world();
    await replaceBaseline(state, 'groups', [
      { externalId: 'all', profile: { displayName: 'all' } },
      { externalId: 'team', profile: { displayName: 'team' } },
    ]);
    const reading = await state.read();
    const read = {
      groups: [{ externalId: 'all', profile: { displayName: 'all' } }],
      memberships: members('all', 1000),
    };
    async function* changes() {
      yield* pipe(read.groups, validate('groups'), diff('groups', state, { reading }));
      yield* pipe(
        [...read.memberships, ...members('few', 24)],
        validate('memberships'),
        diff('memberships', state, { reading }),
      );
    }
    let passed = 0;
    for await (const _ of pipe(changes(), guard(state))) passed++;
    await reading.close();
    expect(passed).toBeGreaterThan(60);
  });
});
