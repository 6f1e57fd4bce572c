import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestPacker, type RequestLimits } from '../../src/batch/request-packer.js';
import type { Batch, Change } from '../../src/core/model.js';
import { makeBatch } from '../../src/okta/bulk-body.js';
import type { Lane } from '../../src/state/store.js';
import { awkwardText, membershipChange, profileChange } from '../support/changes.js';
import { boundOf, MIXES, rng, sizesOf } from '../support/sizes.js';

const USERS: Lane = { entity: 'users', kind: 'upsert', dependent: false };
const MEMBERSHIPS: Lane = { entity: 'memberships', kind: 'upsert', dependent: false };
const LIMITS: RequestLimits = { maxItems: 200, maxBytes: 200_000 };

/** Packs all; checks that each is sent once, and within the limits as sent. */
function pack(
  lane: Lane,
  changes: readonly Change[],
  { limits = LIMITS, lookahead = 1000 } = {},
): { batches: readonly Batch[]; waited: number } {
  const packer = new RequestPacker(lane, limits, lookahead);
  const batches: Batch[] = [];
  const take = () => {
    const batch = makeBatch(lane.entity, lane.kind, packer.take());
    expect(batch.changes.length).toBeGreaterThan(0);
    expect(batch.items).toBeLessThanOrEqual(limits.maxItems);
    expect(batch.bytes).toBeLessThanOrEqual(limits.maxBytes);
    batches.push(batch);
  };
  let waiting = 0;
  let waited = 0;
  for (const change of changes) {
    packer.add(change);
    waited = Math.max(waited, ++waiting);
    if (!packer.ready) continue;
    take();
    waiting -= (batches.at(-1) as Batch).changes.length;
  }
  while (!packer.empty) take();
  const sent = batches.flatMap((batch) => batch.changes.map(({ key }) => key));
  expect(sent.toSorted()).toEqual(changes.map(({ key }) => key).sort());
  return { batches, waited };
}

const user = (i: number, size: number): Change => ({
  ...profileChange('users', 'upsert', `u${i}`, ''),
  item: 'x'.repeat(size),
});

/** Memberships of groups of these sizes, group by group. */
const groups = (sizes: readonly number[], name = 'group') =>
  sizes.flatMap((size, g) =>
    Array.from({ length: size }, (_, i) => membershipChange('upsert', `${name} ${g}`, `E${i + 100_000}`)),
  );

describe('requests of users', () => {
  it('hold every user once, within the limits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 300 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 130, max: 900 }),
        fc.integer({ min: 1, max: 40 }),
        (sizes, maxItems, maxBytes, lookahead) => {
          pack(
            USERS,
            sizes.map((size, i) => user(i, size)),
            { limits: { maxItems, maxBytes }, lookahead },
          );
        },
      ),
    );
  });

  for (const [mix, sizeOf] of Object.entries(MIXES)) {
    it(`are as few as the bound allows, and one more at most: ${mix}`, () => {
      const random = rng(3);
      const changes = sizesOf(sizeOf, 1, 0.01)
        .map((size, i) => ({ change: user(i, size), place: random() }))
        .sort((a, b) => a.place - b.place)
        .map(({ change }) => change);
      const bound = boundOf(changes.map(({ item }) => item.length));
      expect(pack(USERS, changes).batches.length).toBeLessThanOrEqual(bound + 1);
    });
  }

  it('keep the order of arrival where only the number of items limits them', () => {
    const changes = Array.from({ length: 1500 }, (_, i) => user(i, 100 + (i % 50)));
    const { batches } = pack(USERS, changes);
    expect(batches.flatMap((batch) => batch.changes.map(({ key }) => key))).toEqual(
      changes.map(({ key }) => key),
    );
  });

  it('are chosen from the look-ahead, and from no more', () => {
    const changes = Array.from({ length: 5000 }, (_, i) => user(i, 300));
    expect(pack(USERS, changes, { lookahead: 1000 }).waited).toBe(1001);
    expect(pack(USERS, changes, { lookahead: 10 }).waited).toBe(401);
  });

  it('wait in a bounded number of bytes, however large the records', () => {
    const changes = Array.from({ length: 400 }, (_, i) => user(i, 100_500));
    expect(pack(USERS, changes).waited).toBeLessThanOrEqual(65);
  });

  it('of one record that fills a request are sent alone', () => {
    const full = 200_000 - makeBatch('users', 'upsert', [user(0, 0)]).bytes;
    const { batches } = pack(USERS, [user(1, full), user(2, 10), user(3, full)]);
    expect(batches.map(({ items }) => items).sort()).toEqual([1, 1, 1]);
  });
});

describe('requests of memberships', () => {
  it('hold every membership once, within the limits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(9), awkwardText(30)), { maxLength: 300 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 600, max: 1500 }),
        fc.integer({ min: 1, max: 40 }),
        (pairs, maxItems, maxBytes, lookahead) => {
          const changes = pairs.map(([group, text], i) =>
            membershipChange('upsert', `g${group} ${text.slice(0, 9)}`, `${i} ${text}`),
          );
          pack(MEMBERSHIPS, changes, { limits: { maxItems, maxBytes }, lookahead });
        },
      ),
    );
  });

  it('gather the members of a group that do not stand together', () => {
    const scattered = Array.from({ length: 6000 }, (_, i) =>
      membershipChange('upsert', `g${i % 150}`, `m${i}`),
    );
    expect(pack(MEMBERSHIPS, scattered).batches.map(({ items }) => items)).toEqual([150]);
  });

  it('count entries of one group as the one that they become', () => {
    // Each entry may take a sixteenth of a request: eight members of two groups are more entries than a request has.
    const changes = ['g', 'h'].flatMap((group) =>
      Array.from({ length: 8 }, (_, i) => membershipChange('upsert', group, `${i} ${'x'.repeat(60)}`)),
    );
    expect(pack(MEMBERSHIPS, changes, { limits: { maxItems: 2, maxBytes: 1500 } }).batches).toHaveLength(1);
  });

  it('keep small groups whole, 200 to a request', () => {
    const { batches } = pack(MEMBERSHIPS, groups(Array<number>(450).fill(5)));
    expect(batches.map(({ items, changes }) => [items, changes.length])).toEqual([
      [200, 1000],
      [200, 1000],
      [50, 250],
    ]);
  });

  it('fill their bytes with a large group', () => {
    const { batches } = pack(MEMBERSHIPS, groups([60_000]));
    for (const { bytes, items } of batches.slice(0, -1)) {
      // A request is filled by whole pieces of 256 members.
      expect(bytes).toBeGreaterThan(200_000 * 0.97);
      expect(items).toBe(1);
    }
  });

  it('never wait with more than a few hundred kilobytes', () => {
    expect(pack(MEMBERSHIPS, groups([100_000])).waited).toBeLessThan(50_000);
  });

  it('count bytes to the last: a request that is exactly full is one, and one byte less makes two', () => {
    const changes = groups(Array.from({ length: 60 }, (_, g) => 1 + (g % 3)));
    const { bytes } = makeBatch('memberships', 'upsert', changes);
    const requests = (maxBytes: number) =>
      pack(MEMBERSHIPS, changes, { limits: { maxItems: 200, maxBytes } }).batches.length;
    expect(requests(bytes)).toBe(1);
    expect(requests(bytes - 1)).toBe(2);
  });
});
