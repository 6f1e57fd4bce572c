import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import type { ChangeOutcome } from '../../src/core/results.js';
import type { SyncEvent } from '../../src/events/events.js';
import type { OrgItem, OrgOptions } from '../../src/simulator/index.js';
import { MemoryDisk } from '../../src/state/memory/memory-disk.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { plan, sync, type SyncOptions } from '../../src/sync/sync.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, held, makeOrg, SOURCE, wanted, type SourceDirectory } from '../support/world.js';

const source = company(450);
const guard = { maxDeletePercent: 100, maxUpdatePercent: 100, allowEmpty: true };

function world(clock: Clock, options: Omit<OrgOptions, 'clock'>) {
  const org = makeOrg({ clock, ...options });
  const disk = new MemoryDisk();
  const events: SyncEvent[] = [];
  const outcomes: ChangeOutcome[] = [];
  const run = (directory: Partial<SourceDirectory>, more: Partial<SyncOptions> = {}) =>
    sync({
      okta: clientOf(org),
      state: memoryState({ disk }),
      ...directory,
      clock,
      guard,
      onEvent: (event) => events.push(event),
      onOutcome: (told) => outcomes.push(...told),
      ...more,
    });
  const statuses = () => {
    const counts: Record<string, number> = {};
    for (const { status } of org.sessions(SOURCE)) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  };
  return { org, disk, events, outcomes, run, statuses };
}

/** What is left of a directory without some of its users. */
const without = (directory: SourceDirectory, bad: ReadonlySet<string>): SourceDirectory => ({
  users: directory.users.filter(({ externalId }) => !bad.has(externalId)),
  groups: directory.groups,
  memberships: directory.memberships.filter(({ memberExternalId }) => !bad.has(memberExternalId)),
});

const poison =
  (how: 'load' | 'import', bad: ReadonlySet<string>) =>
  ({ entity, kind, externalId }: OrgItem) =>
    entity === 'users' && kind === 'upsert' && bad.has(externalId) ? how : undefined;

