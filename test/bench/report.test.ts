import { expect, it } from 'vitest';
import type { Case } from '../../bench/case.js';
import { lostCases, targetTable } from '../../bench/pages/results-page.js';
import { resultOf } from '../../bench/runner/results.js';
import { median } from '../../bench/runner/stats.js';
import { CASES, casesNamed, GROUPS } from '../../bench/cases.js';
import { isBusy, machineLoad } from '../../bench/runner/machine.js';
import { resultLines, targetLines, verdictOf } from '../../bench/runner/table.js';

const side = (name: string) => ({ name, load: async () => async () => ({ counts: {} }) });
const bench: Case = {
  name: 'a-case',
  title: 'a case',
  size: 10,
  target: { wall: 1.5, memory: 0.5 },
  rollcall: side('rollcall'),
  peer: side('peer'),
};
const run = (wallMs: number, peakMb: number) => ({ wallMs, cpuMs: wallMs, peakMb, measures: {} });

it('the median of an even count is between the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
});

it('the ratio is that of pairs, and its median is held to the target', () => {
  const runs = {
    size: 10,
    counts: { rollcall: { records: 10 }, peer: {} },
    sameFinds: true,
    // Each pair ran on a machine that was as slow for both: 2, 3 and 1 times the peer.
    rollcall: [run(200, 60), run(3000, 60), run(10, 60)],
    peer: [run(100, 100), run(1000, 100), run(10, 100)],
  };
  const result = resultOf(bench, runs);
  expect(result.ratio).toEqual({ median: 2, min: 1, max: 3 });
  expect(verdictOf(bench.target, result)).toBe('missed: wall 2 of 1.5, memory 0.6 of 0.5');
  expect(verdictOf({ wall: 2, memory: 0.6 }, result)).toBe('met');
  expect(targetLines([bench, { ...bench, name: 'other' }], [result])).toBe(
    'a-case: missed: wall 2 of 1.5, memory 0.6 of 0.5\nother: not measured',
  );
  const load = { average: 1.5, others: 0.25 };
  const text = resultLines(bench, resultOf(bench, runs, load));
  expect(text).toContain('before it: load average 1.5, others use 25 % of the cores');
  expect(text).toContain('missed: wall 2 of 1.5');
  const measured = (sessions: number) => ({ ...result.peer, measures: { sessions } });
  const packed = { ...result, rollcall: measured(18), peer: measured(17) };
  expect(verdictOf({ noMore: 'sessions' }, packed)).toBe('missed: sessions 18 of 17');
  const latest = [{ bench, result, circumstances: {} as never }];
  expect(lostCases(latest)).toEqual(['`a-case` at 10: 2 x peer']);
  expect(targetTable(latest)).toContain('missed: wall 2 of 1.5');
});

it('a group stands for its cases: targets for every case that has one', () => {
  const targets = casesNamed('targets');
  expect(new Set(targets)).toEqual(new Set(CASES.filter(({ target }) => target !== undefined)));
  expect(new Set(targets).size).toBe(targets.length);
  expect(casesNamed('csv-1pct').map(({ name }) => name)).toEqual(['csv-1pct']);
  const names = new Set(CASES.map(({ name }) => name));
  for (const [group, cases] of Object.entries(GROUPS)) {
    expect(names.has(group) && cases.length > 1).toBe(false);
    expect(cases.length).toBeGreaterThan(0);
  }
  expect(() => casesNamed('nothing')).toThrow('no case is named nothing');
});

it('the machine is watched before a case, and a busy one is told', async () => {
  const load = await machineLoad();
  expect(load.others).toBeGreaterThanOrEqual(0);
  expect(load.others).toBeLessThanOrEqual(1);
  expect([isBusy({ average: 9, others: 0.02 }), isBusy({ average: 0, others: 0.3 })]).toEqual([false, true]);
});
