import { expect, it } from 'vitest';
import type { Case } from '../../bench/case.js';
import { lostCases, targetTable } from '../../bench/pages/results-page.js';
import { resultOf } from '../../bench/runner/results.js';
import { median } from '../../bench/runner/stats.js';
import { verdictOf } from '../../bench/runner/table.js';

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
  const measured = (sessions: number) => ({ ...result.peer, measures: { sessions } });
  const packed = { ...result, rollcall: measured(18), peer: measured(17) };
  expect(verdictOf({ noMore: 'sessions' }, packed)).toBe('missed: sessions 18 of 17');
  const latest = [{ bench, result, circumstances: {} as never }];
  expect(lostCases(latest)).toEqual(['`a-case` at 10: 2 x peer']);
  expect(targetTable(latest)).toContain('missed: wall 2 of 1.5');
});
