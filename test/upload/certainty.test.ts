import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import type { SyncEvent } from '../../src/events/events.js';
import { createClient } from '../../src/okta/client.js';
import { TransportError, type Transport, type WireRequest, type WireResponse } from '../../src/okta/wire.js';
import type { OrgOptions } from '../../src/simulator/index.js';
import { MemoryDisk } from '../../src/state/memory/memory-disk.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { sync, type SyncOptions } from '../../src/sync/sync.js';
import { inVirtualTime } from '../support/virtual-time.js';
import {
  company,
  directTransport,
  expectConverged,
  held,
  makeOrg,
  ORG_URL,
  SOURCE,
  type SourceDirectory,
} from '../support/world.js';

const MINUTE = 60_000;
const source = company(30);

/** What stands between rollcall and Okta: answers a request itself, or sends it on. */
type Between = (request: WireRequest, send: Transport) => Promise<WireResponse>;

function world(clock: Clock, between: Between, options: Omit<OrgOptions, 'clock'> = {}) {
  const org = makeOrg({ clock, ...options });
  const send = directTransport(org, (ms) => clock.sleep(ms));
  const okta = createClient({
    orgUrl: ORG_URL,
    identitySourceId: SOURCE,
    auth: { token: org.token },
    transport: (request) => between(request, send),
    clock,
    random: () => 0.5,
  });
  const disk = new MemoryDisk();
  const events: SyncEvent[] = [];
  const run = (directory: Partial<SourceDirectory> = source, more: Partial<SyncOptions> = {}) =>
    sync({
      okta,
      state: memoryState({ disk }),
      ...directory,
      clock,
      guard: { maxDeletePercent: 100, maxUpdatePercent: 100, allowEmpty: true },
      onEvent: (event) => events.push(event),
      ...more,
    });
  const statuses = () => org.sessions(SOURCE).map(({ status }) => status);
  return { org, okta, disk, events, run, statuses };
}

const isCreate = ({ method, url }: WireRequest) => method === 'POST' && url.endsWith('/sessions');
const isList = ({ method, url }: WireRequest) => method === 'GET' && url.endsWith('/sessions');
const isLook = ({ method, url }: WireRequest) => method === 'GET' && /\/sessions\/\w+$/.test(url);
const isTrigger = ({ url }: WireRequest) => url.endsWith('/start-import');
const isLoad = ({ url }: WireRequest) => url.includes('/bulk-');
const page = (status: number): WireResponse => ({ status, headers: {}, body: '<html></html>' });
const fault = (status: number, code: string, headers = {}): WireResponse => ({
  status,
  headers,
  body: JSON.stringify({ errorCode: code }),
});

