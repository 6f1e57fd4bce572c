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

/** Refusals of users until the run is stopped. */
function refusalsUntilStopped({ held, read = 0, taken = 0 }: Directory): number {
  const run = new RunContext();
  run.counts('users').read = read;
  const limit = new RefusalLimit(run);
  const none = { known: 0, unknown: 0 };
  if (held !== undefined) limit.population = { users: held, groups: none, memberships: none };
  if (taken > 0)
    limit.acknowledged({ entity: 'users', changes: Array.from({ length: taken }) } as unknown as Batch);
  for (let refused = 1; refused < 100_000; refused++) {
    try {
      limit.refused('users', 'E1');
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_ROLLCALL_RECORD' });
      return refused;
    }
  }
  throw new Error('the run is not stopped');
}

describe('a run is stopped when Okta refuses too many records', () => {
  it.each<[string, Directory, number]>([
    ['the first twenty where Okta never took any', { read: 10_000 }, 20],
    ['also where it is known that it holds none', { held: { known: 0, unknown: 0 }, read: 10_000 }, 20],
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
});
