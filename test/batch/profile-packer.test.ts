import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pack } from '../support/pack.js';
import { boundOf, MIXES, rng, sizesOf } from '../support/sizes.js';

describe('the packer of users and groups', () => {
  for (const [mix, sizeOf] of Object.entries(MIXES)) {
    it(`fills requests but for 0.2 % of them, where it is told what is to come: ${mix}`, () => {
      for (const seed of [1, 2, 3]) {
        const sizes = sizesOf(sizeOf, seed, 0.002);
        expect(pack(sizes).requests.length, `seed ${seed}`).toBe(boundOf(sizes));
        expect(pack(sizes, { told: false }).requests.length, `seed ${seed}`).toBeLessThanOrEqual(
          boundOf(sizes) + 1,
        );
      }
    });
  }

  // Of 786 requests. A change that packs better may lower them; one that packs worse is seen here.
  it.each([
    [1000, true, 4],
    [1000, false, 7],
    [200, true, 26],
    [200, false, 28],
    [50, true, 39],
  ])(
    'seeing %i entries, told of the rest: %s, takes no more than %i requests too many in all',
    (lookahead, told, most) => {
      let over = 0;
      for (const sizeOf of Object.values(MIXES)) {
        for (const seed of [1, 2, 3]) {
          const sizes = sizesOf(sizeOf, seed, 0.0005);
          over += pack(sizes, { lookahead, told }).requests.length - boundOf(sizes);
        }
      }
      expect(over).toBeLessThanOrEqual(most);
    },
  );

  it('keeps the order of arrival where entries are small', () => {
    const random = rng(1);
    const sizes = Array.from({ length: 1500 }, () => Math.round(100 + 400 * random()));
    expect(pack(sizes).sent).toEqual(sizes.map((_, i) => `u${i}`));
  });

  it('looks at no more than it must: the look-ahead, or what one request takes', () => {
    const sizes = Array.from({ length: 1000 }, () => 3000);
    expect(pack(sizes, { lookahead: 300 }).waited).toBe(301);
    expect(pack(sizes, { lookahead: 10 }).waited).toBe(67);
    const small = Array.from({ length: 1000 }, () => 100);
    expect(pack(small, { lookahead: 10 }).waited).toBe(201);
  });

  it('packs what the limits of a request allow, whatever the sizes and limits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 999 })), {
          maxLength: 200,
        }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 60 }),
        fc.boolean(),
        (sizes, items, lookahead, told) => {
          const capacity = { items, bytes: 1000 };
          const { requests } = pack(sizes, { capacity, lookahead, told });
          expect(requests.length).toBeGreaterThanOrEqual(boundOf(sizes, capacity));
        },
      ),
    );
  });
});