describe('a session whose creation got no answer', () => {
  it.each([0, 1000, 20_000])('and that is made %s ms later is found, and used', async (lateMs) => {
    await inVirtualTime(async (clock) => {
      let creations = 0;
      const { run, org, statuses } = world(clock, async (request, send) => {
        if (!isCreate(request) || creations++ > 0) return send(request);
        setTimeout(() => void send(request), lateMs);
        return page(504);
      });
      await run();
      expectConverged(org, source);
      expect(statuses().every((status) => status === 'COMPLETED')).toBe(true);
      expect(creations).toBe(statuses().length);
    });
  });

  it('is found where the list lags behind', async () => {
    await inVirtualTime(async (clock) => {
      let creations = 0;
      let until = 0;
      const { run, org } = world(clock, async (request, send) => {
        if (isList(request) && clock.now() < until) return { status: 200, headers: {}, body: '[]' };
        const answer = await send(request);
        if (!isCreate(request) || creations++ > 0) return answer;
        until = clock.now() + 40_000;
        throw new TransportError('ECONNRESET', true);
      });
      await run();
      expectConverged(org, source);
    });
  });

  it('is found by the next run, however soon that comes, when the process died', async () => {
    await inVirtualTime(async (clock) => {
      let creations = 0;
      const { run, org, disk } = world(clock, async (request, send) => {
        if (!isCreate(request) || creations++ > 0) return send(request);
        setTimeout(() => void send(request), 3000);
        disk.onWrite = () => {
          throw new Error('dead');
        };
        return page(504);
      });
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 1500);
      await expect(run(source, { signal: abort.signal })).rejects.toThrow();
      expect(await memoryState({ disk: disk.clone() }).journal.open()).toMatchObject([{ phase: 'creating' }]);
      disk.onWrite = undefined;
      await run();
      expectConverged(org, source);
    });
  });

  it('is found by the next run, when Okta answered no look for it', async () => {
    await inVirtualTime(async (clock) => {
      let creations = 0;
      let down = false;
      const { run, org } = world(clock, async (request, send) => {
        if (down) return fault(503, 'E0000010');
        if (!isCreate(request) || creations++ > 0) return send(request);
        await send(request);
        down = true;
        return page(504);
      });
      await expect(run()).rejects.toThrow();
      down = false;
      await run();
      expectConverged(org, source);
    });
  });

  it('is found where the clock was set back meanwhile', async () => {
    await inVirtualTime(async (clock) => {
      let creations = 0;
      let back = 0;
      const { run, org } = world(clock, async (request, send) => {
        const answer = await send(request);
        if (!isCreate(request) || creations++ > 0) return answer;
        back = 5 * MINUTE;
        throw new TransportError('ECONNRESET', true);
      });
      await run(source, {
        clock: { now: () => clock.now() - back, sleep: (ms, signal) => clock.sleep(ms, signal) },
      });
      expectConverged(org, source);
    });
  });

  it("is not another's that was made in the meantime: the error names it, and it is not touched", async () => {
    await inVirtualTime(async (clock) => {
      let creations = 0;
      const { run, org, okta } = world(clock, async (request, send) => {
        if (!isCreate(request) || creations++ > 0) return send(request);
        throw new TransportError('ECONNRESET', true);
      });
      // The first creation came to nothing; while it is looked for, another session is made, and loaded.
      setTimeout(
        () => void okta.createSession().then(({ id }) => okta.upsertUsers(id, company(1).users)),
        2500,
      );
      const error: unknown = await run().catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'ERR_ROLLCALL_FOREIGN_SESSION', status: 'IN_PROGRESS' });
      expect(org.sessions(SOURCE)).toMatchObject([{ status: 'IN_PROGRESS', requests: 1 }]);
    });
  });

  it.each([
    ['refused for want of a token', () => Promise.resolve(fault(401, 'E0000011'))],
    ['lost', () => Promise.reject(new TransportError('ECONNRESET', true))],
  ])("does not make another's session ours, when it was %s", async (_, answer) => {
    await inVirtualTime(async (clock) => {
      let fails = true;
      const { run, org, okta } = world(clock, async (request, send) =>
        isCreate(request) && fails ? answer() : send(request),
      );
      await expect(run()).rejects.toMatchObject({
        code: expect.stringMatching(/AUTH|SESSION/) as string,
      });
      fails = false;
      await clock.sleep(5000);
      const foreign = await okta.createSession();
      await expect(run()).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_FOREIGN_SESSION',
        sessionId: foreign.id,
      });
      expect(org.sessions(SOURCE)).toMatchObject([{ id: foreign.id, status: 'CREATED', requests: 0 }]);
    });
  });
});

describe('a trigger whose answer was lost', () => {
  it('leaves its rows unknown when Okta does not know the session for minutes, and they are sent again', async () => {
    await inVirtualTime(async (clock) => {
      let hidden: string | undefined;
      const { run, org, disk, events } = world(
        clock,
        async (request, send) => {
          const id = /\/sessions\/(\w+)/.exec(request.url)?.[1];
          if (isTrigger(request) && hidden === undefined) {
            hidden = id;
            await send(request);
            throw new TransportError('ECONNRESET', true);
          }
          if (isLook(request) && id === hidden) return fault(404, 'E0000007');
          return send(request);
        },
        { importMs: 10 * MINUTE },
      );
      const counts: unknown[] = [];
      await run(source, {
        onEvent: (event) => {
          events.push(event);
          if (event.type === 'session:failed')
            void memoryState({ disk: disk.clone() })
              .counts()
              .then((c) => counts.push(c));
        },
      });
      expect(counts[0]).toMatchObject({ users: { known: 0, unknown: 30 } });
      expect(events).toContainEqual({ type: 'session:failed', sessionId: hidden, status: 'gone' });
      expectConverged(org, source);
    });
  });
});

describe('deletions', () => {
  it('of an old look that shows their session empty are not called done', async () => {
    await inVirtualTime(async (clock) => {
      let old = false;
      const { run, org, statuses } = world(clock, async (request, send) => {
        const answer = await send(request);
        if (!old || !isLook(request)) return answer;
        return { ...answer, body: answer.body.replace('IN_PROGRESS', 'CREATED') };
      });
      await run();
      const rest = { ...company(20), memberships: [] };
      old = true;
      await run(rest);
      expect(statuses()).not.toContain('CLOSED');
      expectConverged(org, rest);
    });
  });
});

