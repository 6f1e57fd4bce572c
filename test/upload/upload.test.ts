import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import { AbortedError, GuardError, PollTimeoutError, RollcallError } from '../../src/core/errors.js';
import type { SyncEvent } from '../../src/events/events.js';
import { MemoryDisk } from '../../src/state/memory/memory-disk.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { OrgOptions } from '../../src/simulator/index.js';
import { startSync, sync, type SyncOptions } from '../../src/sync/sync.js';
import { openapi } from '../support/openapi.js';
import { inVirtualTime } from '../support/virtual-time.js';
import {
  clientOf,
  company,
  expectConverged,
  held,
  makeOrg,
  SOURCE,
  type SourceDirectory,
  wanted,
} from '../support/world.js';
import { confirmed, fingerprint } from '../support/rows.js';

const permissive: NonNullable<SyncOptions['guard']> = {
  maxDeletePercent: 100,
  maxUpdatePercent: 100,
  allowEmpty: true,
  maxRejectPercent: 100,
};

function world(clock: Clock, options: Omit<OrgOptions, 'clock'> = {}) {
  const org = makeOrg({ clock, ...options });
  const okta = clientOf(org);
  const disk = new MemoryDisk();
  const events: SyncEvent[] = [];
  const run = (source: Partial<SourceDirectory>, more: Partial<SyncOptions> = {}) =>
    sync({
      okta,
      state: memoryState({ disk }),
      ...source,
      clock,
      guard: permissive,
      onEvent: (event) => events.push(event),
      ...more,
    });
  return { org, okta, disk, events, run };
}

const bulk = (path: string) => path.includes('/bulk-');
const requestsTo = (org: ReturnType<typeof makeOrg>, part: string) =>
  org.requests.filter((r) => r.path.endsWith(part));

