import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import { RollcallError } from '../../src/core/errors.js';
import type { SyncEvent } from '../../src/events/events.js';
import type { Fault, OrgOptions, OrgRequest } from '../../src/simulator/index.js';
import { MemoryDisk } from '../../src/state/memory/memory-disk.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { sync, type SyncOptions } from '../../src/sync/sync.js';
import { settleJournal } from '../../src/upload/settle-journal.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, expectConverged, makeOrg, SOURCE } from '../support/world.js';
import { NOON, scripted, session } from './scripted.js';

const HOUR = 3_600_000;
const first = company(30);
/** By the next run somebody has left. */
const second = {
  users: first.users.slice(1),
  groups: first.groups,
  memberships: first.memberships.filter(({ memberExternalId }) => memberExternalId !== 'u0'),
};

function world(clock: Clock, options: Omit<OrgOptions, 'clock'> = {}) {
  const org = makeOrg({ clock, ...options });
  const okta = clientOf(org);
  const disk = new MemoryDisk();
  const run = async (more: Partial<SyncOptions> = {}) => {
    const settled: SyncEvent[] = [];
    const report = await sync({
      okta,
      state: memoryState({ disk }),
      ...second,
      clock,
      ...more,
      onEvent: (event) => event.type === 'journal:settled' && settled.push(event),
    });
    return {
      report,
      outcomes: settled.map((event) => event.type === 'journal:settled' && event.outcome),
    };
  };
  /** A run of a process that dies at a write of its journal: from then on nothing of it reaches the disk. */
  const dieAt = async (write: string, source = first) => {
    let dead = false;
    disk.onWrite = (name) => {
      dead ||= name === `journal:${write}`;
      if (dead) throw new Error('dead');
    };
    await expect(sync({ okta, state: memoryState({ disk }), ...source, clock })).rejects.toBeInstanceOf(
      RollcallError,
    );
    disk.onWrite = undefined;
  };
  const statuses = () => org.sessions(SOURCE).map(({ status }) => status);
  return { org, okta, run, dieAt, statuses };
}

const failing =
  (applied: number) =>
  ({ path }: OrgRequest): Fault | undefined =>
    path.endsWith('/start-import') ? { kind: 'sessionError', applied } : undefined;

