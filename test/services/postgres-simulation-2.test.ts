import { expect, it } from 'vitest';
import { runRange } from '../simulation/soak-worker.js';
import { describeWith, postgres } from './available.js';

const service = await postgres();

// The second half, beside postgres-simulation.test.ts.
describeWith(service, 'the simulation with its states in PostgreSQL', () => {
  it('whatever goes wrong, Okta comes to hold the source and the state is never ahead: seeds 21 to 40', async () => {
    const { failures, seeds } = await runRange({ first: 21, last: 40, store: 'postgres' });
    expect(failures.map(({ message }) => message)).toEqual([]);
    expect(seeds).toBe(20);
  }, 600_000);
});
