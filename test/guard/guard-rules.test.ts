import { describe, expect, it } from 'vitest';
import { ENTITIES, type Entity } from '../../src/core/model.js';
import { GUARD_DEFAULTS, resolveLimits, tripsOf, type GuardLimits } from '../../src/guard/guard-rules.js';

interface Facts {
  deletes?: number;
  updates?: number;
  population?: number;
  reads?: { read: number; rejected: number };
}

/** What trips where this much is said of one entity, and nothing of the others. */
function trips(
  entity: Entity,
  { deletes = 0, updates = 0, population = 0, reads }: Facts,
  limits: GuardLimits = {},
) {
  const none = { creates: 0, updates: 0, deletes: 0 };
  const resolved = resolveLimits('guard', limits);
  return tripsOf(
    {
      counts: { users: none, groups: none, memberships: none, [entity]: { creates: 5, updates, deletes } },
      population: { users: 0, groups: 0, memberships: 0, [entity]: population },
      reads: new Map(reads === undefined ? [] : [[entity, reads]]),
    },
    { users: resolved, groups: resolved, memberships: resolved },
  );
}

const open: GuardLimits = { maxDeletePercent: 100, maxUpdatePercent: 100, allowEmpty: true };

describe('a limit of the guard', () => {
  it('has the default that is documented', () => {
    expect(GUARD_DEFAULTS).toEqual({
      maxDeletePercent: 20,
      maxDeletes: Infinity,
      maxUpdatePercent: 50,
      maxUpdates: Infinity,
      minPopulation: 100,
      allowEmpty: false,
      maxRejectPercent: 5,
      minRejects: 20,
    });
  });

  it.each<[string, Facts, GuardLimits, object[]]>([
    ['deletions up to their number', { deletes: 5, population: 50 }, { maxDeletes: 5 }, []],
    [
      'a deletion more',
      { deletes: 6, population: 50 },
      { maxDeletes: 5 },
      [{ rule: 'deletes', actual: 6, limit: 5, population: 50 }],
    ],
    ['updates up to their number', { updates: 5, population: 50 }, { maxUpdates: 5 }, []],
    [
      'an update more',
      { updates: 6, population: 50 },
      { maxUpdates: 5 },
      [{ rule: 'updates', actual: 6, limit: 5, population: 50 }],
    ],
    ['a fifth deleted', { deletes: 40, population: 200 }, {}, []],
    [
      'more than a fifth deleted',
      { deletes: 41, population: 200 },
      {},
      [{ rule: 'deletePercent', actual: 20.5, limit: 20, population: 200 }],
    ],
    ['half updated', { updates: 100, population: 200 }, {}, []],
    [
      'more than half updated',
      { updates: 101, population: 200 },
      {},
      [{ rule: 'updatePercent', actual: 50.5, limit: 50, population: 200 }],
    ],
    [
      'percentages of a population that is too small to tell',
      { deletes: 100, updates: 100, population: 100 },
      {},
      [],
    ],
    [
      'percentages of one that is not',
      { deletes: 101, population: 101 },
      {},
      [{ rule: 'deletePercent', actual: 100 }],
    ],
    [
      'percentages of one that is large enough by option',
      { deletes: 2, population: 2 },
      { minPopulation: 1 },
      [{ rule: 'deletePercent' }],
    ],
    [
      'an empty source',
      { population: 7, reads: { read: 0, rejected: 0 } },
      {},
      [{ rule: 'emptySource', actual: 7, limit: 0, population: 7 }],
    ],
    [
      'an empty source that is allowed',
      { population: 7, reads: { read: 0, rejected: 0 } },
      { allowEmpty: true },
      [],
    ],
    ['an empty source where Okta holds nothing', { population: 0, reads: { read: 0, rejected: 0 } }, {}, []],
    ['a source of one', { population: 7, reads: { read: 1, rejected: 0 } }, {}, []],
    ['a source that was not read', { population: 7 }, {}, []],
    ['few rejects, all there is', { reads: { read: 19, rejected: 19 } }, {}, []],
    ['a twentieth rejected', { reads: { read: 400, rejected: 20 } }, {}, []],
    [
      'more than a twentieth rejected',
      { reads: { read: 399, rejected: 20 } },
      {},
      [{ rule: 'rejects', limit: 5 }],
    ],
    [
      'rejects that count by option',
      { reads: { read: 10, rejected: 1 } },
      { minRejects: 1 },
      [{ rule: 'rejects', actual: 10 }],
    ],
    ['everything at once, where all is allowed', { deletes: 500, updates: 500, population: 500 }, open, []],
  ])('%s', (_, facts, limits, expected) => {
    for (const entity of ENTITIES) {
      const tripped = trips(entity, facts, limits);
      expect(tripped).toHaveLength(expected.length);
      expect(tripped).toMatchObject(expected.map((trip) => ({ ...trip, entity })));
    }
  });

  it('of its own stands over the common one, and that over the default', () => {
    const common = resolveLimits('guard', { maxDeletes: 5, maxUpdates: 6 });
    expect(resolveLimits('guard.users', { maxDeletes: 7 }, common)).toEqual({
      ...GUARD_DEFAULTS,
      maxDeletes: 7,
      maxUpdates: 6,
    });
  });

  it.each([
    ['maxDeletePercent', -1],
    ['maxDeletePercent', 101],
    ['maxUpdatePercent', -1],
    ['maxUpdatePercent', 101],
    ['maxRejectPercent', -1],
    ['maxRejectPercent', 101],
    ['maxDeletes', -1],
    ['maxUpdates', -1],
    ['minPopulation', -1],
    ['minRejects', -1],
  ])('that cannot be meant is refused by its name: %s %i', (name, value) => {
    expect(() => resolveLimits('guard', { [name]: value })).toThrow(
      expect.objectContaining({ option: `guard.${name}` }),
    );
    expect(() => resolveLimits('guard', { [name]: Math.max(0, value - 1) })).not.toThrow();
  });
});
