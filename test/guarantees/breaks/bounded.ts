import type { Break } from '../break.js';

const BATCHING = 'test/properties/batching.test.ts';
const UPLOAD = 'test/session/upload.test.ts';
const AHEAD = 'nothing is read ahead of what the look-ahead needs';

/** "Memory does not grow with the directory ...; operators are pulled, and read no further ahead than they must." */
export const bounded: readonly Break[] = [
  {
    what: 'batches are made of more than the look-ahead',
    file: 'src/operators/batch.ts',
    find: 'new ProfilePacker(capacity, lookahead)',
    replace: 'new ProfilePacker(capacity, lookahead * 20)',
    test: [BATCHING, AHEAD],
  },
  {
    what: 'a source is read further ahead than a chunk',
    file: 'src/flow.ts',
    find: 'if (chunk.length === CHUNK_SIZE) {',
    replace: 'if (chunk.length === CHUNK_SIZE * 4) {',
    test: [BATCHING, AHEAD],
  },
  {
    what: 'a plan stays in memory however large it is',
    file: 'src/state/outbox.ts',
    find: 'const MEMORY_BYTES = 4 * 1024 * 1024;',
    replace: 'const MEMORY_BYTES = 4 * 1024 * 1024 * 1024;',
    test: [
      'test/state/lmdb.test.ts',
      'a plan that outgrows memory is on disk unreadable, and comes back whole',
    ],
  },
  {
    what: 'all rejections are kept',
    file: 'src/run-context.ts',
    find: 'const KEPT_REJECTIONS = 1000;',
    replace: 'const KEPT_REJECTIONS = 1_000_000;',
    test: [
      'test/operators/validate.test.ts',
      'however many are rejected, all are counted and told, and some are kept for the report',
    ],
  },
  {
    what: 'an abort waits for Okta as long as any request',
    file: 'src/session/cancel.ts',
    find: 'const ABORT_CANCEL_MS = 4000;',
    replace: 'const ABORT_CANCEL_MS = 40_000;',
    test: [
      UPLOAD,
      'an aborted run whose session cannot be cancelled ends within five seconds, and the next cancels it',
    ],
  },
  {
    what: 'an abort does not end a wait',
    file: 'src/session/poll.ts',
    find: 'await clock.sleep(ms, signal);',
    replace: 'await clock.sleep(ms);',
    test: [UPLOAD, 'an aborted run does not wait for an import, and the next settles it'],
  },
  {
    what: 'an abort leaves the session of a load under way open',
    file: 'src/session/lifecycle.ts',
    find: "if (this.#mode !== 'loading' && this.#mode !== 'cancelling') return;",
    replace: "if (this.#mode !== 'loading') return;",
    test: [UPLOAD, 'a run aborted while a load is under way cancels its open session too'],
  },
];
