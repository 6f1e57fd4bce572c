import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Profile } from '../../src/core/model.js';
import { AttributeFingerprints } from '../../src/fingerprints/attribute-fingerprints.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { pipe } from '../../src/flow/pipe.js';
import { map } from '../../src/transform/map.js';
import { userFrom } from '../../src/transform/records-from-columns.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { UNKNOWN, type StateStore } from '../../src/state/store.js';
import { plan, sync, type SyncOptions } from '../../src/sync/sync.js';
import { adopt } from '../../src/sync/adopt.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, held, makeOrg, ORG_URL, SOURCE, withValue } from '../support/world.js';

type People = Readonly<Record<string, Profile>>;

const login = (id: string) => ({ userName: `${id}@x.example`, email: `${id}@x.example` });
const usersOf = (people: People) =>
  Object.entries(people).map(([id, more]) => ({ externalId: id, profile: { ...login(id), ...more } }));
const wantedOf = (people: People) =>
  Object.fromEntries(Object.entries(people).map(([id, more]) => [id, withValue({ ...login(id), ...more })]));

const GUARD = { maxDeletePercent: 100, maxUpdatePercent: 100, maxIdChanges: 1000, allowEmpty: true };

type Omission = 'kept' | 'cleared';

/** An org, a state, and runs. */
function worldOf(omission: Omission, state: StateStore = memoryState()) {
  const org = makeOrg({ omission, recordBodies: true });
  const run = (people: People, more: Partial<SyncOptions> = {}) =>
    inVirtualTime(() => sync({ okta: clientOf(org), state, users: usersOf(people), guard: GUARD, ...more }));
  /** The last profile that was sent for a person. */
  const sent = (id: string): Profile => {
    const items = org.requests.flatMap(({ path, body }) =>
      path.endsWith('/bulk-upsert')
        ? (JSON.parse(String(body)) as { profiles: { externalId: string; profile: Profile }[] }).profiles
        : [],
    );
    return items.findLast(({ externalId }) => externalId === id)?.profile ?? {};
  };
  return { org, state, run, sent };
}

