import type { Break } from '../break.js';

/** "Every record read is sent, unchanged, or rejected with a reason; the counts in the report add up." */
export const conservation: readonly Break[] = [
  {
    what: 'the last requests are not made',
    file: 'src/operators/batch.ts',
    find: 'yield* this.#flushBelow(LANES.length);',
    replace: 'yield* this.#flushBelow(LANES.length - 1);',
    test: [
      'test/properties/batching.test.ts',
      'every change is in exactly one request, whatever the order and sizes',
    ],
  },
  {
    what: 'a lane of the plan is not sent',
    file: 'src/operators/guard.ts',
    find: 'for (const lane of LANES) yield*',
    replace: 'for (const lane of LANES.slice(1)) yield*',
    test: ['test/operators/guard.test.ts', 'what passes is what came in, lane by lane'],
  },
  {
    what: 'rejected records are not counted',
    file: 'src/run-context.ts',
    find: 'counts.rejected++;',
    replace: '',
    test: ['test/operators/diff.test.ts', 'every record read is a change, unchanged or rejected'],
  },
  {
    what: 'rejected records are not told',
    file: 'src/run-context.ts',
    find: 'for (const listener of this.#listeners) listener(rejection);',
    replace: '',
    test: ['test/sync.test.ts', 'every rejected record is told, with its reason'],
  },
  {
    what: 'what Okta refused counts as remaining',
    file: 'src/session/tally.ts',
    find: 'this.#known - this.#confirmedCount - this.#refused.length',
    replace: 'this.#known - this.#confirmedCount',
    test: [
      'test/session/upload.test.ts',
      'a record that Okta refuses is singled out and reported, and the rest goes on',
    ],
  },
  {
    what: 'excluded records are not counted',
    file: 'src/operators/diff.ts',
    find: 'note.excluded += chunk.length - kept.length;',
    replace: '',
    test: [
      'test/absence-and-delta.test.ts',
      'what is excluded is neither sent, changed nor deleted, and is deleted when asked for',
    ],
  },
];
