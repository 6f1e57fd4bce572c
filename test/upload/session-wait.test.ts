import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LearnedWait } from '../../src/state/learned-wait.js';
import { SessionWait } from '../../src/upload/session-wait.js';
import { runs } from '../support/runs.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const LATENCY = 200;
const NOTHING: LearnedWait = { sessions: 0 };

/** When a service allows the next session. */
interface Rule {
  /** Milliseconds after a trigger; Infinity where only the end of the import counts. */
  readonly waitMs: number;
  /** Whether the end of the import ends the wait as well. */
  readonly untilImported: boolean;
}

/** The wait before one session: its refused attempts, and when it was created, in milliseconds after the trigger. */
interface Waited {
  readonly refusedAt: readonly number[];
  readonly createdAt: number;
  /** The first moment at which the service would have created it. */
  readonly allowedAt: number;
}

/** A source whose sessions follow one another; what each wait learns is passed to the next, as by the state. */
function source({ minMs = 0, maxMs = 5 * MINUTE, learned = NOTHING } = {}) {
  let known = learned;
  return {
    learned: () => known,
    next(rule: Rule, importMs: number): Waited {
      let now = 0;
      const clock = { now: () => now, sleep: async () => undefined };
      const wait = new SessionWait({
        clock,
        minMs,
        maxMs,
        learned: known,
        triggeredAgoMs: 0,
        isImporting: true,
      });
      const allowedAt = Math.min(rule.waitMs, rule.untilImported ? importMs : Infinity);
      const refusedAt: number[] = [];
      for (;;) {
        expect(wait.isHopeless).toBe(false);
        const dueAt = now + wait.dueInMs();
        if (wait.isImporting && importMs <= dueAt) {
          now = Math.max(now, importMs);
          wait.imported();
          continue;
        }
        expect(dueAt).toBeLessThan(Infinity);
        now = dueAt;
        wait.attempt();
        const at = now;
        now += LATENCY;
        if (at >= allowedAt) {
          wait.created();
          known = wait.learned;
          return { refusedAt, createdAt: at, allowedAt };
        }
        wait.refused();
        refusedAt.push(at);
      }
    },
  };
}

const until = (untilImported: boolean, waitMs: number): Rule => ({ untilImported, waitMs });
const importMs = fc.integer({ min: 0, max: 20 * MINUTE });
const rule = fc.oneof(
  fc.constant(until(true, Infinity)),
  fc.integer({ min: SECOND, max: 2 * MINUTE }).map((ms) => until(false, ms)),
  fc.integer({ min: SECOND, max: 5 * MINUTE }).map((ms) => until(false, ms)),
  fc.integer({ min: SECOND, max: 5 * MINUTE }).map((ms) => until(true, ms)),
);
const check = <T>(property: fc.IProperty<T>) => fc.assert(property, { numRuns: runs(200) });