/** The same state without the names of attributes, as a version left it that did not store them. */
function withoutNames(state: StateStore): StateStore {
  const stored = new Set<string>();
  return new Proxy(state, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (property === 'getMeta')
        return async (name: string) =>
          name.startsWith('attributes') && !stored.has(name) ? undefined : target.getMeta(name);
      if (property === 'setMeta')
        return (name: string, text: string) => {
          stored.add(name);
          return target.setMeta(name, text);
        };
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
}

describe.each<Omission>(['kept', 'cleared'])(
  'an attribute that an upsert leaves out is %s by Okta',
  (omission) => {
    it('and one that leaves a record is cleared, whoever else has it', async () => {
      const { org, run } = worldOf(omission);
      await run({ a: { title: 'x', city: 'y' }, b: { title: 'z' }, c: { city: 'w' } });
      const next = { a: { city: 'y' }, b: {}, c: { title: 'new' } };
      expect((await run(next)).plan.changedAttributes).toMatchObject([
        { attribute: 'title', updates: 3 },
        {},
      ]);
      expect(held(org).users).toEqual(wantedOf(next));
      expect((await run(next)).requests).toBe(0);
    });

    it('and a person who comes back has nothing of before', async () => {
      const { org, run } = worldOf(omission);
      await run({ a: { title: 'x' }, b: { title: 'z' } });
      await run({ b: { title: 'z' } });
      await run({ a: {}, b: { title: 'z' } });
      expect(held(org).users).toEqual(wantedOf({ a: {}, b: { title: 'z' } }));
    });

    it('and a record whose row is unknown is cleared of all that the source sets', async () => {
      const { org, state, run } = worldOf(omission);
      await run({ a: { title: 'x' }, b: { city: 'y' }, c: {} });
      await state.adopt([{ entity: 'users', key: 'a', held: UNKNOWN }]);
      const next = { a: {}, b: {}, c: {} };
      await run(next);
      expect(held(org).users).toEqual(wantedOf(next));
      await run({ a: { title: 'x' }, b: { city: 'y' }, c: {} });
      await run(next, { resend: ['all'] });
      expect(held(org).users).toEqual(wantedOf(next));
    });

    it('and an adopted record is cleared as one that was sent', async () => {
      const { org, state, run } = worldOf(omission);
      const people = { a: { title: 'x' }, b: { city: 'y' } };
      await worldOfOrg(org, people);
      const source = { state, users: usersOf(people) };
      const { hash } = await plan(source);
      await adopt({ ...source, confirm: hash, target: { orgUrl: ORG_URL, identitySourceId: SOURCE } });
      await state.adopt([{ entity: 'users', key: 'b', held: UNKNOWN }]);
      await run({ a: {}, b: {} });
      expect(held(org).users).toEqual(wantedOf({ a: {}, b: {} }));
    });

    it('and the description of a group is cleared', async () => {
      const { org, run } = worldOf(omission);
      const group = (more: Profile) => [{ externalId: 'g', profile: { displayName: 'G', ...more } }];
      await run({}, { groups: group({ description: 'x' }) });
      await run({}, { groups: group({}) });
      expect(held(org).groups).toEqual({ g: { displayName: 'G' } });
      await run({}, { groups: [] });
      await run({}, { groups: group({}) });
      expect(held(org).groups).toEqual({ g: { displayName: 'G' } });
    });

    it('and names that the state does not have are found among all records, unchanged ones too', async () => {
      const { org, state, run } = worldOf(omission);
      await run({ a: { title: 'x' }, b: { title: 'y', city: 'z' }, c: { title: 'w' }, d: {} });
      const old = withoutNames(state);
      await state.adopt([{ entity: 'users', key: 'd', held: UNKNOWN }]);
      const next = { a: {}, b: { title: 'y', city: 'z' }, c: { title: 'w' }, d: { firstName: 'D' } };
      const report = await run(next, { state: old });
      expect(report.plan.changedAttributes).toEqual([
        { entity: 'users', attribute: '(removed)', updates: 1 },
      ]);
      expect(held(org).users).toEqual(wantedOf(next));
      // It was of a row that is unknown, so all that the source sets is named.
      expect(org.requests.map(({ body }) => String(body)).join('')).toContain('"city":null');
    });

    it.each([true, false])('whatever the mapping and with screening %s', async (screening) => {
      const { org, state } = worldOf(omission);
      const columns = { externalId: 'id', profile: { userName: 'mail', email: 'mail', title: 'title' } };
      const run = (...rows: string[]) => {
        const bytes = [Buffer.from(['id,mail,title', ...rows, ''].join('\n'))];
        const users = pipe(fromCsv(bytes), map(userFrom(columns, { emptyCell: 'omit' })));
        return inVirtualTime(() => sync({ okta: clientOf(org), state, users, guard: GUARD, screening }));
      };
      await run('a,a@x.example,x', 'b,b@x.example,y', 'c,c@x.example,');
      await run('a,a@x.example,', 'b,b@x.example,y', 'c,c@x.example,');
      expect(held(org).users).toEqual(wantedOf({ a: {}, b: { title: 'y' }, c: {} }));
    });

    it('through any days and runs, and Okta has exactly what the source has', async () => {
      const names = ['title', 'city', 'nickName'];
      const profile = fc.dictionary(fc.constantFrom(...names), fc.option(fc.constantFrom('x', 'y')));
      const people = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), profile);
      const day = fc.record({
        people,
        doubted: fc.subarray(['a', 'b', 'c', 'd']),
        resendsAll: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(day, { minLength: 1, maxLength: 6 }), async (days) => {
          const { org, state, run } = worldOf(omission);
          for (const { people, doubted, resendsAll } of days) {
            for (const key of doubted) {
              const [row] = await heldRows(state, key);
              if (row !== undefined) await state.adopt([{ entity: 'users', key, held: UNKNOWN }]);
            }
            await run(people, resendsAll ? { resend: ['all'] } : {});
            expect(held(org).users).toEqual(wantedOf(people));
            expect((await run(people)).requests).toBe(0);
          }
          expect(org.violations).toEqual([]);
        }),
        { numRuns: 60 },
      );
    });
  },
);

async function heldRows(state: StateStore, key: string) {
  const reading = await state.read();
  const rows = await reading.held('users', [key]);
  await reading.close();
  return rows;
}

/** Puts people into an org by another state. */
async function worldOfOrg(org: ReturnType<typeof makeOrg>, people: People): Promise<void> {
  await inVirtualTime(() => sync({ okta: clientOf(org), state: memoryState(), users: usersOf(people) }));
}

describe('an attribute that the source never set', () => {
  it('is not named, so that others may write it', async () => {
    const { org, run, sent } = worldOf('kept');
    await run({ a: { title: 'x' }, b: {} });
    org.edit((directory) => directory.setUser('a', { ...login('a'), title: 'x', mobilePhone: '1' }));
    await run({ a: { title: 'y' }, b: { firstName: 'B' } });
    expect(held(org).users['a']).toMatchObject({ title: 'y', mobilePhone: '1' });
    // Of b it is known that it never had a title.
    expect(sent('b')).toEqual({ ...login('b'), firstName: 'B' });
  });

  it('is not named of anybody in a first load', async () => {
    const { run, sent } = worldOf('kept');
    await run({ a: { title: 'x' }, b: {} });
    expect(sent('b')).toEqual(login('b'));
  });
});

