import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageMap } from '../../../src/state/lmdb/page-map.js';

describe('where pages are', () => {
  it('is what was said last of each, and their bytes are those of all', () => {
    const anyPlace = fc.record({
      number: fc.nat(300),
      file: fc.nat(65_535),
      offset: fc.integer({ min: 0, max: 2 ** 40 }),
      size: fc.integer({ min: 1, max: 2 ** 31 }),
    });
    fc.assert(
      fc.property(fc.array(anyPlace), (places) => {
        const map = new PageMap();
        const plain = new Map(places.map((place) => [place.number, place]));
        for (const { number, file, offset, size } of places) map.set(number, file, offset, size);
        for (let number = 0; number < 310; number++) {
          const place = plain.get(number);
          expect(map.size(number)).toBe(place?.size ?? 0);
          if (place !== undefined)
            expect([map.file(number), map.offset(number)]).toEqual([place.file, place.offset]);
        }
        expect(map.bytes).toBe([...plain.values()].reduce((sum, { size }) => sum + size, 0));
      }),
    );
  });

  it.each([63, 64, 65, 96, 97, 1000])('is kept while it grows to page %i', (last) => {
    const map = new PageMap();
    for (let number = 0; number <= last; number++) map.set(number, number % 7, number * 10, number + 1);
    for (let number = 0; number <= last; number++)
      expect([map.file(number), map.offset(number), map.size(number)]).toEqual([
        number % 7,
        number * 10,
        number + 1,
      ]);
    expect(map.size(last + 1)).toBe(0);
  });

  it('a run is of pages that follow each other in one file, as many as are asked for', () => {
    const map = new PageMap();
    // 0 to 3 stand one after the other; 4 is elsewhere, 5 in another file, 6 is missing, 7 follows 5.
    for (const [number, file, offset, size] of [
      [0, 0, 100, 10],
      [1, 0, 110, 20],
      [2, 0, 130, 30],
      [3, 0, 160, 40],
      [4, 0, 201, 5],
      [5, 1, 206, 5],
      [7, 1, 211, 5],
    ] as const)
      map.set(number, file, offset, size);
    expect(map.run(0, 8, 1000)).toBe(4);
    expect(map.run(1, 8, 1000)).toBe(3);
    expect(map.run(0, 2, 1000)).toBe(2);
    expect(map.run(0, 1, 1000)).toBe(1);
    expect(map.run(0, 8, 60)).toBe(3);
    expect(map.run(0, 8, 59)).toBe(2);
    expect(map.run(0, 8, 1)).toBe(1);
    expect(map.run(3, 8, 1000)).toBe(1);
    expect(map.run(4, 8, 1000)).toBe(1);
    expect(map.run(5, 8, 1000)).toBe(1);
  });
});
