import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.js';
import type { Batch, ChangeKind, Entity } from '../../src/core/model.js';
import { LANES } from '../../src/state/store.js';
import { estimate } from '../../src/guard/plan-estimate.js';

interface Request {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  readonly creates: boolean;
  readonly dependent: boolean;
}

const batchOf = ({ entity, kind, creates, dependent }: Request) =>
  ({
    entity,
    kind,
    dependent,
    changes: [{ created: false }, { created: creates && kind === 'upsert' }],
  }) as unknown as Batch;

async function* asFlow(requests: readonly Request[]) {
  yield* requests.map(batchOf);
}

/** Sends the requests as the sink does: a dependent upsert only in a session after those for which it waits. */
function sessionsOf(requests: readonly Request[]): number {
  const waiting = [...requests];
  let sessions = 0;
  while (waiting.length > 0) {
    sessions++;
    let [creating, changingUsers] = [false, false];
    for (let sent = 0; sent < LIMITS.requestsPerSession && waiting.length > 0; sent++) {
      const { entity, kind, creates, dependent } = waiting[0] as Request;
      const isUser = entity === 'users';
      if (dependent && kind === 'upsert' && (isUser ? changingUsers : creating)) break;
      creating ||= creates && kind === 'upsert' && entity !== 'memberships';
      changingUsers ||= isUser && !dependent;
      waiting.shift();
    }
  }
  return sessions;
}

describe('what a plan takes', () => {
  it('are as many sessions as sending it takes, five minutes apart', async () => {
    const lane = fc.record({
      lane: fc.constantFrom(...LANES),
      creates: fc.boolean(),
      count: fc.integer({ min: 1, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(lane, { maxLength: 12 }), async (lanes) => {
        const rank = ({ lane: of }: (typeof lanes)[number]) => LANES.indexOf(of);
        const requests = [...lanes]
          .sort((a, b) => rank(a) - rank(b))
          .flatMap(({ lane: of, creates, count }) => Array<Request>(count).fill({ ...of, creates }));
        const sessions = sessionsOf(requests);
        expect(await estimate(asFlow(requests))).toEqual({
          requests: requests.length,
          sessions,
          leastMs: Math.max(0, sessions - 1) * 60_000,
          mostMs: Math.max(0, sessions - 1) * 300_000,
        });
      }),
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
        kind: 'upsert' as const,
        creates: i < creates,
        dependent: false,
      })),
      ...Array.from({ length: dependent }, () => ({
        entity: 'memberships' as const,
        kind: 'upsert' as const,
        creates: true,
        dependent: true,
      })),
    ];
    expect((await estimate(asFlow(requests))).sessions).toBe(sessions);
  });
});

describe('the time of the waits of a plan', () => {
  it('is that of each of them', async () => {
    const requests = Array.from({ length: 101 }, () => ({
      entity: 'users' as const,
      kind: 'upsert' as const,
      creates: true,
      dependent: false,
    }));
    const learned = { createdMs: 61_000, sessions: 3 };
    expect(await estimate(asFlow(requests), learned)).toMatchObject({ leastMs: 122_000, mostMs: 122_000 });
  });
});