describe('an attribute that Okta cannot clear', () => {
  it('is named in the plan, with the people who lose it, and the rest is sent', async () => {
    const { org, run, state } = worldOf('kept');
    const first = Object.fromEntries(
      ['a', 'b', 'c', 'd', 'e'].map((id) => [id, { secondEmail: `${id}@home.example` }]),
    );
    await run(first);
    const next = { ...first, a: { title: 'x' }, b: {}, c: {}, d: {} };
    const { uncleared } = await plan({ state, users: usersOf(next) });
    const expected = [{ entity: 'users', attribute: 'secondEmail', records: 4, examples: ['a', 'b', 'c'] }];
    expect(uncleared).toEqual(expected);
    const report = await run(next);
    expect([report.plan.uncleared, report.refused]).toEqual([expected, []]);
    expect(held(org).users['a']).toMatchObject({ title: 'x', secondEmail: 'a@home.example' });
    expect((await run(next)).plan.uncleared).toEqual([]);
  });

  it('is one that validate knows as not nullable', async () => {
    const { run, sent } = worldOf('kept');
    const attributes = { title: { min: 1, max: 50, nullable: false } };
    const validate = { users: { attributes } };
    await run({ a: { title: 'x' } }, { validate });
    const { uncleared } = (await run({ a: {} }, { validate })).plan;
    expect(uncleared).toMatchObject([{ attribute: 'title', examples: ['a'] }]);
    expect(sent('a')).toEqual(login('a'));
  });

  it('is left alone without a word if neverClear names it', async () => {
    const { org, run, sent } = worldOf('kept');
    const validate = { users: { neverClear: ['title', 'secondEmail'] } };
    await run({ a: { title: 'x', secondEmail: 'a@home.example', city: 'y' } }, { validate });
    expect((await run({ a: {} }, { validate })).plan.uncleared).toEqual([]);
    expect(sent('a')).toEqual({ ...login('a'), city: null });
    expect(held(org).users['a']).toMatchObject({ title: 'x' });
  });
});

describe('names of attributes', () => {
  it('are remembered when nobody has them any more, because people come back', async () => {
    const { run, sent } = worldOf('cleared');
    await run({ a: { title: 'x' }, b: { title: 'y', city: 'z' } });
    await run({ b: { city: 'z' } });
    await run({ a: {}, b: { city: 'z' } });
    expect(sent('a')).toEqual({ ...login('a'), title: null, city: null });
    await run({ a: {}, b: { city: 'z' }, c: {} }, { validate: { users: { neverClear: ['title'] } } });
    expect(sent('c')).toEqual({ ...login('c'), city: null });
  });

  it('are stored before the first session with them', async () => {
    const { state, run } = worldOf('kept');
    const { journal } = state;
    let atLoad: string | undefined;
    const watched = new Proxy(state, {
      get: (target, property) =>
        property === 'journal'
          ? new Proxy(journal, {
              get(from, name) {
                const value: unknown = Reflect.get(from, name, from);
                if (typeof value !== 'function') return value;
                return async (...args: unknown[]) => {
                  if (name === 'loading') atLoad ??= await state.getMeta('attributes:users');
                  return (value as (...args: unknown[]) => unknown).apply(from, args);
                };
              },
            })
          : bound(target, property),
    });
    await run({ a: { title: 'x' } }, { state: watched });
    expect(JSON.parse(atLoad ?? '')).toEqual({ names: ['userName', 'email', 'title'], isComplete: true });
  });

  it('that share a fingerprint are told apart by what the record lacks', () => {
    const fingerprints = new AttributeFingerprints('0123456789abcdef'.repeat(2));
    const nameOf = (text: string) => fingerprints.of({ [text]: 'x' }).slice(0, 2);
    const seen = new Map<string, string>();
    let pair: readonly [string, string] | undefined;
    for (let i = 0; pair === undefined; i++) {
      const other = seen.get(nameOf(`n${i}`));
      if (other !== undefined) pair = [other, `n${i}`];
      seen.set(nameOf(`n${i}`), `n${i}`);
    }
    const [kept, gone] = pair;
    expect(fingerprints.changed(fingerprints.of({ [kept]: '1', [gone]: '1' }), { [kept]: '1' })).toContain(
      gone,
    );
  });
});

describe('a record that fits only without the attributes that it must clear', () => {
  it('is rejected, and blocks nobody', async () => {
    const { org, run } = worldOf('kept');
    const long = `n${'a'.repeat(3000)}`;
    await run({ a: { [long]: 'x' }, b: {} });
    const report = await run({ a: { notes: 'x'.repeat(197_500) }, b: { title: 'y' } });
    expect(report.rejections).toMatchObject([
      { externalId: 'a', code: 'TOO_LARGE', reason: expect.stringContaining('must clear') as string },
    ]);
    expect(held(org).users['b']).toMatchObject({ title: 'y' });
    expect(org.violations).toEqual([]);
  });
});

function bound(target: object, property: string | symbol): unknown {
  const value: unknown = Reflect.get(target, property, target);
  return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
}
