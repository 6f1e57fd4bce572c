import fc from 'fast-check';
import { expect, it } from 'vitest';
import { spread } from '../../../src/state/outbox/spread.js';

it('visits every element once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3000 }), (count) => {
      const all = Array.from({ length: count }, (_, i) => i);
      expect(spread(all).sort((a, b) => a - b)).toEqual(all);
    }),
  );
});

it('draws any few neighbours from everywhere: their mean is near that of the whole', () => {
  for (let count = 200; count < 3000; count += 7) {
    const order = spread(Array.from({ length: count }, (_, i) => i / count));
    for (let at = 0; at + 50 <= count; at += 50) {
      const mean = order.slice(at, at + 50).reduce((sum, share) => sum + share, 0) / 50;
      expect(Math.abs(mean - 0.5), `${count} elements, from ${at} on`).toBeLessThan(0.05);
    }
  }
});
