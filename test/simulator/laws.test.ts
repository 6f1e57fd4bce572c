import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { OrgSessionStatus } from 'rollcall/simulator';
import { Caller, deletedUsers, users } from './caller.js';

const NEXT: Readonly<Record<OrgSessionStatus, readonly OrgSessionStatus[]>> = {
  CREATED: ['IN_PROGRESS', 'CLOSED', 'EXPIRED'],
  IN_PROGRESS: ['TRIGGERED', 'CLOSED', 'EXPIRED'],
  TRIGGERED: ['COMPLETED', 'ERROR'],
  COMPLETED: [],
  ERROR: [],
  CLOSED: [],
  EXPIRED: [],
};

const action = fc.oneof(
  fc.record({ do: fc.constant('create' as const) }),
  fc.record({
    do: fc.constantFrom(
      'upsert' as const,
      'delete' as const,
      'trigger' as const,
      'fail' as const,
      'cancel' as const,
    ),
    session: fc.nat(4),
    user: fc.nat(5),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1000, 60_000, 300_000, 86_400_000) }),
);

it('whatever is asked in whatever order, sessions move as documented and hold what was accepted', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), fc.integer(), (actions, seed) => {
      const caller = new Caller({ seed, importMs: 90_000, rateLimit: { limit: 1e6, windowMs: 1000 } });
      const ids: string[] = [];
      const known = new Map<string, OrgSessionStatus>();
      const loads = new Map<string, [user: string, kind: 'ACTIVE' | 'DEACTIVATED'][]>();
      const model = new Map<string, 'ACTIVE' | 'DEACTIVATED'>();

      const settle = () => {
        for (const { id, status } of caller.org.sessions()) {
          const before = known.get(id);
          if (before === status) continue;
          if (before === undefined) expect(status).toBe('CREATED');
          else expect(NEXT[before]).toContain(status);
          known.set(id, status);
          if (status === 'COMPLETED') for (const [user, kind] of loads.get(id) ?? []) model.set(user, kind);
        }
        const loadable = [...known.values()].filter((one) => one === 'CREATED' || one === 'IN_PROGRESS');
        expect(loadable.length).toBeLessThanOrEqual(1);
        const held = [...caller.org.directory().users].map(([id, { status }]) => [id, status]);
        expect(new Map(held as [string, 'ACTIVE'][])).toEqual(model);
      };

      for (const step of actions) {
        if (step.do === 'wait') caller.clock.advance(step.ms);
        else if (step.do === 'create') {
          const answer = caller.send('POST', '/sessions');
          if (answer.status === 200) ids.push((JSON.parse(answer.body) as { id: string }).id);
        } else {
          const id = ids.at(-1 - step.session) ?? 'nobody';
          const path = `/sessions/${id}`;
          if (step.do === 'cancel') caller.send('DELETE', path);
          else if (step.do === 'trigger') caller.trigger(id);
          else if (step.do === 'fail') {
            caller.org.setFault(() => ({ kind: 'sessionError', applied: 0 }));
            caller.trigger(id);
            caller.org.setFault(undefined);
          } else {
            const user = `u${step.user}`;
            const list = loads.get(id) ?? loads.set(id, []).get(id) ?? [];
            if (step.do === 'upsert' && caller.upsertUsers(id, user).status === 202)
              list.push([user, 'ACTIVE']);
            // A deletion is matched against what is held when it is called.
            const matched = caller.org.directory().users.get(user)?.status === 'ACTIVE';
            if (step.do === 'delete') {
              const { status } = caller.send('POST', `${path}/bulk-delete`, deletedUsers(user));
              if (status === 202 && matched) list.push([user, 'DEACTIVATED']);
            }
          }
        }
        settle();
      }
    }),
    { numRuns: 300 },
  );
});

it('shuffling changes no result of a session that lists nothing twice', () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme-ascii' }), {
    minLength: 1,
    // Each name is a login too, which has one user in upper or lower case.
    selector: (name) => name.toLowerCase(),
  });
  fc.assert(
    fc.property(names, fc.integer(), (ids, seed) => {
      const held = (shuffle: boolean) => {
        const caller = new Caller({ seed, shuffle });
        caller.run(['bulk-upsert', users(...ids)]);
        return [...caller.org.directory().users].map(([id, { profile }]) => [id, profile]).sort();
      };
      expect(held(true)).toEqual(held(false));
    }),
  );
});
