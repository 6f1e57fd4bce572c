import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyFrame, makeBatch } from '../../src/batch-body.js';
import type { Change } from '../../src/model.js';
import { MembershipPacker } from '../../src/operators/membership-packer.js';
import { membershipChange } from '../support/changes.js';

const FRAME = bodyFrame('memberships', 'upsert').join('').length;

function pack(changes: readonly Change[], { items = 200, maxBytes = 200_000, lookahead = 1000 } = {}) {
  const packer = new MembershipPacker({ items, bytes: maxBytes - FRAME }, lookahead);
  const requests: (readonly Change[])[] = [];
  let waited = 0;
  let size = 0;
  for (const change of changes) {
    packer.add(change);
    waited = Math.max(waited, ++size);
    expect(packer.size).toBe(size);
    if (packer.ready) size -= requests[requests.push(packer.take()) - 1]?.length ?? 0;
  }
  while (packer.size > 0) {
    const request = packer.take();
    size -= request.length;
    expect(request.length).toBeGreaterThan(0);
    expect(packer.size).toBe(size);
    requests.push(request);
  }
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
