import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/core/model.js';
import { RunContext } from '../../src/flow/run-context.js';
import { RefusalLimit } from '../../src/upload/refusal-limit.js';
import type { EntityCounts } from '../../src/state/store.js';

interface Directory {
  readonly held?: EntityCounts;
  readonly read?: number;
  readonly taken?: number;
}

const none = { known: 0, unknown: 0 };

/** Refusals of users until the run is stopped; after so many in a row, a user is taken. */
function refusalsUntilStopped({ held, read = 0, taken = 0 }: Directory, inARow = 10): number {
  const run = new RunContext();
  run.counts('users').read = read;
  const limit = new RefusalLimit(run);
  if (held !== undefined) limit.population = { users: held, groups: none, memberships: none };
  const take = (count: number) =>
    limit.acknowledged({ entity: 'users', changes: Array.from({ length: count }) } as unknown as Batch);
  if (taken > 0) take(taken);
  for (let refused = 1; refused < 100_000; refused++) {
    try {
      limit.refused('users', 'E1');
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_ROLLCALL_RECORD' });
      return refused;
    }
    if (refused % inARow === 0) take(0);
  }
  throw new Error('the run is not stopped');
}

describe('a run is stopped when Okta refuses too many records', () => {
  it.each<[string, Directory, number]>([
    ['twenty at least', { held: { known: 10, unknown: 0 } }, 20],
    ['more than a twentieth of what Okta holds', { held: { known: 1000, unknown: 0 } }, 51],
    ['of whose outcome is unknown, too', { held: { known: 400, unknown: 600 } }, 51],
    ['of what the source has', { held: { known: 1, unknown: 0 }, read: 2000 }, 101],
    // One in twenty of those taken and refused together: 950 and 50 are just that.
    ['of what was sent in this run', { taken: 950 }, 51],
    ['of what was sent, though nothing is held', { held: { known: 0, unknown: 0 }, taken: 1900 }, 101],
  ])('%s', (_, directory, expected) => {
    expect(refusalsUntilStopped(directory)).toBe(expected);
  });

  it.each([
    ['none was ever taken', { read: 1_000_000 }],
    ['Okta holds many', { held: { known: 1_000_000, unknown: 0 } }],
    ['many were taken before', { taken: 1_000_000 }],
  ])('forty in a row, where %s', (_, directory) => {
    expect(refusalsUntilStopped(directory, Infinity)).toBe(40);
    expect(refusalsUntilStopped(directory, 40)).toBe(40);
    expect(() => refusalsUntilStopped({ held: { known: 10_000_000, unknown: 0 } }, 39)).toThrow(
      'not stopped',
    );
  });

  it('each entity by itself', () => {
    const limit = new RefusalLimit(new RunContext());
    limit.population = {
      users: { known: 10_000, unknown: 0 },
      groups: { known: 10_000, unknown: 0 },
      memberships: none,
    };
    for (let i = 0; i < 39; i++) limit.refused('users', undefined);
    limit.acknowledged({ entity: 'groups', changes: [] } as unknown as Batch);
    limit.refused('groups', undefined);
    expect(() => limit.refused('users', undefined)).toThrow('Okta refused 40 users (last code: none)');
  });
});
