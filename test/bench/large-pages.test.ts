import { expect, it } from 'vitest';
import type { Life } from '../../bench/large/life.js';
import { largeLines, memoryCurve, type KeptLargeResult } from '../../bench/large/table.js';
import { memoryPlot } from '../../bench/pages/memory-plot.js';
import { largeTable, largeText } from '../../bench/pages/results-page.js';

function life(sessions: number, killed: boolean): Life {
  return {
    killed,
    planMs: 2000,
    wallMs: 9000,
    planPeakMb: 150,
    peakMb: killed ? undefined : 180,
    atStart: undefined,
    commits: Array.from({ length: sessions }, (_, i) => ({
      sessionId: `s${i}`,
      changes: 100,
      memory: { rss: 200 + i, own: 100 + i, heap: 50 },
      peak: { rss: 210 + i, own: 110 + i, heap: 60 },
    })),
    settled: killed ? [] : [{ sessionId: 's9', outcome: 'dropped' }],
    confirmed: killed ? undefined : sessions * 100,
    bulkRequests: sessions * 2,
  };
}

const kept: KeptLargeResult = {
  circumstances: {
    date: '2026-01-02T03:04:05.000Z',
    command: 'npm run bench:large',
    cpu: 'a cpu',
    cores: 2,
    memoryGb: 8,
    system: 'linux',
    node: 'v20',
    load: 0,
    commit: 'abcdef0',
    build: 'b',
  },
  result: {
    size: 9100,
    seed: 1,
    requestsPerSession: 2,
    kills: [{ session: 41, request: 1, moment: 'applied' }],
    lives: [life(40, true), life(50, false), life(0, false)],
    completed: 90,
    cancelled: 1,
    sentAgain: 100,
    virtualHours: 7.5,
    faults: [],
  },
};

it('the curve of a life begins with its first session and ends with its last', () => {
  const curve = memoryCurve(life(40, true));
  expect(curve).toHaveLength(10);
  expect([curve[0]?.sessions, curve.at(-1)?.sessions]).toEqual([1, 40]);
  expect(curve.at(-1)).toEqual({ sessions: 40, rss: 239, own: 139, peakOwn: 149 });
  expect(memoryCurve(life(3, true)).map(({ sessions }) => sessions)).toEqual([1, 2, 3]);
  expect(memoryCurve(life(0, false))).toEqual([]);
});

it('a large first load is told in words, with what is wrong', () => {
  expect(largeText(kept)).toContain('9,100 users from a CSV file, 90 sessions, 7.5 hours of virtual time');
  expect(largeText(kept)).toContain('in session 41, at request 1 (after Okta acted on it, with no answer)');
  expect(largeText(kept)).toContain('- life 2: 50 sessions, settled dropped, 100 loads');
  expect(largeTable(kept).split('\n')).toHaveLength(2 + 10 + 10);
  expect(largeLines(kept)).toContain('everything is as it must be');
  const faulty = { ...kept, result: { ...kept.result, faults: ['1 people are not at Okta'] } };
  expect(largeLines(faulty)).toContain('FAULT: 1 people are not at Okta');
});

it('the plot has a line for each life and kind of memory, and marks the kill', () => {
  const plot = memoryPlot(kept);
  expect(plot.match(/<polyline/g)).toHaveLength(4);
  expect(plot.match(/stroke-dasharray/g)).toHaveLength(1);
  expect(plot).toContain('MB after each of 90 sessions');
});
