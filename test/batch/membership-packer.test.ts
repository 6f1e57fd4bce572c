import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryBytes } from '../../src/state/outbox/entry-sizes.js';
import { bodyFrame, makeBatch } from '../../src/okta/bulk-body.js';
import type { Change } from '../../src/core/model.js';
import { MembershipPacker } from '../../src/batch/membership-packer.js';
import { membershipChange } from '../support/changes.js';

const FRAME = bodyFrame('memberships', 'upsert').join('').length;

function pack(
  changes: readonly Change[],
  { items = 200, maxBytes = 200_000, lookahead = 1000, measured = false } = {},
) {
  const packer = new MembershipPacker({ items, bytes: maxBytes - FRAME }, lookahead);
  const requests: (readonly Change[])[] = [];
  let waited = 0;
  const waiting = new Map<string, Change>();
  const take = () => {
    const request = packer.take();
    expect(request.length).toBeGreaterThan(0);
    // Each that is sent was waiting, and does so no more.
    for (const { key } of request) expect(waiting.delete(key)).toBe(true);
    expect(packer.size).toBe(waiting.size);
    requests.push(request);
  };
  for (const change of changes) {
    packer.add(change, entryBytes(change));
    waiting.set(change.key, change);
    waited = Math.max(waited, waiting.size);
    expect(packer.size).toBe(waiting.size);
    if (measured) {
      const all = makeBatch('memberships', 'upsert', [...waiting.values()]);
      const fitsInOne = all.items <= items && all.bytes <= maxBytes;
      expect(packer.ready).toBe(waiting.size > lookahead * 60 && !fitsInOne);
    }
    if (packer.ready) take();
  }
  while (packer.size > 0) take();
  expect(waiting.size).toBe(0);
  const batches = requests.map((request) => makeBatch('memberships', 'upsert', request));
  for (const batch of batches) {
    expect(batch.items).toBeLessThanOrEqual(items);
    expect(batch.bytes).toBeLessThanOrEqual(maxBytes);
  }
  return { batches, waited };
}

/** Memberships of groups of these sizes, group by group. */
function groups(
  sizes: readonly number[],
  member = (i: number) => `E${String(i).padStart(6, '0')}`,
): Change[] {
  return sizes.flatMap((size, g) =>
    Array.from({ length: size }, (_, i) => membershipChange('upsert', `group ${g}`, member(i))),
  );
}

const keys = (changes: readonly Change[]) => changes.map(({ key }) => key);

describe('the packer of memberships', () => {
  it('sends every one once, those of a group in order, within the limits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(12), fc.constantFrom('a', 'ä', '汉', '"', 'long '.repeat(9))), {
          maxLength: 300,
        }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 150, max: 900 }),
        fc.integer({ min: 1, max: 3 }),
        (pairs, items, maxBytes, lookahead) => {
          const changes = pairs.map(([group, text], i) =>
            membershipChange('upsert', `g${group}`, `${i}${text}`),
          );
          const { batches } = pack(changes, { items, maxBytes, lookahead });
          const sent = batches.flatMap((batch) => batch.changes);
          expect(keys(sent).sort()).toEqual(keys(changes).sort());
          for (const group of new Set(changes.map((change) => change.group)))
            expect(keys(sent.filter((change) => change.group === group))).toEqual(
              keys(changes.filter((change) => change.group === group)),
            );
        },
      ),
    );
  });

  it('is ready once more waits than it looks at, and than one request holds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(6), { minLength: 50, maxLength: 300, size: 'max' }),
        fc.integer({ min: 2, max: 9 }),
        fc.integer({ min: 300, max: 2500 }),
        (members, items, maxBytes) => {
          const changes = members.map((group, i) => membershipChange('upsert', `g${group}`, `m${i}`));
          pack(changes, { items, maxBytes, lookahead: 1, measured: true });
        },
      ),
      { numRuns: 20 },
    );
    // Also where there are large groups among them, and at the very limits.
    const large = groups([...Array<number>(3).fill(2), 150, 150]);
    const { bytes } = makeBatch('memberships', 'upsert', large);
    for (const maxBytes of [bytes - 1, bytes, bytes + 1])
      for (const items of [4, 5, 6]) pack(large, { items, maxBytes, lookahead: 1, measured: true });
  });

  it('keeps small groups whole, 200 to a request', () => {
    const { batches } = pack(groups(Array<number>(450).fill(5)));
    expect(batches.map(({ items, changes }) => [items, changes.length])).toEqual([
      [200, 1000],
      [200, 1000],
      [50, 250],
    ]);
  });

  it('fills requests with a large group but for less than one member, and goes on with it in the next', () => {
    const { batches } = pack(groups([30_000]), { lookahead: 10 });
    const member = '"E000000",'.length;
    for (const { bytes } of batches.slice(0, -1)) expect(bytes).toBeGreaterThan(200_000 - member);
    expect(batches.every(({ items }) => items === 1)).toBe(true);
  });

  it('fills entries with small groups and bytes with large ones, in as few requests as there can be', () => {
    // Two requests' entries of small groups, and a little less than two requests' bytes in all.
    const changes = groups([...Array<number>(394).fill(3), 12_000, 12_000]);
    const { bytes } = makeBatch('memberships', 'upsert', changes);
    expect(Math.ceil(bytes / 200_000)).toBe(2);
    const { batches } = pack(changes);
    expect(batches).toHaveLength(2);
    // Each has its share of either.
    for (const { items } of batches) expect(items).toBeGreaterThan(150);
  });

  it('gathers the members of a group from as far as it looks, and looks no further', () => {
    const scattered = Array.from({ length: 6000 }, (_, i) =>
      membershipChange('upsert', `g${i % 300}`, `m${i}`),
    );
    expect(pack(scattered).batches).toHaveLength(2);
    expect(pack(scattered, { lookahead: 10 }).waited).toBe(601);
    const few = Array.from({ length: 6000 }, (_, i) => membershipChange('upsert', `g${i % 100}`, `m${i}`));
    // What fits in one request waits for what is to come.
    expect(pack(few, { lookahead: 10 })).toMatchObject({ waited: 6000 });
    expect(pack(few, { lookahead: 10 }).batches).toHaveLength(1);
  });

  it('counts bytes to the last: a request that is exactly full is one, and one byte less makes two', () => {
    const changes = groups([7, 120, 3, 250]);
    const { bytes } = makeBatch('memberships', 'upsert', changes);
    expect(pack(changes, { maxBytes: bytes, lookahead: 1 }).batches).toHaveLength(1);
    expect(pack(changes, { maxBytes: bytes - 1, lookahead: 1 }).batches).toHaveLength(2);
  });
});
