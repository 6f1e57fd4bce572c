import { describe, expect, it } from 'vitest';
import { batch } from '../../src/batch/batch.js';
import { diff } from '../../src/diff/diff.js';
import { pipe } from '../../src/flow/pipe.js';
import { unguarded } from '../../src/guard/guard.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { sync } from '../../src/sync/sync.js';
import { upload } from '../../src/upload/upload.js';
import { validate } from '../../src/validate/validate.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, makeOrg } from '../support/world.js';

const SESSIONS = 12;

/**
 * Milliseconds between the first and the last trigger of a run of {@link SESSIONS} sessions, of which each may be created once the
 * import before it is over, and the attempts to create one. Okta allows 15 requests a minute to `/sessions`.
 */
async function run(importMs: number, lastUpdated: 'final' | 'triggered') {
  return inVirtualTime(async (clock) => {
    const org = makeOrg({
      clock,
      importMs,
      lastUpdated,
      cooldownApplies: 'while-active',
      latencyMs: 300,
      rateLimits: { sessions: { limit: 15, windowMs: 60_000 } },
    });
    const state = memoryState();
    await pipe(
      company(SESSIONS).users,
      validate('users'),
      diff('users', state),
      unguarded(),
      batch({ maxItems: 1 }),
      upload(clientOf(org), state, { requestsPerSession: 1, clock }),
    );
    const calls = org.requests.filter(({ method }) => method === 'POST');
    const triggers = calls.filter(({ path }) => path.endsWith('/start-import'));
    const creates = calls.filter(({ path }) => path.endsWith('/sessions'));
    expect(triggers.length).toBe(SESSIONS);
    expect(org.violations).toEqual([]);
    return { ms: (triggers.at(-1)?.at ?? 0) - (triggers[2]?.at ?? 0), creates: creates.length };
  });
}

it('a run of one session asks for its end when the import of the run before it ended', async () => {
  const end = await inVirtualTime(async (clock) => {
    const importMs = 40_000;
    const org = makeOrg({ clock, importMs, rateLimits: { sessions: { limit: 15, windowMs: 60_000 } } });
    const state = memoryState();
    const day = async (size: number) => {
      const before = org.requests.length;
      await sync({ okta: clientOf(org), state, users: company(size).users, clock });
      const calls = org.requests.slice(before);
      const trigger = calls.find(({ path }) => path.endsWith('/start-import'));
      const polls = calls.filter(({ at, method }) => method === 'GET' && at > (trigger?.at ?? Infinity));
      return polls.map(({ at }) => at - (trigger?.at ?? 0));
    };
    const first = await day(1);
    await clock.sleep(86_400_000);
    const second = await day(2);
    expect(first.length).toBeGreaterThan(3);
    expect(second.length).toBeLessThanOrEqual(4);
    return second.at(-1) ?? Infinity;
  });
  expect(end).toBeLessThan(43_000);
});

describe('a run with the few requests of a Preview org', () => {
  it.each([21_000, 27_000, 40_000, 52_000])(
    'waits hardly longer than imports of %i ms take, from the third session on, where sessions tell when they ended',
    async (importMs) => {
      const { ms, creates } = await run(importMs, 'final');
      // Each session takes 1.5 s besides: to be listed, created, loaded, triggered.
      expect(ms / (SESSIONS - 3)).toBeLessThan(importMs * 1.05 + 1500);
      expect(creates).toBeLessThanOrEqual(2 * SESSIONS);
    },
  );

  it.each([27_000, 40_000, 52_000])(
    'waits at most a tenth longer where they do not: %i ms',
    async (importMs) => {
      const { ms } = await run(importMs, 'triggered');
      expect(ms / (SESSIONS - 3)).toBeLessThan(importMs * 1.1 + 1500);
    },
  );
});
