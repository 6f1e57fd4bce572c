import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImportTimes, type PollLimits } from '../../src/upload/import-times.js';
import { runs } from '../support/runs.js';

const UNLIMITED: PollLimits = { intervalMs: 2000, perWindow: undefined };
/** 15 requests a minute, half of them ours, and four of those for other calls. */
const PREVIEW: PollLimits = { intervalMs: 2000, perWindow: 3 };

/** Polls one import after another, and returns the polls of each, in milliseconds since it began. */
function polling(limits: PollLimits, isWaiting = true) {
  const times = new ImportTimes();
  if (isWaiting) void times.untilEnd(new Promise(() => undefined));
  return (importMs: number): number[] => {
    const polls: number[] = [];
    let afterMs = 0;
    for (let ms = times.firstMs(0, limits); ; ms += times.nextMs(ms, limits)) {
      polls.push(ms);
      if (ms >= importMs) {
        times.ended({ afterMs, byMs: ms });
        return polls;
      }
      afterMs = ms;
    }
  };
}

const lateMs = (polls: readonly number[], importMs: number) => (polls.at(-1) ?? Infinity) - importMs;

describe('the times of polls', () => {
  it('are two seconds apart while somebody waits for the first import, and no limit is known', () => {
    expect(polling(UNLIMITED)(7000)).toEqual([0, 2000, 4000, 6000, 8000]);
  });

  it('are up to five times as far apart while nobody waits', () => {
    const polls = polling(UNLIMITED, false)(60_000);
    expect(polls.slice(0, 4)).toEqual([0, 2000, 4000, 6000]);
    expect((polls.at(-1) ?? 0) - (polls.at(-2) ?? 0)).toBe(10_000);
  });

  it('come closer when somebody begins to wait', async () => {
    const times = new ImportTimes();
    expect(times.nextMs(60_000, UNLIMITED)).toBe(10_000);
    let end = () => {};
    const waiting = times.untilEnd(new Promise<void>((resolve) => (end = resolve)));
    expect(times.nextMs(60_000, UNLIMITED)).toBe(2000);
    end();
    await waiting;
    expect(times.nextMs(60_000, UNLIMITED)).toBe(10_000);
  });

  it('of the first import use at most half of a small window, once it has taken a while', () => {
    const polls = polling(PREVIEW)(600_000);
    const last = polls.slice(-4);
    expect(last.slice(1).map((ms, i) => ms - (last[i] ?? 0))).toEqual([40_000, 40_000, 40_000]);
  });

  it('find the end of imports that take equally long within 1 %, with no more polls than a small window allows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20_000, max: 600_000 }),
        fc.integer({ min: 1, max: 300 }),
        (importMs, perWindow) => {
          const poll = polling({ intervalMs: 2000, perWindow });
          for (let session = 0; session < 12; session++) poll(importMs);
          const polls = poll(importMs);
          expect(lateMs(polls, importMs)).toBeLessThanOrEqual(2000 + importMs * 0.01);
          const windows = 1 + importMs / 60_000;
          expect(polls.length).toBeLessThanOrEqual(Math.max(2, perWindow) * windows);
        },
      ),
      { numRuns: runs(300), examples: [[333_058, 1]] },
    );
  });

  it('follow imports that become longer or shorter', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 5000, max: 600_000 }),
        fc.integer({ min: 5000, max: 600_000 }),
        (before, now) => {
          const poll = polling(UNLIMITED);
          for (let session = 0; session < 6; session++) poll(before);
          // One long step, and the shortest one, where the last import's end was expected in between.
          expect(lateMs(poll(now), now)).toBeLessThanOrEqual(12_000);
          for (let session = 0; session < 10; session++) poll(now);
          expect(lateMs(poll(now), now)).toBeLessThanOrEqual(2000 + now * 0.01);
        },
      ),
      { numRuns: runs(300), examples: [[222_001, 210_251]] },
    );
  });

  it('never follow each other sooner than the option says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 8 }),
        fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
        fc.boolean(),
        (imports, perWindow, isWaiting) => {
          const poll = polling({ intervalMs: 2000, perWindow }, isWaiting);
          for (const importMs of imports) {
            const polls = poll(importMs);
            for (let i = 1; i < polls.length; i++)
              expect((polls[i] ?? 0) - (polls[i - 1] ?? 0)).toBeGreaterThanOrEqual(2000);
          }
        },
      ),
      { numRuns: runs(300) },
    );
  });
});
