import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backOffMs } from '../../src/okta/rate-limit/back-off.js';

describe('the back-off', () => {
  it('doubles from half a second to half a minute', () => {
    const longest = Array.from({ length: 9 }, (_, i) => backOffMs(i + 1, () => 1));
    expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('is drawn from the whole of that, in whole milliseconds, and is never under a twentieth of a second', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, drawn) => {
          const ms = backOffMs(attempt, () => drawn);
          const most = backOffMs(attempt, () => 1);
          expect(ms).toBe(Math.max(50, Math.round(most * drawn)));
        },
      ),
    );
  });
});