describe('the wait for a session, whatever the rule of the service', () => {
  it('tries again at most thirty seconds after a refusal, or when a minute is over, or the import', () => {
    check(
      fc.property(rule, importMs, (one, ms) => {
        const { refusedAt, createdAt, allowedAt } = source().next(one, ms);
        const attempts = [...refusedAt, createdAt];
        for (const [i, at] of attempts.slice(1).entries()) {
          const before = attempts[i] as number;
          expect(at - before <= 30 * SECOND || at === MINUTE || at === ms).toBe(true);
        }
        expect(createdAt - allowedAt).toBeLessThanOrEqual(allowedAt < MINUTE ? MINUTE : 30 * SECOND);
      }),
    );
  });

  it('has at most one refusal a session once it has learned, while imports take alike', () => {
    check(
      fc.property(rule, importMs, (one, ms) => {
        const org = source();
        org.next(one, ms);
        for (let n = 0; n < 50; n++) expect(org.next(one, ms).refusedAt.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('creates sessions no more than one per cent and a second late after ten of them', () => {
    check(
      fc.property(rule, importMs, (one, ms) => {
        const org = source();
        for (let n = 0; n < 10; n++) org.next(one, ms);
        for (let n = 0; n < 30; n++) {
          const { createdAt, allowedAt } = org.next(one, ms);
          expect(createdAt - allowedAt).toBeLessThanOrEqual(0.011 * createdAt + SECOND);
        }
      }),
    );
  });

  it('tries what was refused once in twenty sessions, and not more often', () => {
    check(
      fc.property(rule, importMs, (one, ms) => {
        const org = source();
        for (let n = 0; n < 20; n++) org.next(one, ms);
        let refusals = 0;
        for (let n = 0; n < 100; n++) refusals += org.next(one, ms).refusedAt.length;
        // Where the import is tried again, the search may begin anew, which takes some sessions.
        expect(refusals).toBeLessThanOrEqual(20);
      }),
    );
  });

  it('creates a session within half a minute of the first possible moment, however long imports take', () => {
    check(
      fc.property(rule, fc.array(importMs, { minLength: 2, maxLength: 30 }), (one, all) => {
        const org = source();
        for (const ms of all) {
          const { createdAt, allowedAt, refusedAt } = org.next(one, ms);
          expect(createdAt - allowedAt).toBeLessThanOrEqual(MINUTE);
          expect(refusedAt.length).toBeLessThanOrEqual(14);
        }
      }),
    );
  });

  it('learns another rule, and creates sessions at most one per cent and a second late after eighty of them', () => {
    check(
      fc.property(rule, rule, importMs, (before, after, ms) => {
        const org = source();
        for (let n = 0; n < 15; n++) org.next(before, ms);
        for (let n = 0; n < 80; n++) org.next(after, ms);
        const { createdAt, allowedAt } = org.next(after, ms);
        expect(createdAt - allowedAt).toBeLessThanOrEqual(0.011 * createdAt + SECOND);
      }),
    );
  });

  it('never tries before the shortest wait, and first tries after the longest at the latest', () => {
    check(
      fc.property(
        rule,
        importMs,
        fc.integer({ min: 0, max: 2 * MINUTE }),
        fc.integer({ min: 2 * MINUTE, max: 5 * MINUTE }),
        (one, ms, minMs, maxMs) => {
          const org = source({ minMs, maxMs });
          const [first] = [org.next(one, ms)].map(({ refusedAt, createdAt }) => refusedAt[0] ?? createdAt);
          expect(first).toBeLessThanOrEqual(maxMs);
          for (let n = 0; n < 25; n++) {
            const { refusedAt, createdAt } = org.next(one, ms);
            for (const at of [...refusedAt, createdAt]) expect(at).toBeGreaterThanOrEqual(minMs);
          }
        },
      ),
    );
  });
});

describe('the wait for a session', () => {
  it('is the end of the import, a minute, and short steps, while nothing is learned', () => {
    expect(source().next(until(false, 5 * MINUTE), 20 * SECOND).refusedAt).toEqual(
      [20, 60, 62, 66, 74, 90, 120, 150, 180, 210, 240, 270].map((s) => s * SECOND),
    );
    expect(source().next(until(false, MINUTE), 10 * MINUTE)).toMatchObject({
      refusedAt: [],
      createdAt: MINUTE,
    });
    expect(source().next(until(true, Infinity), SECOND)).toMatchObject({ refusedAt: [], createdAt: SECOND });
  });

  it('of five minutes is exactly that from the second session on', () => {
    const org = source();
    org.next(until(false, 5 * MINUTE), 4 * MINUTE);
    expect(org.next(until(false, 5 * MINUTE), 4 * MINUTE).createdAt).toBe(5 * MINUTE);
  });

  it('is not one that was learned from a trigger of somebody else, or of long ago', () => {
    let now = 0;
    const clock = { now: () => now, sleep: async () => undefined };
    for (const triggeredAgoMs of [undefined, 10 * MINUTE]) {
      const begin = { clock, minMs: MINUTE, maxMs: 5 * MINUTE, learned: NOTHING, isImporting: false };
      const wait = new SessionWait({ ...begin, triggeredAgoMs });
      const pauses: number[] = [];
      for (let n = 0; n < 7; n++) {
        pauses.push(wait.dueInMs());
        now += wait.dueInMs();
        wait.attempt();
        wait.refused();
      }
      expect(pauses).toEqual([0, 2, 4, 8, 16, 30, 30].map((s) => s * SECOND));
      wait.attempt();
      wait.created();
      expect(wait.learned).toEqual(NOTHING);
    }
  });

  it('is a whole number of milliseconds, so that a clock that cannot sleep for less gets on', () => {
    let now = 0.4;
    const clock = { now: () => now, sleep: async () => undefined };
    const learned = { createdMs: 1000.1, sessions: 1 };
    const begin = { clock, minMs: 0, maxMs: MINUTE, learned, triggeredAgoMs: 0, isImporting: false };
    const wait = new SessionWait({ ...begin, learned: { ...learned, afterImport: false, refusedMs: 1000 } });
    expect(wait.dueInMs()).toBe(1001);
    now += 1000;
    expect(wait.dueInMs()).toBe(1);
    now += 1;
    expect(wait.dueInMs()).toBe(0);
  });

  it('is hopeless after eight refusals, if they go on for longer than the longest wait', () => {
    let now = 0;
    const clock = { now: () => now, sleep: async () => undefined };
    const wait = new SessionWait({
      clock,
      minMs: 0,
      maxMs: 5 * MINUTE,
      learned: NOTHING,
      triggeredAgoMs: undefined,
      isImporting: false,
    });
    while (!wait.isHopeless) {
      now += wait.dueInMs();
      wait.attempt();
      wait.refused();
    }
    expect(now).toBe(330_000);
  });

  it('counts an attempt that took long, because of a rate limit, from its end', () => {
    let now = 0;
    const clock = { now: () => now, sleep: async () => undefined };
    const begin = { clock, minMs: 0, maxMs: 5 * MINUTE, learned: NOTHING, isImporting: true };
    for (const [took, learned] of [
      [1999, MINUTE],
      [2000, MINUTE + 2000],
    ] as const) {
      const wait = new SessionWait({ ...begin, triggeredAgoMs: 0 });
      now += wait.dueInMs();
      wait.attempt();
      now += took;
      wait.created();
      expect(wait.learned.createdMs).toBe(learned);
    }
  });
});
