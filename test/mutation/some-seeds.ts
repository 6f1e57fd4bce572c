import { expect, it } from 'vitest';
import { REGRESSIONS } from '../simulation/regressions.js';
import { runRange } from '../simulation/soak-worker.js';

const seeds = [...REGRESSIONS.map(({ seed }) => seed), ...Array.from({ length: 15 }, (_, i) => i + 1)];

// One seed one test, so that a mutant is done with the first that notices it.
it.each(seeds)('the simulation of seed %i', async (seed) => {
  expect((await runRange({ first: seed, last: seed })).failures.map(({ message }) => message)).toEqual([]);
});
