import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GuardError } from '../../src/core/errors.js';
import { contextOf } from '../../src/flow/flow.js';
import type { Change, UserRecord } from '../../src/core/model.js';
import type { AbsenceOptions } from '../../src/diff/absence-rules.js';
import { diff } from '../../src/diff/diff.js';
import { guard, type GuardOptions } from '../../src/guard/guard.js';
import { validate } from '../../src/validate/validate.js';
import { pipe } from '../../src/flow/pipe.js';
import type { PlanSummary } from '../../src/core/results.js';
import { DELETIONS_BY_DAY } from '../../src/state/deletions-by-day.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { LANES, type StateStore } from '../../src/state/store.js';
import { anyChanges } from '../support/changes.js';
import { runs } from '../support/runs.js';
import { adopted, upserted } from '../support/rows.js';

const user = (i: number, name = 'x'): UserRecord => ({
  externalId: `u${i}`,
  profile: { userName: `u${i}`, email: `u${i}@x.example`, firstName: name },
});
const staff = (count: number, name?: string) => Array.from({ length: count }, (_, i) => user(i, name));

async function collect(flow: AsyncIterable<Change>): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const change of flow) changes.push(change);
  return changes;
}

async function holding(users: readonly UserRecord[]): Promise<StateStore> {
  const state = memoryState();
  const changes = await collect(pipe(users, validate('users'), diff('users', state)));
  await state.adopt(changes.map(adopted));
  return state;
}

async function attempt(
  state: StateStore,
  users: readonly UserRecord[],
  options?: GuardOptions,
): Promise<number | GuardError> {
  try {
    return (await collect(pipe(users, validate('users'), diff('users', state), guard(state, options))))
      .length;
  } catch (error) {
    if (error instanceof GuardError) return error;
    throw error;
  }
}

