import type { Break } from '../break.js';

const RATE = 'test/okta/rate-limit.test.ts';
const EXHAUSTED = 'nothing is sent into a window that Okta said is exhausted, whatever the clocks say';

/** "Nothing is sent into an exhausted window; waits are computed from the server's `Date`." */
export const rate: readonly Break[] = [
  {
    what: 'an exhausted window is not waited out',
    file: 'src/okta/rate-limit/rate-window.ts',
    find: 'if (this.#remaining <= kept) return true;',
    replace: '',
    test: [RATE, EXHAUSTED],
  },
  {
    what: 'a window is asked before a request is queued, and not when it is sent',
    file: 'src/okta/rate-limit/rate-window.ts',
    find: 'if (this.waitMs(urgency) > 0 || this.isUnknown(urgency)) return false;',
    replace: 'if (this.isUnknown(urgency)) return false;',
    test: [RATE, EXHAUSTED],
  },
  {
    what: "waits are computed from this machine's clock",
    file: 'src/okta/rate-limit/rate-window.ts',
    find: 'for (const now of [date, this.#clock.now()]) {',
    replace: 'for (const now of [this.#clock.now()]) {',
    test: [
      'test/okta/rate-window.test.ts',
      'that is exhausted opens a second after its reset, measured by the two times of the server alone',
    ],
  },
  {
    what: 'a clock that is set forward opens a window',
    file: 'src/okta/rate-limit/rate-window.ts',
    find: 'return this.#clock.elapsed?.() ?? this.#clock.now();',
    replace: 'return this.#clock.now();',
    test: ['test/okta/clock-set.test.ts', 'forward sends nothing into a window that is still closed'],
  },
  {
    what: 'many calls at once are sent before the first tells of the window',
    file: 'src/okta/rate-limit/rate-window.ts',
    find: 'this.#used + kept >= this.#quota(this.#limit)',
    replace: 'this.#used + kept - this.#underWay >= this.#quota(this.#limit)',
    test: [RATE, 'others are left their share of every window after the first, however many calls wait'],
  },
  {
    what: 'others are left nothing of a window',
    file: 'src/okta/rate-limit/rate-window.ts',
    find: 'Math.floor(limit * share)',
    replace: 'limit',
    test: [RATE, 'others are left their share of every window'],
  },
];
