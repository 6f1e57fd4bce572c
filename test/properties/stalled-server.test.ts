import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unguarded } from '../../src/guard/guard.js';
import { LIMITS } from '../../src/core/limits.js';
import type { UserRecord } from '../../src/core/model.js';
import { createClient } from '../../src/okta/client.js';
import { TransportError, type Transport } from '../../src/okta/wire.js';
import { batch } from '../../src/batch/batch.js';
import { diff } from '../../src/diff/diff.js';
import { validate } from '../../src/validate/validate.js';
import { pipe } from '../../src/flow/pipe.js';
import { upload } from '../../src/upload/upload.js';
import { MemoryDisk } from '../../src/state/memory/memory-disk.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { directTransport, makeOrg, ORG_URL, SOURCE } from '../support/world.js';

/** Records that stages hand to each other at once. */
const CHUNK = 512;
const LOOKAHEAD = 1000;
const HOUR = 3_600_000;

/** An org that stops answering for good at one of its requests; until then it answers at once. */
function stalling(transport: Transport, at: number): Transport {
  let asked = 0;
  return (request) => {
    if (++asked < at) return transport(request);
    return new Promise((_, reject) => {
      const { signal } = request;
      const leave = () => reject(new TransportError('aborted', true));
      if (signal?.aborted) leave();
      else signal?.addEventListener('abort', leave, { once: true });
    });
  };
}

interface Stall {
  /** The request from which on nothing is answered. */
  readonly at: number;
  readonly requestsPerSession: number;
  readonly sessionsInFlight: number;
  /** How long an import takes; Infinity stalls there. */
  readonly importMs: number;
}

/** Sends endless users without a barrier to an org that stalls, for some hours; how many were read, and listed in loads. */
async function run({ at, requestsPerSession, sessionsInFlight, importMs }: Stall) {
  return inVirtualTime(async (clock) => {
    const org = makeOrg({ clock, importMs });
    const okta = createClient({
      orgUrl: ORG_URL,
      identitySourceId: SOURCE,
      auth: { token: org.token },
      transport: stalling(
        directTransport(org, (ms) => clock.sleep(ms)),
        at,
      ),
      random: () => 0.5,
    });
    let read = 0;
    function* endless(): Generator<UserRecord, void, undefined> {
      for (;;) {
        const userName = `u${read}@example.com`;
        yield { externalId: `u${read++}`, profile: { userName, email: userName } };
      }
    }
    const state = memoryState({ disk: new MemoryDisk() });
    const abort = new AbortController();
    const sending = pipe(
      endless(),
      validate('users'),
      diff('users', state),
      unguarded(),
      batch({ lookahead: LOOKAHEAD }),
      upload(okta, state, {
        pollIntervalMs: 30_000,
        clock,
        signal: abort.signal,
        requestsPerSession,
        sessionsInFlight,
      }),
    ).then(
      () => 'done',
      (error: unknown) => (error as { code?: unknown }).code,
    );
    await clock.sleep(5 * HOUR);
    const afterHours = read;
    const listed = org.requests.reduce((sum, { items }) => sum + items, 0);
    await clock.sleep(5 * HOUR);
    abort.abort();
    const ended = await sending;
    return { read, afterHours, listed, ended, sessions: org.sessions().length };
  });
}

describe('a server that stalls holds the source up', () => {
  const bound = (requestsPerSession: number) =>
    requestsPerSession * LIMITS.itemsPerRequest + LOOKAHEAD + CHUNK;

  it('wherever it stops to answer: what is read ahead of it is a session, the look-ahead and a chunk', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 3 }),
        async (at, requestsPerSession, sessionsInFlight) => {
          const stall = { at, requestsPerSession, sessionsInFlight, importMs: 60_000 };
          const { read, afterHours, listed, ended } = await run(stall);
          expect(read - listed).toBeLessThanOrEqual(bound(requestsPerSession));
          // It stays at that, however long nothing is answered.
          expect(read).toBe(afterHours);
          expect(ended).toMatch(/^ERR_ROLLCALL_/);
        },
      ),
      {
        numRuns: 40,
        examples: [
          [1, 12, 2],
          [2, 12, 2],
          [3, 12, 2],
          [15, 12, 1],
          [16, 12, 2],
        ],
      },
    );
  }, 120_000);

  it('with full sessions too', async () => {
    for (const at of [2, 30, 54]) {
      const { read, listed } = await run({
        at,
        requestsPerSession: LIMITS.requestsPerSession,
        sessionsInFlight: 2,
        importMs: 60_000,
      });
      expect(read - listed).toBeLessThanOrEqual(bound(LIMITS.requestsPerSession));
    }
  });

  it('where imports never end: as many sessions as may be in flight, and the content of one more', async () => {
    for (const sessionsInFlight of [1, 2, 3]) {
      const stall = { at: Infinity, requestsPerSession: 5, sessionsInFlight, importMs: 100 * HOUR };
      const { read, listed, sessions } = await run(stall);
      expect(sessions).toBeLessThanOrEqual(sessionsInFlight);
      expect(listed).toBeLessThanOrEqual(sessionsInFlight * 5 * LIMITS.itemsPerRequest);
      expect(read - listed).toBeLessThanOrEqual(bound(5));
    }
  });
});
