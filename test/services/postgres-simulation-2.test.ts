import { expect, it } from 'vitest';
import { runRange } from '../simulation/soak-worker.js';
import { describeWith, postgres } from './available.js';

const service = await postgres();

// The second half, beside postgres-simulation.test.ts.
describeWith(service, 'the simulation with its states in PostgreSQL', () => {
  it('whatever goes wrong, Okta comes to hold the source and the state is never ahead: seeds 41 to 80', async () => {
    const { failures, seeds } = await runRange({ first: 41, last: 80, store: 'postgres' });
    expect(failures.map(({ message }) => message)).toEqual([]);
    expect(seeds).toBe(40);
  }, 600_000);
});