describe('what an earlier run left in flight', () => {
  it('is committed where Okta reports COMPLETED', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run, dieAt, statuses } = world(clock);
      await dieAt('settle');
      expect(statuses()).toEqual(['COMPLETED']);
      const { outcomes, report } = await run();
      expect(outcomes).toEqual(['completed']);
      // Memberships waited for the users, and one user has left.
      expect(report.confirmed.users).toEqual({ creates: 0, updates: 0, deletes: 1 });
      expectConverged(org, second);
    });
  });

  it('is waited for while it is imported', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run, dieAt, statuses } = world(clock, { importMs: HOUR / 2 });
      await dieAt('triggered');
      expect(statuses()).toEqual(['TRIGGERED']);
      expect((await run()).outcomes).toEqual(['completed']);
      expectConverged(org, second);
    });
  });

  it('is cancelled where its import had not begun, also when every load was acknowledged, and sent again', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run, dieAt, statuses } = world(clock);
      await dieAt('triggering');
      expect(statuses()).toEqual(['IN_PROGRESS']);
      expect((await run()).outcomes).toEqual(['dropped']);
      expect(statuses()[0]).toBe('CLOSED');
      expectConverged(org, second);
    });
  });

  it('deactivates nobody who is back in the source of today', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run, dieAt } = world(clock);
      await run(first);
      const before = org.directory(SOURCE).users.get('u0');
      // Somebody was to be deactivated, and the process died before it began the import.
      await dieAt('triggering', second);
      expect((await run(first)).outcomes).toEqual(['dropped']);
      expect(org.directory(SOURCE).users.get('u0')).toEqual(before);
      expectConverged(org, first);
    });
  });

  it('is imported where its import had begun, for it may have been', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run, dieAt, statuses } = world(clock);
      // The answer to start-import is lost before it was acted on, and the process dies with the next look.
      org.setFault(({ path }) => (path.endsWith('/start-import') ? { kind: 'unauthorized' } : undefined));
      await dieAt('cancelling');
      org.setFault(undefined);
      expect(statuses()).toEqual(['IN_PROGRESS']);
      expect((await run()).outcomes).toEqual(['completed']);
      expect(statuses()[0]).toBe('COMPLETED');
      expectConverged(org, second);
    });
  });

  it('is cancelled where a load was not acknowledged, and sent again', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run, dieAt, statuses } = world(clock);
      await dieAt('loaded');
      expect(statuses()).toEqual(['IN_PROGRESS']);
      const { outcomes, report } = await run();
      expect(outcomes).toEqual(['dropped']);
      expect(statuses()[0]).toBe('CLOSED');
      expect(report.confirmed.users.creates).toBe(29);
      expectConverged(org, second);
    });
  });

  it('is cancelled if the response to its creation was lost, and a session of others is not', async () => {
    await inVirtualTime(async (clock) => {
      const { org, okta, run, dieAt, statuses } = world(clock);
      await dieAt('created');
      expect(statuses()).toEqual(['CREATED']);
      expect((await run()).outcomes).toEqual(['dropped']);
      expect(statuses()[0]).toBe('CLOSED');
      expectConverged(org, second);
      // The next dies just before it creates one, and much later somebody else does.
      org.setFault(({ path, method }) =>
        method === 'POST' && path.endsWith('/sessions') ? { kind: 'unauthorized' } : undefined,
      );
      const more = { users: first.users };
      await expect(run(more)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_OKTA_AUTH' });
      org.setFault(undefined);
      await clock.sleep(2 * HOUR);
      const foreign = await okta.createSession();
      await expect(run(more)).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_FOREIGN_SESSION',
        sessionId: foreign.id,
      });
      expect(org.sessions(SOURCE).at(-1)).toMatchObject({ id: foreign.id, status: 'CREATED' });
    });
  });

  it('is not taken for that of an earlier attempt, which stays in the journal, if its id is known', async () => {
    // The list is outdated: it still shows the session that was cancelled.
    const shown = session('s2', 'CREATED', NOON + 3000);
    const { context, calls } = scripted({
      get: ['CREATED', 'CLOSED', 'CLOSED'],
      cancel: ['ok'],
      list: [[shown], [shown]],
    });
    const { journal } = context.state;
    const earlier = await journal.creating(NOON, []);
    await journal.created(await journal.creating(NOON + 2000, []), 's2');
    expect(await settleJournal(context)).toBe(1);
    expect((await journal.open()).map(({ id }) => id)).toEqual([earlier]);
    expect(calls.filter((call) => call.startsWith('cancel'))).toEqual(['cancel s2']);
  });

  for (const [end, options, meanwhile] of [
    ['ERROR, with nothing applied', { fault: failing(0) }, undefined],
    ['ERROR, with half of it applied', { fault: failing(0.5) }, undefined],
    ['ERROR, with all of it applied', { fault: failing(1) }, undefined],
    ['EXPIRED', {}, 'expires'],
    ['CLOSED by somebody else', {}, 'closed'],
    ['unknown to Okta', {}, 'forgotten'],
  ] as const) {
    it(`is unknown when it ended ${end}: it is sent again, or deleted where it has left the source`, async () => {
      await inVirtualTime(async (clock) => {
        const { org, okta, run, dieAt, statuses } = world(clock, { ...options });
        await dieAt(meanwhile === undefined ? 'settle' : 'triggering');
        org.setFault(undefined);
        if (meanwhile === 'expires') await clock.sleep(25 * HOUR);
        const { id } = org.sessions(SOURCE)[0] as { id: string };
        if (meanwhile === 'closed' || meanwhile === 'forgotten') await okta.deleteSession(id);
        if (meanwhile === 'forgotten')
          org.setFault(({ path, method }) =>
            method === 'GET' && path.endsWith(id) ? { kind: 'notFound' } : undefined,
          );
        expect(['ERROR', 'EXPIRED', 'CLOSED']).toContain(statuses()[0]);
        const { outcomes, report } = await run();
        expect(outcomes).toEqual(['unknown']);
        expect(report.confirmed.users).toEqual({ creates: 29, updates: 0, deletes: 1 });
        expectConverged(org, second);
      });
    });
  }
});