describe('sessions', () => {
  it('a membership is sent only after the session that creates its user or group has COMPLETED', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run } = world(clock, { importMs: 400_000 });
      const source = company(40);
      const report = await run(source);
      expectConverged(org, source);
      expect(report.sessions).toBe(2);
      expect(report.plan).toMatchObject({ sessions: 2, requests: report.requests });
    });
  });

  it('mixed: true gives that up for one session less', async () => {
    await inVirtualTime(async (clock) => {
      const { run } = world(clock);
      expect((await run(company(40), { mixed: true })).sessions).toBe(1);
    });
  });

  it('memberships of entities that Okta holds share a session with everything else', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run } = world(clock);
      const source = company(40);
      await run({ users: source.users, groups: source.groups });
      const report = await run({
        ...source,
        users: source.users.map((u) => ({ ...u, profile: { ...u.profile, title: 'new' } })),
      });
      expect(report.sessions).toBe(1);
      expect(org.violations).toEqual([]);
    });
  });

  it('no session carries more than 50 requests, and a plan of more takes the fewest sessions', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run } = world(clock);
      const users = company(200).users.map((u) => ({
        ...u,
        profile: { ...u.profile, homeAddress: 'x'.repeat(4000), one: 'y'.repeat(60_000) },
      }));
      const report = await run({ users });
      expect(report.requests).toBe(67);
      expect(report.sessions).toBe(2);
      for (const session of org.sessions(SOURCE)) expect(session.requests).toBeLessThanOrEqual(50);
      expect(org.violations).toEqual([]);
    });
  });

  it('the next session is tried once the last has COMPLETED, and a refusal does not cost the whole wait', async () => {
    await inVirtualTime(async (clock) => {
      const waits: number[] = [];
      for (const rule of [
        { cooldownApplies: 'while-active' },
        { cooldownApplies: 'always', cooldownMs: 60_000 },
        { cooldownApplies: 'always' },
      ] as const) {
        const { org, run } = world(clock, rule);
        const source = company(30);
        await run(source);
        expectConverged(org, source);
        const [first, second] = org.sessions(SOURCE);
        waits.push((second?.created ?? 0) - (first?.triggered ?? 0));
      }
      expect(waits).toEqual([expect.closeTo(2000, -1), 60_000, 300_000]);
    });
  });

  it('the wait that worked is kept in the state, and tried first by the next run', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run } = world(clock, { cooldownApplies: 'always', cooldownMs: 70_000 });
      const creates = () => requestsTo(org, '/sessions').filter(({ method }) => method === 'POST').length;
      const { users } = company(450);
      await run({ users }, { requestsPerSession: 1 });
      expect([creates(), org.sessions(SOURCE).length]).toEqual([7, 3]);
      await clock.sleep(24 * 3_600_000);
      await run(
        { users: users.map((u) => ({ ...u, profile: { ...u.profile, title: 'new' } })) },
        { requestsPerSession: 1 },
      );
      // One probe each.
      expect([creates(), org.sessions(SOURCE).length]).toEqual([12, 6]);
    });
  });

  it('where no session is allowed until the import has ended, that is waited for, however long it takes', async () => {
    await inVirtualTime(async (clock) => {
      const hour = 3_600_000;
      const { org, run } = world(clock, { importMs: 0.7 * hour, cooldownMs: 24 * hour });
      const { users } = company(450);
      const report = await run({ users }, { requestsPerSession: 1, pollIntervalMs: 30_000 });
      expect(report).toMatchObject({ sessions: 3, remaining: 0 });
      expect(org.sessions(SOURCE).map(({ status }) => status)).toEqual(Array(3).fill('COMPLETED'));
    });
  });

  it('a second session is loaded while the first is still imported, once the wait is over', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run } = world(clock, { importMs: 1_800_000 });
      const { users } = company(250);
      const report = await run({ users }, { requestsPerSession: 1, pollIntervalMs: 30_000 });
      expect(report.sessions).toBe(2);
      const [first, second] = org.sessions(SOURCE);
      expect((second?.created ?? 0) - (first?.triggered ?? 0)).toBeLessThan(320_000);
      expect(org.violations).toEqual([]);
    });
  });

  it('deletions that match nothing leave a session CREATED: it is cancelled and counts as done', async () => {
    await inVirtualTime(async (clock) => {
      const { org, disk, run } = world(clock);
      const state = memoryState({ disk });
      await state.adopt([confirmed('users', 'ghost', fingerprint('a'))]);
      const report = await run({ users: [] });
      expect(report.confirmed.users.deletes).toBe(1);
      expect(org.sessions(SOURCE).map((s) => s.status)).toEqual(['CLOSED']);
      expect((await memoryState({ disk }).counts()).users).toEqual({ known: 0, unknown: 0 });
    });
  });

  for (const kind of ['resetAfter', 'resetBefore', 'errorAfter', 'html'] as const) {
    it(`a load whose answer was lost (${kind}) cancels the session and is replayed in a new one; nothing is listed twice`, async () => {
      await inVirtualTime(async (clock) => {
        let hit = 0;
        const { org, run, events } = world(clock, {
          fault: ({ path }) => (bulk(path) && ++hit === 2 ? { kind } : undefined),
        });
        const source = company(450);
        await run(source);
        expectConverged(org, source);
        expect(org.sessions(SOURCE).filter((s) => s.status === 'CLOSED')).toHaveLength(1);
        expect(events.filter((e) => e.type === 'session:replayed')).toHaveLength(1);
      });
    });
  }

  it('a load that is lost again and again is an honest failure after ten sessions, and the next run goes on', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run } = world(clock, {
        fault: ({ path }) => (bulk(path) ? { kind: 'resetAfter' } : undefined),
      });
      const source = company(30);
      const error = (await run(source).catch((e: unknown) => e)) as RollcallError;
      expect(error.code).toBe('ERR_ROLLCALL_SESSION');
      expect(error.report?.remaining).toBeGreaterThan(0);
      expect(org.sessions(SOURCE)).toHaveLength(10);
      expect(org.sessions(SOURCE).every((s) => s.status === 'CLOSED')).toBe(true);
      org.setFault(undefined);
      await run(source);
      expectConverged(org, source);
    });
  });

  it('a session whose load was lost is replayed in halves', async () => {
    await inVirtualTime(async (clock) => {
      let hit = 0;
      const { org, run } = world(clock, {
        fault: ({ path }) => (bulk(path) && ++hit === 8 ? { kind: 'resetAfter' } : undefined),
      });
      const { users } = company(1600);
      await run({ users });
      expect(held(org).users).toEqual(wanted({ users, groups: [], memberships: [] }).users);
      expect(org.sessions(SOURCE).map(({ status, requests }) => [status, requests])).toEqual([
        ['CLOSED', 8],
        ['COMPLETED', 4],
        ['COMPLETED', 4],
      ]);
    });
  });

  for (const kind of ['resetBefore', 'resetAfter', 'errorBefore', 'errorAfter', 'html'] as const) {
    it(`a lost answer of a cancel (${kind}) is settled by asking, before anything is replayed`, async () => {
      await inVirtualTime(async (clock) => {
        let [loads, cancels] = [0, 0];
        const { org, run } = world(clock, {
          fault: ({ method, path }) => {
            if (bulk(path) && ++loads === 2) return { kind: 'resetAfter' };
            return method === 'DELETE' && ++cancels === 1 ? { kind } : undefined;
          },
        });
        const source = company(450);
        await run(source);
        expectConverged(org, source);
        expect(org.sessions(SOURCE)[0]?.status).toBe('CLOSED');
      });
    });
  }

  for (const path of ['/sessions', '/start-import']) {
    for (const kind of ['resetAfter', 'errorAfter', 'truncated', 'resetBefore'] as const) {
      it(`a lost answer of POST ${path} (${kind}) is settled by asking`, async () => {
        await inVirtualTime(async (clock) => {
          let hit = 0;
          const { org, run } = world(clock, {
            fault: (r) =>
              r.method === 'POST' && r.path.endsWith(path) && hit++ === 0 ? { kind } : undefined,
          });
          const source = company(30);
          await run(source);
          expectConverged(org, source);
        });
      });
    }
  }

  it('a session that ends in ERROR is uploaded again in a new one', async () => {
    await inVirtualTime(async (clock) => {
      let hit = 0;
      const { org, run } = world(clock, {
        fault: ({ path }) =>
          path.endsWith('/start-import') && hit++ === 0 ? { kind: 'sessionError', applied: 0.5 } : undefined,
      });
      const source = company(30);
      await run(source);
      expectConverged(org, source);
      expect(org.sessions(SOURCE).map((s) => s.status)).toContain('ERROR');
    });
  });

  it('state is committed for what Okta reported COMPLETED, and for nothing else', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run, disk } = world(clock, {
        fault: ({ path }) =>
          path.endsWith('/start-import') ? { kind: 'sessionError', applied: 1 } : undefined,
      });
      await expect(run(company(30))).rejects.toMatchObject({ code: 'ERR_ROLLCALL_SESSION' });
      const counts = await memoryState({ disk }).counts();
      expect(counts.users.known + counts.groups.known + counts.memberships.known).toBe(0);
      expect(counts.users.unknown).toBe(30);
      org.setFault(undefined);
      await run({ ...company(30), users: company(30).users.slice(3), memberships: [] });
      expect(Object.keys(held(org).users)).toHaveLength(27);
    });
  });

  it('a session that outlasts the poll limit is left alone, and settled by the next run', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run, events } = world(clock, { importMs: 7_200_000 });
      const { users } = company(30);
      const patient = { pollIntervalMs: 60_000 };
      await expect(run({ users }, patient)).rejects.toBeInstanceOf(PollTimeoutError);
      expect(org.sessions(SOURCE).map((s) => s.status)).toEqual(['TRIGGERED']);
      await clock.sleep(3_600_000);
      const report = await run({ users }, patient);
      expect(report).toMatchObject({ settled: 1, requests: 0 });
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'journal:settled', outcome: 'completed' }),
      );
    });
  });

  it('a session that is not ours is not touched unless asked', async () => {
    await inVirtualTime(async (clock) => {
      const { org, okta, run } = world(clock);
      const foreign = await okta.createSession();
      await expect(run(company(5))).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_FOREIGN_SESSION',
        sessionId: foreign.id,
      });
      expect(org.sessions(SOURCE)).toMatchObject([{ id: foreign.id, status: 'CREATED', requests: 0 }]);
      await run(company(5), { foreignSession: 'cancel' });
      expectConverged(org, company(5));
    });
  });

  it('a foreign session that was loaded is not adopted', async () => {
    await inVirtualTime(async (clock) => {
      const { org, okta, run } = world(clock);
      const foreign = await okta.createSession();
      await okta.upsertUsers(foreign.id, company(1).users);
      await expect(run(company(5), { foreignSession: 'adopt' })).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_FOREIGN_SESSION',
        sessionId: foreign.id,
      });
      expect(org.sessions(SOURCE)).toMatchObject([{ id: foreign.id, status: 'IN_PROGRESS', requests: 1 }]);
    });
  });

  it('an empty foreign session can be adopted', async () => {
    await inVirtualTime(async (clock) => {
      const { org, okta, run } = world(clock);
      const foreign = await okta.createSession();
      await run({ users: company(5).users }, { foreignSession: 'adopt' });
      expect(org.sessions(SOURCE)).toMatchObject([{ id: foreign.id, status: 'COMPLETED' }]);
    });
  });

  it('a record that Okta refuses is singled out and reported, and the rest goes on', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run } = world(clock, {
        refuseItem: (item) => item.entity === 'users' && item.externalId === 'u17',
      });
      const source = company(300);
      const report = await run(source);
      expect(report.refused.filter((r) => r.entity === 'users')).toMatchObject([
        { externalId: 'u17', code: 'E0000001' },
      ]);
      expect(report.refused.filter((r) => r.entity === 'memberships').map((r) => r.code)).toEqual([
        'REFERENCE_REFUSED',
        'REFERENCE_REFUSED',
      ]);
      expect(report.remaining).toBe(0);
      expect(Object.keys(held(org).users)).toHaveLength(299);
      expect(org.violations.filter((v) => v.rule !== 'invalid-value')).toEqual([]);
      // It stays in the report until it passes.
      expect((await run(source)).refused.filter((r) => r.entity === 'users')).toHaveLength(1);
    });
  });

  it('an aborted run cancels its open session within five seconds, and the next goes on', async () => {
    await inVirtualTime(async (clock) => {
      const org = makeOrg({ clock, latencyMs: 300 });
      const okta = clientOf(org);
      const disk = new MemoryDisk();
      const source = company(2000);
      const running = startSync({ okta, state: memoryState({ disk }), ...source, clock, guard: permissive });
      let abortedAt = 0;
      running.events$.subscribe((event) => {
        if (event.type === 'batch:sent' && event.requests === 3) {
          abortedAt = clock.now();
          running.abort();
        }
      });
      await expect(running.done).rejects.toBeInstanceOf(AbortedError);
      expect(clock.now() - abortedAt).toBeLessThan(5000);
      expect(org.sessions(SOURCE).map((s) => s.status)).toEqual(['CLOSED']);
      await sync({ okta, state: memoryState({ disk }), ...source, clock, guard: permissive });
      expectConverged(org, source);
    });
  });

  it('an aborted run whose session cannot be cancelled ends within five seconds, and the next cancels it', async () => {
    await inVirtualTime(async (clock) => {
      const org = makeOrg({ clock, slowMs: 600_000 });
      const okta = clientOf(org);
      const disk = new MemoryDisk();
      const source = company(2000);
      const running = startSync({ okta, state: memoryState({ disk }), ...source, clock });
      let abortedAt = 0;
      running.events$.subscribe((event) => {
        if (event.type !== 'batch:sent' || event.requests !== 3) return;
        // From now on nothing is answered.
        org.setFault(() => ({ kind: 'slow' }));
        abortedAt = clock.now();
        running.abort();
      });
      await expect(running.done).rejects.toBeInstanceOf(AbortedError);
      expect(clock.now() - abortedAt).toBeLessThanOrEqual(5000);
      expect(await memoryState({ disk }).journal.open()).toMatchObject([{ phase: 'cancelling' }]);
      org.setFault(undefined);
      await sync({ okta, state: memoryState({ disk }), ...source, clock });
      expectConverged(org, source);
      expect(org.sessions(SOURCE)[0]?.status).toBe('CLOSED');
    });
  });

  it('an aborted run does not wait for an import, and the next settles it', async () => {
    await inVirtualTime(async (clock) => {
      const org = makeOrg({ clock, importMs: 1_800_000 });
      const okta = clientOf(org);
      const disk = new MemoryDisk();
      const { users } = company(30);
      const running = startSync({ okta, state: memoryState({ disk }), users, clock, pollIntervalMs: 60_000 });
      let abortedAt = 0;
      running.events$.subscribe((event) => {
        if (event.type !== 'wait:start' || event.reason !== 'import') return;
        setTimeout(() => {
          abortedAt = clock.now();
          running.abort();
        }, 90_000);
      });
      await expect(running.done).rejects.toBeInstanceOf(AbortedError);
      expect(clock.now() - abortedAt).toBeLessThanOrEqual(5000);
      expect(org.sessions(SOURCE).map((s) => s.status)).toEqual(['TRIGGERED']);
      const report = await sync({ okta, state: memoryState({ disk }), users, clock });
      expect(report).toMatchObject({ settled: 1, requests: 0 });
    });
  });

  it('a run aborted while a load is under way cancels its open session too', async () => {
    await inVirtualTime(async (clock) => {
      const org = makeOrg({ clock, latencyMs: 300 });
      const disk = new MemoryDisk();
      const source = company(2000);
      const running = startSync({ okta: clientOf(org), state: memoryState({ disk }), ...source, clock });
      running.events$.subscribe((event) => {
        // The answer to the next load is on its way then, and nobody will hear it.
        if (event.type === 'batch:sent' && event.requests === 3) setTimeout(() => running.abort(), 100);
      });
      const error = (await running.done.catch((e: unknown) => e)) as RollcallError;
      expect(error).toBeInstanceOf(AbortedError);
      expect(error.report?.remaining).toBe(
        source.users.length + source.groups.length + source.memberships.length,
      );
      expect(org.sessions(SOURCE).map((s) => s.status)).toEqual(['CLOSED']);
      expect(await memoryState({ disk }).journal.open()).toEqual([]);
    });
  });

  it('a state belongs to one identity source, and refuses another', async () => {
    await inVirtualTime(async (clock) => {
      const { run, disk } = world(clock);
      await memoryState({ disk }).bind({ orgUrl: 'https://other.okta.example', identitySourceId: 'x' });
      await expect(run(company(3))).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_TARGET' });
    });
  });

  it('above the guard nothing at all is sent', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run } = world(clock);
      await run(company(200));
      const before = org.requests.length;
      await expect(run({ users: company(50).users }, { guard: {} })).rejects.toBeInstanceOf(GuardError);
      expect(org.requests.length).toBe(before);
    });
  });

  it('a subscriber that throws harms nothing', async () => {
    await inVirtualTime(async (clock) => {
      const org = makeOrg({ clock });
      const running = startSync({ okta: clientOf(org), state: memoryState(), ...company(10), clock });
      const seen: string[] = [];
      running.events$.subscribe(() => {
        throw new Error('a bad subscriber');
      });
      running.events$.subscribe((event) => seen.push(event.type));
      await running.done;
      expect(seen).toContain('run:done');
      for (const type of [
        'source:end',
        'plan:ready',
        'session:created',
        'batch:sent',
        'session:completed',
        'state:committed',
      ])
        expect(seen).toContain(type);
    });
  });

  it("every request of a full sync of all six kinds is as Okta's own description has it", async (context) => {
    const description = openapi();
    if (description === undefined) return context.skip();
    await inVirtualTime(async (clock) => {
      const { org, run } = world(clock, { recordBodies: true });
      await run(company(60));
      await run({
        users: company(50).users,
        groups: company(40).groups,
        memberships: company(30).memberships,
      });
      const problems = org.requests.flatMap((r) => description.validateRequest(r.method, r.path, r.body));
      expect(problems).toEqual([]);
      const kinds = new Set(org.requests.filter((r) => bulk(r.path)).map((r) => r.path.split('/').pop()));
      expect(kinds.size).toBe(6);
      expect(requestsTo(org, '/start-import').length).toBeGreaterThan(1);
    });
  });
});
