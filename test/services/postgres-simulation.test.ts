import { expect, it } from 'vitest';
import { runRange } from '../simulation/soak-worker.js';
import { describeWith, postgres } from './available.js';

const service = await postgres();

// In two files, so that they run side by side.
describeWith(service, 'the simulation with its states in PostgreSQL', () => {
  it('whatever goes wrong, Okta comes to hold the source and the state is never ahead: seeds 1 to 20', async () => {
    const { failures, seeds } = await runRange({ first: 1, last: 20, store: 'postgres' });
    expect(failures.map(({ message }) => message)).toEqual([]);
    expect(seeds).toBe(20);
  }, 600_000);
});
