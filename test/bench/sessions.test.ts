import { describe, expect, it } from 'vitest';
import { boundMs, predict } from '../../bench/sessions/model.js';
import { resultOf } from '../../bench/sessions/result.js';
import { USUAL, type Scenario } from '../../bench/sessions/scenario.js';
import { simulate } from '../../bench/sessions/simulate.js';

const base: Scenario = { ...USUAL, name: 'test', upserts: 21_000, importMs: 60_000 };

describe('the model of sessions', () => {
  for (const [what, changes] of [
    ['as usual', {}],
    ['with removals', { deletes: 500 }],
    ['with imports longer than the wait', { importMs: 360_000 }],
    ['one session at a time', { importMs: 360_000, sessionsInFlight: 1 }],
    ['a wait of a minute', { cooldownMs: 60_000 }],
    ['one load at a time', { loadsAtOnce: 1 }],
    ['without a wait after COMPLETED', { cooldownApplies: 'while-active' }],
  ] as const)
    it(`agrees with the simulation within 3 %: ${what}`, async () => {
      const scenario = { ...base, ...changes };
      const { simulated, predicted } = await resultOf(scenario, Infinity, simulate);
      expect(simulated?.sessions).toBe(predicted?.sessions);
      expect(simulated?.requests).toBe(predicted?.requests);
      expect((simulated?.wallMs ?? 0) / (predicted?.wallMs ?? 0)).toBeGreaterThan(0.97);
      expect((simulated?.wallMs ?? 0) / (predicted?.wallMs ?? 0)).toBeLessThan(1.03);
    });

  it('the simulation tells the waits as they were seen on the wire, and not those of an earlier run', async () => {
    const rule = { cooldownMs: 60_000, importMs: 20_000, deletes: 100, learnedBy: 12_000 };
    const { waits, sessions } = await simulate({ ...base, ...rule, upserts: 10_500 });
    expect(sessions).toBe(2);
    expect(waits?.ms).toHaveLength(1);
    expect(waits?.ms[0]).toBeGreaterThanOrEqual(60_000);
    expect(waits?.ms[0]).toBeLessThan(61_000);
  });

  it('expects more sessions the more answers are lost', () => {
    const sessions = [0, 0.001, 0.01].map((lostAnswers) => predict({ ...base, lostAnswers }).sessions);
    expect(sessions[0]).toBe(3);
    expect(sessions).toEqual(sessions.toSorted((a, b) => a - b));
  });

  it('several loads at once save answers and nothing else', () => {
    const [one, four] = [1, 4].map((loadsAtOnce) => predict({ ...base, upserts: 20_000, loadsAtOnce }));
    expect({ ...four, wallMs: 0 }).toEqual({ ...one, wallMs: 0 });
    // Two sessions of 50 loads: 50 answers each, or 13.
    expect((one?.wallMs ?? 0) - (four?.wallMs ?? 0)).toBe(2 * (50 - 13) * base.latencyMs);
  });

  it('the bound is the wait between sessions that the rule requires', () => {
    expect(boundMs(100, base)).toBe(99 * 300_000);
    expect(boundMs(100, { ...base, cooldownMs: 60_000 })).toBe(99 * 60_000);
    expect(boundMs(100, { ...base, cooldownMs: Infinity, cooldownApplies: 'while-active' })).toBe(
      99 * base.importMs,
    );
    expect(boundMs(0, base)).toBe(0);
  });
});
