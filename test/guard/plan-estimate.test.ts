import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.js';
import type { Batch, Entity } from '../../src/core/model.js';
import { estimate } from '../../src/guard/plan-estimate.js';

interface Request {
  readonly entity: Entity;
  readonly creates: boolean;
  readonly dependent: boolean;
}

const batchOf = ({ entity, creates, dependent }: Request) =>
  ({ entity, dependent, changes: [{ created: false }, { created: creates }] }) as unknown as Batch;

async function* asFlow(requests: readonly Request[]) {
  yield* requests.map(batchOf);
}

/** Sends the requests as the sink does: a dependent one only in a session after those that create anything. */
function sessionsOf(requests: readonly Request[]): number {
  const waiting = [...requests.filter((r) => !r.dependent), ...requests.filter((r) => r.dependent)];
  let sessions = 0;
  while (waiting.length > 0) {
    sessions++;
    let creating = false;
    for (let sent = 0; sent < LIMITS.requestsPerSession && waiting.length > 0; sent++) {
      const next = waiting[0] as Request;
      if (next.dependent && creating) break;
      creating ||= next.creates && next.entity !== 'memberships' && !next.dependent;
      waiting.shift();
    }
  }
  return sessions;
}

describe('what a plan takes', () => {
  it('are as many sessions as sending it takes, five minutes apart', async () => {
    const request = fc.record({
      entity: fc.constantFrom<Entity>('users', 'groups', 'memberships'),
      creates: fc.boolean(),
      dependent: fc.constant(false),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { maxLength: 120, size: 'max' }),
        fc.nat(120),
        async (free, count) => {
          const dependent = { entity: 'memberships', creates: true, dependent: true } as const;
          const requests = [...free, ...Array<Request>(count).fill(dependent)];
          const size = await estimate(asFlow(requests));
          const sessions = sessionsOf(requests);
          expect(size).toEqual({
            requests: requests.length,
            sessions,
            leastMs: Math.max(0, sessions - 1) * 300_000,
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    ['nothing', 0, 0, 0, 0],
    ['a full session', 50, 0, 0, 1],
    ['one request more', 51, 0, 0, 2],
    ['dependents after a creation that shares the last session', 50, 1, 50, 2],
    ['dependents that fill up a session without creations', 60, 40, 50, 2],
    ['dependents where the last session creates', 60, 40, 51, 3],
    ['dependents of nothing that is created', 10, 40, 0, 1],
    ['dependents alone', 0, 51, 0, 2],
  ])('%s', async (_, free, dependent, creates, sessions) => {
    const requests = [
      ...Array.from({ length: free }, (_, i) => ({
        entity: 'users' as const,
        creates: i < creates,
        dependent: false,
      })),
      ...Array.from({ length: dependent }, () => ({
        entity: 'memberships' as const,
        creates: true,
        dependent: true,
      })),
    ];
    expect((await estimate(asFlow(requests))).sessions).toBe(sessions);
  });
});
