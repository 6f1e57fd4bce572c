import { describe, expect, it } from 'vitest';
import type { SyncEvent } from '../../src/events/events.js';
import { SessionLog } from '../../src/report/session-log.js';
import { TopCounts } from '../../src/report/top-counts.js';

/** A log of events, each with the second it came at. */
function logOf(...events: readonly (readonly [number, SyncEvent])[]): SessionLog {
  const log = new SessionLog();
  for (const [at, event] of events) log.observe(event, at * 1000);
  return log;
}

const wait = (
  reason: 'session-cooldown' | 'import' | 'rate-limit' | 'back-off',
  until: number,
  sessionId?: string,
): SyncEvent => ({ type: 'wait:start', reason, until: new Date(until * 1000), sessionId });
const created = (number: number): SyncEvent => ({
  type: 'session:created',
  sessionId: `s${number}`,
  number,
  requests: 1,
});

describe('the log of sessions and waits', () => {
  it('a wait between sessions ends with the next session, and is due at the latest when it was to end', () => {
    const early = logOf([0, wait('session-cooldown', 300)], [140, created(1)]);
    expect(early.waits).toEqual([{ reason: 'session-cooldown', from: 0, to: 140_000 }]);
    const late = logOf([0, wait('session-cooldown', 300)], [330, created(1)]);
    expect(late.waits).toEqual([{ reason: 'session-cooldown', from: 0, to: 300_000 }]);
  });

  it('a wait that begins anew ends the one before it', () => {
    const log = logOf(
      [0, wait('session-cooldown', 300)],
      [200, wait('session-cooldown', 260)],
      [260, created(1)],
    );
    expect(log.waits.map(({ from, to }) => [from, to])).toEqual([
      [0, 200_000],
      [200_000, 260_000],
    ]);
    expect(log.waited.get('session-cooldown')).toEqual({ count: 2, ms: 260_000 });
  });

  it('a wait for an import ends with its session, and with no other', () => {
    const log = logOf(
      [0, created(1)],
      [1, wait('import', 3600, 's1')],
      [2, { type: 'session:completed', sessionId: 's0', changes: 9 }],
      [5, { type: 'session:completed', sessionId: 's1', changes: 3 }],
    );
    expect(log.waits).toEqual([{ reason: 'import', sessionId: 's1', from: 1000, to: 5000 }]);
    expect(log.sessions).toMatchObject([
      { sessionId: 's1', outcome: 'completed', changes: 3, endedAt: 5000 },
    ]);
  });

  it('waits of requests end when they are due, or with the run', () => {
    const log = logOf([0, wait('rate-limit', 10)], [20, wait('back-off', 25)], [21, wait('rate-limit', 60)]);
    log.close(30_000);
    expect(log.waits).toEqual([
      { reason: 'rate-limit', from: 0, to: 10_000 },
      { reason: 'back-off', from: 20_000, to: 25_000 },
      { reason: 'rate-limit', from: 21_000, to: 30_000 },
    ]);
  });

  it('a session without effect is completed, although it was cancelled', () => {
    const log = logOf(
      [0, created(1)],
      [3, { type: 'session:cancelled', sessionId: 's1' }],
      [4, { type: 'session:completed', sessionId: 's1', changes: 2 }],
    );
    expect(log.sessions).toMatchObject([{ outcome: 'completed', changes: 2 }]);
  });

  it('keeps ten thousand sessions and waits one by one, and counts the rest', () => {
    const log = new SessionLog();
    for (let i = 1; i <= 12_000; i++) {
      log.observe(wait('session-cooldown', i), i * 1000 - 500);
      log.observe(created(i), i * 1000);
    }
    expect(log.sessions).toHaveLength(10_000);
    expect(log.waits).toHaveLength(10_000);
    expect(log.waited.get('session-cooldown')).toEqual({ count: 12_000, ms: 6_000_000 });
  });
});

describe('counts by name', () => {
  it('gives the most frequent, and how many are left', () => {
    const counts = new TopCounts<string>();
    for (const name of ['a', 'b', 'b', 'c', 'c', 'c']) counts.add(name, () => name.toUpperCase());
    expect(counts.top(2)).toEqual([
      { what: 'C', count: 3 },
      { what: 'B', count: 2 },
    ]);
    expect(counts.rest(2)).toBe(1);
  });

  it('counts names that come too late together', () => {
    const counts = new TopCounts<number>();
    for (let i = 0; i < 5000; i++) counts.add(`n${i}`, () => i);
    counts.add('n3', () => 3);
    expect(counts.top(1)).toEqual([{ what: 3, count: 2 }]);
    expect(counts.others).toBe(4000);
    expect(counts.rest(1)).toBe(4999);
  });
});