describe('guard', () => {
  it('nothing passes a plan that deletes more than the limit, and everything passes one that does not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 200 }),
        fc.integer({ min: 0, max: 100 }),
        async (kept, maxDeletePercent) => {
          const state = await holding(staff(200));
          const outcome = await attempt(state, staff(kept), {
            maxDeletePercent,
            minDeletes: 0,
            allowEmpty: true,
          });
          const deletes = 200 - kept;
          if ((deletes / 200) * 100 > maxDeletePercent) expect(outcome).toBeInstanceOf(GuardError);
          else expect(outcome).toBe(deletes);
        },
      ),
      { numRuns: runs(60) },
    );
  });

  it('by default a fifth may go and half may change, of any population', async () => {
    const state = await holding(staff(200));
    expect(await attempt(state, staff(160))).toBe(40);
    expect(await attempt(state, staff(159))).toMatchObject({
      trips: [{ entity: 'users', rule: 'deletePercent', limit: 20, population: 200 }],
    });
    const changed = (count: number) => staff(200).map((u, i) => (i < count ? user(i, 'y') : u));
    expect(await attempt(state, changed(100))).toBe(100);
    expect(await attempt(state, changed(101))).toMatchObject({ trips: [{ rule: 'updatePercent' }] });
    const small = await holding(staff(43));
    expect(await attempt(small, staff(1))).toMatchObject({ trips: [{ rule: 'deletePercent' }] });
    expect(await attempt(await holding(staff(3)), staff(1))).toBe(2);
  });

  it('an empty source where Okta holds something stops the run, whatever the population', async () => {
    const state = await holding(staff(3));
    expect(await attempt(state, [])).toMatchObject({
      code: 'ERR_ROLLCALL_GUARD',
      trips: [{ rule: 'emptySource' }],
    });
    expect(await attempt(state, [], { allowEmpty: true })).toBe(3);
  });

  it('counts limit as percentages do, and an entity may have its own', async () => {
    const state = await holding(staff(50));
    expect(await attempt(state, staff(40), { maxDeletes: 9 })).toMatchObject({
      trips: [{ rule: 'deletes', actual: 10, limit: 9 }],
    });
    expect(await attempt(state, staff(40), { maxDeletes: 9, users: { maxDeletes: 10 } })).toBe(10);
    expect(await attempt(state, staff(40), { groups: { maxDeletes: 0 } })).toBe(10);
  });

  it('the protected and the excluded do not dilute a percentage', async () => {
    const state = await holding(staff(100));
    const kept = staff(100).filter((_, i) => i < 90 || i > 96);
    const passes = async (absence: AbsenceOptions) => {
      try {
        await collect(pipe(kept, validate('users'), diff('users', state, { absence }), guard(state)));
        return true;
      } catch (error) {
        if (!(error instanceof GuardError)) throw error;
        expect(error.trips).toMatchObject([{ rule: 'deletePercent', population: 20 }]);
        return false;
      }
    };
    const others = (id: string) => Number(id.slice(1)) < 80;
    expect(await passes({})).toBe(true);
    expect(await passes({ exclude: others })).toBe(false);
    expect(await passes({ protect: { ids: staff(80).map(({ externalId }) => externalId) } })).toBe(false);
  });

  it('too many rejected records stop the run', async () => {
    const state = memoryState();
    const bad = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ externalId: `bad${i}`, profile: {} }));
    expect(await attempt(state, [...staff(300), ...bad(19)])).toBe(300);
    expect(await attempt(state, [...staff(300), ...bad(20)])).toMatchObject({ trips: [{ rule: 'rejects' }] });
  });

  it('rejects are a share of all that was read, the rejected ones included', async () => {
    const bad = Array.from({ length: 20 }, (_, i) => ({ externalId: `bad${i}`, profile: {} }));
    expect(await attempt(memoryState(), [...staff(380), ...bad])).toBe(380);
    expect(await attempt(memoryState(), [...staff(379), ...bad])).toBeInstanceOf(GuardError);
  });

  it('what Okta may hold counts as what it holds', async () => {
    const state = await holding(staff(100));
    const id = await state.journal.creating(0);
    await state.journal.created(id, 's');
    await state.journal.loading(id, [upserted('users', 'u999')]);
    await state.journal.settle(id, 'unknown');
    expect(await attempt(state, staff(50))).toMatchObject({ trips: [{ population: 101 }] });
  });

  it('the plan tells its size to the sink, and how many removals were held back', async () => {
    const state = await holding(staff(5));
    const plans: PlanSummary[] = [];
    const nameless = { externalId: '', profile: { userName: 'x' } };
    const size = await pipe(
      [...staff(3), nameless, user(7)],
      validate('users'),
      diff('users', state),
      guard(state, { onPlan: (plan) => plans.push(plan) }),
      async (source) => {
        const changes = await collect(source);
        return [changes.length, contextOf(source).plannedChanges];
      },
    );
    expect(size).toEqual([1, { users: 1, groups: 0, memberships: 0 }]);
    expect(plans).toMatchObject([{ heldBackDeletes: { users: 2, groups: 0, memberships: 0 } }]);
  });

  it('what waited is dropped, whether the plan passes, is refused, or is left', async () => {
    const state = await holding(staff(200));
    let open = 0;
    const outbox = state.outbox.bind(state);
    state.outbox = async () => {
      const made = await outbox();
      open++;
      const close = made.close.bind(made);
      made.close = async () => {
        open--;
        await close();
      };
      return made;
    };
    await attempt(state, staff(199));
    expect(await attempt(state, staff(1))).toBeInstanceOf(GuardError);
    for await (const _ of pipe(staff(300), validate('users'), diff('users', state), guard(state))) break;
    expect(open).toBe(0);
  });

  it('an approved plan passes, and no other does', async () => {
    const state = await holding(staff(200));
    const stopped = (await attempt(state, staff(10))) as GuardError;
    expect(await attempt(state, staff(10), { approve: stopped.planHash })).toBe(190);
    expect(await attempt(state, staff(11), { approve: stopped.planHash })).toBeInstanceOf(GuardError);
    expect(await attempt(state, staff(199), { approve: stopped.planHash })).toBeInstanceOf(GuardError);
  });

  it('an approval that is given again passes if nothing is left to send, and approves nothing else', async () => {
    const state = await holding(staff(200));
    const stopped = (await attempt(state, staff(10))) as GuardError;
    const approve = stopped.planHash;
    const before = await state.getMeta(DELETIONS_BY_DAY);
    expect(await attempt(state, staff(200), { approve })).toBe(0);
    expect(await state.getMeta(DELETIONS_BY_DAY)).toBe(before);
    const rejected = Array.from({ length: 20 }, () => ({ externalId: '', profile: {} }));
    expect(await attempt(state, [...staff(200), ...rejected], { approve })).toMatchObject({
      trips: [{ entity: 'users', rule: 'rejects' }],
    });
  });

  it('an approval is not valid with other rejected records, or for another state', async () => {
    const state = await holding(staff(200));
    const stopped = (await attempt(state, staff(10))) as GuardError;
    const rejected = { externalId: 'new', profile: {} };
    const approve = stopped.planHash;
    expect(await attempt(state, [...staff(10), rejected], { approve })).toBeInstanceOf(GuardError);
    expect(await attempt(await holding(staff(200)), staff(10), { approve })).toBeInstanceOf(GuardError);
  });

  it('the hash of a plan does not depend on the order of its changes, and tells any two plans apart', async () => {
    const hashOf = async (state: StateStore, users: readonly UserRecord[]) => {
      let plan: PlanSummary | undefined;
      await collect(
        pipe(
          users,
          validate('users'),
          diff('users', state),
          guard(state, { onPlan: (summary) => (plan = summary) }),
        ),
      );
      return plan?.hash;
    };
    const state = memoryState();
    const hash = await hashOf(state, staff(20));
    expect(await hashOf(state, staff(20).reverse())).toBe(hash);
    expect(await hashOf(state, staff(19))).not.toBe(hash);
    expect(await hashOf(state, staff(20, 'y'))).not.toBe(hash);
  });

  it('exactly the incoming changes pass, lane by lane', async () => {
    await fc.assert(
      fc.asyncProperty(anyChanges(), async (changes) => {
        const unique = Array.from(new Map(changes.map((c) => [`${c.entity} ${c.key}`, c])).values());
        const handful = { minDeletes: Infinity, minUpdates: Infinity };
        const passed = await collect(pipe(unique, guard(memoryState(), handful)));
        const byKey = (a: Change, b: Change) => (`${a.entity} ${a.key}` < `${b.entity} ${b.key}` ? -1 : 1);
        expect([...passed].sort(byKey)).toEqual([...unique].sort(byKey));
        const rank = ({ entity, kind, dependent }: Change) =>
          LANES.findIndex(
            (lane) => lane.entity === entity && lane.kind === kind && lane.dependent === dependent,
          );
        const ranks = passed.map(rank);
        expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
      }),
    );
  });

  it('the source is read to its end and closed before anything passes', async () => {
    const trace: string[] = [];
    function* source() {
      try {
        yield* staff(5);
      } finally {
        trace.push('closed');
      }
    }
    const state = memoryState();
    for await (const _ of pipe(source(), validate('users'), diff('users', state), guard(state)))
      trace.push('passed');
    expect(trace[0]).toBe('closed');
    expect(trace).toHaveLength(6);
  });

  it('a misspelt or impossible limit is refused at once', () => {
    const state = memoryState();
    expect(() => guard(state, { maxDeletPercent: 5 } as GuardOptions)).toThrow(/maxDeletPercent/);
    expect(() => guard(state, { maxDeletePercent: -1 })).toThrow(/maxDeletePercent.*-1/);
    expect(() => guard(state, { users: { maxDeletes: Number.NaN } })).toThrow(/maxDeletes/);
    for (const approve of ['yes', `${'a'.repeat(64)}b`, `x${'a'.repeat(64)}`])
      expect(() => guard(state, { approve })).toThrow(expect.objectContaining({ option: 'approve' }));
    expect(() => guard(state, { onPlan: 'yes' } as unknown as GuardOptions)).toThrow(
      expect.objectContaining({ option: 'onPlan' }),
    );
    for (const entity of ['users', 'groups', 'memberships'] as const) {
      expect(() => guard(state, { [entity]: { maxDeletes: -1 } })).toThrow(
        expect.objectContaining({ option: `guard.${entity}.maxDeletes` }),
      );
      expect(() => guard(state, { [entity]: { maxDeletes: 1 } })).not.toThrow();
    }
    expect(() => guard(state, { maxDeletes: -1 })).toThrow(
      expect.objectContaining({ option: 'guard.maxDeletes' }),
    );
  });
});
