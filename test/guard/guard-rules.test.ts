import { describe, expect, it } from 'vitest';
import { ENTITIES, type Entity } from '../../src/core/model.js';
import { GUARD_DEFAULTS, resolveLimits, type GuardLimits } from '../../src/guard/guard-limits.js';
import { tripsOf } from '../../src/guard/guard-rules.js';

interface Facts {
  creates?: number;
  deletes?: number;
  updates?: number;
  population?: number;
  idChanges?: number;
  resends?: number;
  recent?: number;
  files?: { now: number; before: number };
  lookups?: Readonly<Record<string, { now: number; before: number }>>;
  leftOut?: { now: number; before: number };
  heldBack?: { since: number; days: number };
  outOfReach?: { deletes: number; updates: number };
  emptied?: { attribute: string; records: number };
  reads?: { read: number; rejected: number };
}

const NOBODY = { deletes: 0, updates: 0 };

/** What trips where this much is said of one entity, and nothing of the others. */
function trips(
  entity: Entity,
  {
    creates = 5,
    resends = 0,
    deletes = 0,
    updates = 0,
    population = 0,
    outOfReach,
    idChanges = 0,
    recent = 0,
    heldBack,
    files,
    lookups = {},
    leftOut,
    emptied,
    reads,
  }: Facts,
  limits: GuardLimits = {},
) {
  const none = { creates: 0, updates: 0, deletes: 0 };
  const resolved = resolveLimits('guard', limits);
  return tripsOf(
    {
      counts: { users: none, groups: none, memberships: none, [entity]: { creates, updates, deletes } },
      resends: { users: 0, groups: 0, memberships: 0, [entity]: resends },
      population: { users: 0, groups: 0, memberships: 0, [entity]: population },
      outOfReach: { users: NOBODY, groups: NOBODY, memberships: NOBODY, [entity]: outOfReach ?? NOBODY },
      idChanges,
      recentDeletes: { users: 0, groups: 0, memberships: 0, [entity]: recent },
      heldBack: { users: undefined, groups: undefined, memberships: undefined, [entity]: heldBack },
      emptied: { users: undefined, groups: undefined, memberships: undefined, [entity]: emptied },
      groupLoss: undefined,
      files: new Map(files === undefined ? [] : [[entity, files]]),
      lookups: new Map(Object.entries(lookups).map(([name, counts]) => [name, { entity, ...counts }])),
      leftOut: new Map(leftOut && [[entity, leftOut]]),
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
      maxWeekDeletePercent: 20,
      minDeletes: 5,
      maxDeletes: Infinity,
      maxUpdatePercent: 50,
      minUpdates: 5,
      maxEmptiedPercent: 20,
      minEmptied: 5,
      maxUpdates: Infinity,
      maxCreates: Infinity,
      maxIdChanges: 3,
      maxGroupLossPercent: 50,
      minGroupLosses: 20,
      maxHeldBackDays: 7,
      maxMissingFiles: 0,
      minLeftOut: 5,
      allowEmpty: false,
      maxRejectPercent: 5,
      minRejects: 20,
    });
  });

  it.each<[string, Facts, GuardLimits, object[]]>([
    ['deletions up to their number', { deletes: 5, population: 5 }, { maxDeletes: 5 }, []],
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
      'all users but one',
      { deletes: 42, population: 43 },
      {},
      [{ rule: 'deletePercent', actual: (42 / 43) * 100 }],
    ],
    ['all groups but one', { deletes: 59, population: 60 }, {}, [{ rule: 'deletePercent' }]],
    ['99 of 100', { deletes: 99, population: 100 }, {}, [{ rule: 'deletePercent', actual: 99 }]],
    ['two of three', { deletes: 2, population: 3 }, {}, []],
    ['a handful, which is all there is', { deletes: 5, updates: 5, population: 5 }, {}, []],
    [
      'one more than a handful',
      { deletes: 6, updates: 6, population: 6 },
      {},
      [{ rule: 'deletePercent' }, { rule: 'updatePercent' }],
    ],
    [
      'fewer than a handful by option',
      { deletes: 1, updates: 1, population: 1 },
      { minDeletes: 0, minUpdates: 0 },
      [{ rule: 'deletePercent' }, { rule: 'updatePercent' }],
    ],
    [
      'a share of those that the source can change',
      { deletes: 10, updates: 10, population: 100, outOfReach: { deletes: 60, updates: 81 } },
      {},
      [
        { rule: 'deletePercent', actual: 25, population: 40 },
        { rule: 'updatePercent', actual: (10 / 19) * 100, population: 19 },
      ],
    ],
    ['a fifth within a week', { deletes: 10, recent: 30, population: 170 }, {}, []],
    [
      'more than a fifth within a week',
      { deletes: 10, recent: 31, population: 169 },
      {},
      [{ rule: 'weekDeletePercent', actual: 20.5, limit: 20, population: 200 }],
    ],
    [
      'more than a fifth of those that the source could delete within a week',
      { deletes: 10, recent: 10, population: 90, outOfReach: { deletes: 40, updates: 0 } },
      {},
      [{ rule: 'weekDeletePercent', population: 60 }],
    ],
    ['a week of many deletions, and none now', { deletes: 0, recent: 100, population: 100 }, {}, []],
    ['a handful within a week', { deletes: 2, recent: 3, population: 5 }, {}, []],
    [
      'more than a handful within a week',
      { deletes: 2, recent: 4, population: 5 },
      {},
      [{ rule: 'weekDeletePercent' }],
    ],
    [
      'a week by the limit of one plan',
      { deletes: 10, recent: 31, population: 169 },
      { maxDeletePercent: 21 },
      [],
    ],
    [
      'a week by its own limit',
      { deletes: 10, recent: 31, population: 169 },
      { maxDeletePercent: 21, maxWeekDeletePercent: 10 },
      [{ rule: 'weekDeletePercent', limit: 10 }],
    ],
    ['deletions held back for a week', { heldBack: { since: 0, days: 7 }, population: 9 }, {}, []],
    [
      'deletions held back for more than a week',
      { heldBack: { since: Date.UTC(2026, 10, 20, 9), days: 7.5 }, population: 9 },
      {},
      [{ rule: 'heldBack', actual: 7.5, limit: 7, since: '2026-11-20T09:00:00.000Z' }],
    ],
    [
      'deletions held back for longer, by option',
      { heldBack: { since: 0, days: 8 } },
      { maxHeldBackDays: 8 },
      [],
    ],
    ['as many files as before', { files: { now: 3, before: 3 } }, {}, []],
    ['more files than before', { files: { now: 4, before: 3 } }, {}, []],
    [
      'fewer files than before, whatever the changes',
      { creates: 0, files: { now: 2, before: 5 } },
      {},
      [{ rule: 'missingFiles', actual: 3, limit: 0, population: 5 }],
    ],
    [
      'fewer files of a lookup than before',
      {
        files: { now: 2, before: 2 },
        lookups: { depts: { now: 2, before: 5 }, sites: { now: 3, before: 2 } },
      },
      { maxMissingFiles: 2 },
      [{ rule: 'missingFiles', actual: 3, limit: 2, population: 5, lookup: 'depts' }],
    ],
    [
      'fewer files of a lookup than before, by option',
      { lookups: { depts: { now: 2, before: 5 } } },
      { maxMissingFiles: 3 },
      [],
    ],
    ['fewer files than before, by option', { files: { now: 2, before: 5 } }, { maxMissingFiles: 3 }, []],
    ['fewer rows left out than before', { leftOut: { now: 1, before: 600 } }, {}, []],
    ['no row left out, and a handful before', { leftOut: { now: 0, before: 5 } }, {}, []],
    [
      'no row left out, and more before, whatever the changes',
      { creates: 0, leftOut: { now: 0, before: 6 } },
      {},
      [{ rule: 'noneLeftOut', actual: 6, limit: 5 }],
    ],
    ['no row left out, by option', { leftOut: { now: 0, before: 6 } }, { minLeftOut: 6 }, []],
    ['creations up to their number', { creates: 6 }, { maxCreates: 6 }, []],
    ['re-sends, which are no growth', { creates: 106, resends: 100 }, { maxCreates: 6 }, []],
    ['a creation more', { creates: 7 }, { maxCreates: 6 }, [{ rule: 'creates', actual: 7, limit: 6 }]],
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
    [
      'a handful that loses an attribute',
      { emptied: { attribute: 'title', records: 5 }, population: 5 },
      {},
      [],
    ],
    ['few that lose it', { emptied: { attribute: 'title', records: 20 }, population: 100 }, {}, []],
    [
      'many that lose an attribute',
      {
        emptied: { attribute: 'title', records: 30 },
        population: 102,
        outOfReach: { deletes: 0, updates: 2 },
      },
      {},
      [{ rule: 'emptiedPercent', actual: 30, limit: 20, population: 100, attribute: 'title' }],
    ],
    ['everything at once, where all is allowed', { deletes: 500, updates: 500, population: 500 }, open, []],
  ])('%s', (_, facts, limits, expected) => {
    for (const entity of ENTITIES) {
      const tripped = trips(entity, facts, limits);
      expect(tripped).toHaveLength(expected.length);
      expect(tripped).toMatchObject(expected.map((trip) => ({ ...trip, entity })));
    }
  });

  it('of id changes is for users, whatever the population', () => {
    expect(trips('users', { idChanges: 3, population: 4 })).toEqual([]);
    expect(trips('users', { idChanges: 4, population: 4 })).toMatchObject([
      { entity: 'users', rule: 'idChanges', actual: 4, limit: 3 },
    ]);
    expect(trips('users', { idChanges: 4 }, { maxIdChanges: 4 })).toEqual([]);
  });

  it('of its own stands over the common one, and that over the default', () => {
    const common = resolveLimits('guard', { maxDeletes: 5, maxUpdates: 6 });
    expect(resolveLimits('guard.users', { maxDeletes: 7 }, common)).toEqual({
      ...GUARD_DEFAULTS,
      maxDeletes: 7,
      maxUpdates: 6,
    });
  });

  it('that was replaced is refused with the names of its replacement', () => {
    expect(() => resolveLimits('guard.users', { minPopulation: 10 } as GuardLimits)).toThrow(
      'guard.users.minPopulation: was replaced by minDeletes and minUpdates',
    );
  });

  it.each([
    ['maxDeletePercent', -1],
    ['maxDeletePercent', 101],
    ['maxWeekDeletePercent', 101],
    ['maxHeldBackDays', -1],
    ['maxMissingFiles', -1],
    ['maxUpdatePercent', -1],
    ['maxUpdatePercent', 101],
    ['maxRejectPercent', -1],
    ['maxEmptiedPercent', 101],
    ['minEmptied', -1],
    ['maxRejectPercent', 101],
    ['maxDeletes', -1],
    ['maxUpdates', -1],
    ['minDeletes', -1],
    ['minUpdates', -1],
    ['maxCreates', -1],
    ['maxIdChanges', -1],
    ['minGroupLosses', -1],
    ['maxGroupLossPercent', 101],
    ['minRejects', -1],
  ])('that cannot be meant is refused by its name: %s %i', (name, value) => {
    expect(() => resolveLimits('guard', { [name]: value })).toThrow(
      expect.objectContaining({ option: `guard.${name}` }),
    );
    expect(() => resolveLimits('guard', { [name]: Math.max(0, value - 1) })).not.toThrow();
  });
});
