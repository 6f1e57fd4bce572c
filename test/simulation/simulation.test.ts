import { describe, expect, it } from 'vitest';
import { Company } from './company.js';
import { Draws } from './draws.js';
import { REGRESSIONS } from './regressions.js';
import { scenarioOf, type Scenario } from './scenario.js';
import { CALM, NO_FEED, simulate, simulateScenario } from './simulate.js';

describe('the simulation', () => {
  it.each([3, 5, 17, 80, 332])('of seed %i has the same trace each time', async (seed) => {
    const lines: string[] = [];
    const first = await simulate(seed, { onLine: (line) => lines.push(line) });
    const again: string[] = [];
    const second = await simulate(seed, { onLine: (line) => again.push(line) });
    expect(again).toEqual(lines);
    expect(second).toEqual(first);
    expect(lines.length).toBeGreaterThan(50);
  });

  it('of two seeds has two traces', async () => {
    expect((await simulate(3)).trace).not.toBe((await simulate(4)).trace);
  });

  it.each(REGRESSIONS)('of seed $seed, which once found that $found', async ({ seed }) => {
    expect((await simulate(seed)).runs).toBeGreaterThan(2);
  });
});

describe('a process that dies', () => {
  it('at any one of all the interactions of a run loses nothing', async () => {
    let deaths = 0;
    for (let diesAt = 1; ; diesAt++) {
      const { counts } = await simulateScenario(dyingAt(diesAt));
      if (Object.keys(counts).length === 0) break;
      deaths++;
    }
    // Every request, write of the journal, read of the source and wait is one of them.
    expect(deaths).toBeGreaterThan(100);
  }, 300_000);
});

/** Two days of a company without faults; the process that brings the second over dies at this interaction. */
function dyingAt(diesAt: number): Scenario {
  const company = new Company(new Draws(7, 1), 0);
  company.nextDay();
  const first = company.directory();
  do company.nextDay();
  while (JSON.stringify(company.directory()) === JSON.stringify(first));
  const second = company.directory();
  return {
    ...scenarioOf(7),
    store: 'memory',
    skewMs: 0,
    rates: {},
    days: [
      { source: first, feed: NO_FEED, refused: [], poison: new Map(), runs: [CALM] },
      { source: second, feed: NO_FEED, refused: [], poison: new Map(), runs: [{ ...CALM, diesAt }] },
    ],
    last: second,
  };
}