describe.each([
  ['ends its session in ERROR', 'import', 'SESSION_ERROR'],
  ['is answered with 500', 'load', 'E0000009'],
] as const)('a record that %s each time', (_, how, code) => {
  it.each([
    ['one', ['u317']],
    ['the first', ['u0']],
    ['the last', ['u449']],
    ['two that are apart', ['u17', 'u401']],
    ['two in a row', ['u250', 'u251']],
  ])('is named and left out, and the rest goes on: %s', async (__, ids) => {
    await inVirtualTime(async (clock) => {
      const bad = new Set(ids);
      const { org, events, outcomes, run } = world(clock, { poison: poison(how, bad) });
      const report = await run(source);
      const users = report.refused.filter(({ entity }) => entity === 'users');
      expect(users.map(({ externalId }) => externalId).sort()).toEqual([...bad].sort());
      expect(users.every((one) => one.code === code)).toBe(true);
      expect(report.remaining).toBe(0);
      const rest = without(source, bad);
      const now = held(org);
      // Of a session that ended in ERROR, a part was applied.
      for (const id of bad) delete now.users[id];
      expect(now).toEqual(wanted(rest));
      expect(org.violations).toEqual([]);
      expect(events.filter(({ type }) => type === 'batch:refused')).toHaveLength(bad.size);
      for (const id of bad)
        expect(outcomes).toContainEqual(
          expect.objectContaining({ externalId: id, outcome: 'refused', errorCode: code }),
        );
    });
  });

  it('costs few sessions', async () => {
    await inVirtualTime(async (clock) => {
      const { run, statuses } = world(clock, { poison: poison(how, new Set(['u317'])) });
      await run(source);
      const counts = statuses();
      if (how === 'import') expect(counts['ERROR']).toBeLessThan(15);
      else expect(counts['CLOSED']).toBeLessThan(15);
      expect(counts['COMPLETED']).toBeLessThan(how === 'import' ? 20 : 8);
    });
  });

  it('alone in a plan is named, and those who left are removed', async () => {
    await inVirtualTime(async (clock) => {
      const bad = new Set<string>();
      const { org, run } = world(clock, { poison: poison(how, bad) });
      await run(source);
      bad.add('u3');
      const users = source.users
        .filter(({ externalId }) => externalId !== 'u9')
        .map((one) => (one.externalId === 'u3' ? { ...one, profile: { ...one.profile, title: 'x' } } : one));
      const memberships = source.memberships.filter(({ memberExternalId }) => memberExternalId !== 'u9');
      const report = await run({ ...source, users, memberships });
      expect(report.refused).toMatchObject([{ externalId: 'u3', code }]);
      expect(held(org).users).not.toHaveProperty('u9');
    });
  });

  it('is named by the next runs without being sent, until it changes', async () => {
    await inVirtualTime(async (clock) => {
      const bad = new Set(['u3']);
      const { org, disk, run } = world(clock, { poison: poison(how, bad) });
      const small = company(20);
      await run(small);
      for (let day = 0; day < 2; day++) {
        const report = await run(small);
        expect(report).toMatchObject({ requests: 0, sessions: 0, remaining: 0 });
        expect(report.refused[0]).toMatchObject({ entity: 'users', externalId: 'u3', code });
        expect(report.refused[0]?.reason).toContain('it is sent again when it changes');
        const pairs = report.refused.slice(1);
        expect(pairs.length).toBeGreaterThan(0);
        expect(pairs.every((one) => one.code === 'REFERENCE_REFUSED')).toBe(true);
        const { users, memberships } = report.sources;
        expect(users).toMatchObject({ read: 20, unchanged: 19, creates: 0, refusedBefore: 1 });
        expect(memberships).toMatchObject({ creates: 0, refusedBefore: pairs.length });
        // A plan counts them as the sync does, and changes nothing of what is remembered.
        const planned = await plan({ state: memoryState({ disk }), ...small, clock, resend: [] });
        expect(planned).toMatchObject({ requests: 0, sessions: 0, hash: report.plan.hash });
        expect(planned.sources.users).toEqual(users);
        const resent = await plan({ state: memoryState({ disk }), ...small, clock, resend: ['u3'] });
        expect(resent.sources.users).toMatchObject({ creates: 1, refusedBefore: 0 });
      }
      bad.clear();
      const users = small.users.map((one) =>
        one.externalId === 'u3' ? { ...one, profile: { ...one.profile, title: 'mended' } } : one,
      );
      expect((await run({ ...small, users })).refused).toEqual([]);
      expect(held(org)).toEqual(wanted({ ...small, users }));
    });
  });

  it('is sent again when resend names it', async () => {
    await inVirtualTime(async (clock) => {
      const bad = new Set(['u3', 'u7']);
      const { org, run } = world(clock, { poison: poison(how, bad) });
      const small = company(20);
      await run(small);
      bad.clear();
      const named = (await run(small, { resend: ['u3'] })).refused.filter(({ entity }) => entity === 'users');
      expect(named).toMatchObject([{ externalId: 'u7', code }]);
      expect((await run(small, { resend: ['users'] })).refused).toEqual([]);
      expect(held(org)).toEqual(wanted(small));
    });
  });

  it('is sent again by the next run if Okta accepted nothing else, because it may be Okta that failed', async () => {
    await inVirtualTime(async (clock) => {
      const bad = new Set(['u3']);
      const { org, run } = world(clock, { poison: poison(how, bad) });
      const users = source.users.filter(({ externalId }) => externalId === 'u3');
      expect((await run({ users })).refused).toMatchObject([{ externalId: 'u3', code }]);
      bad.clear();
      expect((await run({ users })).refused).toEqual([]);
      expect(held(org).users).toHaveProperty('u3');
    });
  });

  it('in a mixed session does not let memberships go before their users', async () => {
    await inVirtualTime(async (clock) => {
      const bad = new Set(['u17']);
      const { org, run } = world(clock, { poison: poison(how, bad), shuffle: false });
      const report = await run(source, { mixed: true });
      expect(report.refused.filter(({ entity }) => entity === 'users')).toHaveLength(1);
      expect(org.violations).toEqual([]);
      // Of a session that ended in ERROR, a part was applied.
      const { users, memberships } = held(org);
      const expected = wanted(without(source, bad));
      delete users['u17'];
      expect(users).toEqual(expected.users);
      expect(memberships.filter((one) => !one.endsWith('/u17'))).toEqual(expected.memberships);
    });
  });

  it('of everybody ends the run, and the next goes on', async () => {
    await inVirtualTime(async (clock) => {
      let fails = true;
      const { org, run } = world(clock, {
        poison: ({ entity }) => (fails && entity === 'users' ? how : undefined),
      });
      await expect(run(source)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_SESSION' });
      expect(org.sessions(SOURCE).length).toBeLessThan(25);
      fails = false;
      await run(source);
      expect(held(org)).toEqual(wanted(source));
    });
  });
});

describe('a mapping error over everybody', () => {
  it('stops within a few dozen refusals, however many Okta holds', async () => {
    await inVirtualTime(async (clock) => {
      let refusing = false;
      const { org, run } = world(clock, { refuseItem: ({ entity }) => refusing && entity === 'users' });
      const { users: all } = company(1200);
      await run({ users: all });
      refusing = true;
      const users = all.map((one) => ({ ...one, profile: { ...one.profile, title: 'wrong' } }));
      const before = org.requests.length;
      await expect(run({ users })).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_RECORD',
        report: { refused: { length: 40 } },
      });
      expect(org.requests.length - before).toBeLessThan(300);
    });
  });
});