describe('what was certainly not done', () => {
  const requests: readonly (readonly [string, (request: WireRequest) => boolean])[] = [
    ['list', isList],
    ['create', isCreate],
    ['load', isLoad],
    ['start-import', isTrigger],
    ['poll', isLook],
    ['anything', () => true],
  ];
  const kinds: readonly (readonly [string, () => Promise<WireResponse>])[] = [
    ['is refused at the connection', () => Promise.reject(new TransportError('ECONNREFUSED', false))],
    ['does not find the host', () => Promise.reject(new TransportError('EAI_AGAIN', false))],
    [
      'times out while connecting',
      () => Promise.reject(new TransportError('UND_ERR_CONNECT_TIMEOUT', false)),
    ],
    ['is one too many (429)', () => Promise.resolve(fault(429, 'E0000047', { 'retry-after': '20' }))],
    ['meets read-only mode', () => Promise.resolve(fault(503, 'E0000010'))],
  ];
  for (const [name, matches] of requests) {
    it.each(kinds)(
      `is waited out for ten minutes, and nothing is cancelled or replayed: ${name} %s`,
      async (_, answer) => {
        await inVirtualTime(async (clock) => {
          let until: number | undefined;
          const { run, org, statuses, events } = world(clock, async (request, send) => {
            if (!matches(request)) return send(request);
            until ??= clock.now() + 10 * MINUTE;
            return clock.now() < until ? answer() : send(request);
          });
          await run();
          expectConverged(org, source);
          expect(new Set(statuses())).toEqual(new Set(['COMPLETED']));
          expect(events.map(({ type }) => type)).not.toContain('session:replayed');
        });
      },
    );
  }

  it('ends the run after a quarter of an hour, with the failure, and nothing is left open that can be closed', async () => {
    await inVirtualTime(async (clock) => {
      let down = true;
      const { run, org, statuses } = world(clock, async (request, send) =>
        down && isLoad(request) ? fault(429, 'E0000047') : send(request),
      );
      const started = clock.now();
      await expect(run()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_OKTA_HTTP', status: 429 });
      expect(clock.now() - started).toBeGreaterThan(14 * MINUTE);
      expect(clock.now() - started).toBeLessThan(16 * MINUTE);
      expect(statuses()).toEqual(['CLOSED']);
      down = false;
      await run();
      expectConverged(org, source);
    });
  });

  it('ends the run after patienceMs', async () => {
    await inVirtualTime(async (clock) => {
      const { run } = world(clock, () => Promise.reject(new TransportError('ECONNREFUSED', false)));
      const started = clock.now();
      await expect(run(source, { patienceMs: MINUTE })).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_OKTA_NETWORK',
        sent: false,
      });
      expect(clock.now() - started).toBeLessThanOrEqual(MINUTE);
    });
  });

  it.each(['CERT_HAS_EXPIRED', 'SELF_SIGNED_CERT_IN_CHAIN', 'ENOTFOUND', 'the proxy answered 407'])(
    'is not waited out where waiting does not help: %s',
    async (reason) => {
      await inVirtualTime(async (clock) => {
        const { run } = world(clock, () => Promise.reject(new TransportError(reason, false)));
        const started = clock.now();
        await expect(run()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_OKTA_UNREACHABLE', lasting: true });
        expect(clock.now() - started).toBeLessThan(MINUTE);
      });
    },
  );
});

describe('a poll', () => {
  it.each([
    ['a page of something in between', 200],
    ['a page with 403', 403],
    ['a page with 404', 404],
    ['a page with 408', 408],
  ])('that is answered with %s is asked again', async (_, status) => {
    await inVirtualTime(async (clock) => {
      let until: number | undefined;
      const { run, org, statuses } = world(
        clock,
        async (request, send) => {
          if (isLook(request)) until ??= clock.now() + 5 * MINUTE;
          return isLook(request) && clock.now() < (until ?? 0) ? page(status) : send(request);
        },
        { importMs: MINUTE },
      );
      await run();
      expectConverged(org, source);
      expect(new Set(statuses())).toEqual(new Set(['COMPLETED']));
    });
  });

  it('that shows a status which is not known reports it, and goes on', async () => {
    await inVirtualTime(async (clock) => {
      const { run, org, events } = world(
        clock,
        async (request, send) => {
          const answer = await send(request);
          return { ...answer, body: answer.body.replace('"TRIGGERED"', '"QUEUED"') };
        },
        { importMs: MINUTE },
      );
      await run();
      expectConverged(org, source);
      expect(events.filter(({ type }) => type === 'session:status')).toHaveLength(2);
      expect(held(org).users).not.toEqual({});
    });
  });
});
