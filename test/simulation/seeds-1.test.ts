import { expect, it } from 'vitest';
import { runRange } from './soak-worker.js';

// In four files, so that they run side by side.
it('whatever goes wrong, Okta comes to hold the source and the state is never ahead: seeds 1 to 500', async () => {
  const { failures, seeds } = await runRange({ first: 1, last: 500 });
  expect(failures.map(({ message }) => message)).toEqual([]);
  expect(seeds).toBe(500);
}, 600_000);
