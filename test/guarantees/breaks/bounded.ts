import type { Break } from '../break.js';

const BATCHING = 'test/properties/batching.test.ts';
const UPLOAD = 'test/upload/upload.test.ts';
const READ_AHEAD = 'test/properties/read-ahead.test.ts';
const STALLED = 'test/properties/stalled-server.test.ts';
const AHEAD = 'nothing is read ahead of what the look-ahead needs';

/** "Memory does not grow with the directory ...; operators are pulled, and read no further ahead than they must." */
export const bounded: readonly Break[] = [
  {
    what: 'batches are made of more than the look-ahead',
    file: 'src/batch/batch.ts',
    find: 'new RequestPacker(lane, { maxItems, maxBytes }, lookahead)',
    replace: 'new RequestPacker(lane, { maxItems, maxBytes }, lookahead * 20)',
    test: [READ_AHEAD, 'batch reads as far ahead as its option allows, and a chunk'],
  },
  {
    what: 'a source is read further ahead than a chunk',
    file: 'src/flow/flow.ts',
    find: 'if (chunk.length === CHUNK_SIZE) {',
    replace: 'if (chunk.length === CHUNK_SIZE * 4) {',
    test: [BATCHING, AHEAD],
  },
  {
    what: 'stages hand on more than a chunk',
    file: 'src/flow/into-chunks.ts',
    find: 'if (chunk.length === CHUNK_SIZE) resolve(undefined);',
    replace: 'if (chunk.length === CHUNK_SIZE * 64) resolve(undefined);',
    test: [READ_AHEAD, 'all of them together read a few chunks ahead'],
  },
  {
    what: 'a file is read by the megabyte',
    file: 'src/sources/input/read-file.ts',
    find: 'export const READ_BYTES = 128 * 1024;',
    replace: 'export const READ_BYTES = 2048 * 1024;',
    test: [READ_AHEAD, 'a file is read no more than a quarter of a megabyte past the record asked for'],
  },
  {
    what: 'the next page is fetched ahead',
    file: 'src/sources/from-pages.ts',
    find: 'const page = await fetchOne(fetchPage, cursor, number, options);',
    replace:
      'const page = await fetchOne(fetchPage, cursor, number, options); if (page.next !== undefined) void fetchOne(fetchPage, page.next as C, number, options);',
    test: [READ_AHEAD, 'no page is fetched before a record of it is asked for'],
  },
  {
    what: 'values of an Observable are gathered without end',
    file: 'src/flow/observable.ts',
    find: 'if (buffer.length >= maxBuffered) {',
    replace: 'if (buffer.length >= maxBuffered * 1000) {',
    test: [
      READ_AHEAD,
      'an Observable has no more values waiting than it may, and is left once there is one more',
    ],
  },
  {
    what: 'more is gathered than a session carries',
    file: 'src/upload/send-sessions.ts',
    find: 'while (batches.length < this.#context.options.requestsPerSession) {',
    replace: 'while (batches.length < this.#context.options.requestsPerSession * 20) {',
    test: [
      STALLED,
      'wherever it stops to answer: what is read ahead of it is a session, the look-ahead and a chunk',
    ],
  },
  {
    what: 'any number of sessions is in flight',
    file: 'src/upload/send-sessions.ts',
    find: 'while (this.#importing.size >= this.#context.options.sessionsInFlight) {',
    replace: 'while (this.#importing.size >= 100) {',
    test: [
      STALLED,
      'where imports never end: as many sessions as may be in flight, and the content of one more',
    ],
  },
  {
    what: 'an abort waits for a source that does not answer',
    file: 'src/transform/watch-reading.ts',
    find: 'for await (const chunk of untilAborted(chunks, signal)) {',
    replace: 'for await (const chunk of chunks) {',
    test: [
      'test/flow/until-aborted.test.ts',
      'ends a run whose source does not answer, within five seconds: a generator',
    ],
  },
  {
    what: 'a plan stays in memory however large it is',
    file: 'src/state/outbox/outbox.ts',
    find: 'const BYTES_IN_MEMORY = 4_000_000;',
    replace: 'const BYTES_IN_MEMORY = 4_000_000_000;',
    test: [
      'test/state/lmdb/lmdb.test.ts',
      'a plan that is too large for memory is on disk, encrypted, and is read back completely',
    ],
  },
  {
    what: 'a group of any size is in one part of the outbox',
    file: 'src/state/outbox/buckets.ts',
    find: 'return ((hash >>> 20) + Math.floor(before / TOGETHER)) % BUCKETS;',
    replace: 'return ((hash >>> 20) + Math.min(0, before)) % BUCKETS;',
    test: ['test/state/outbox/outbox.test.ts', 'spreads one huge group over the whole plan'],
  },
  {
    what: 'large records wait by their number alone',
    file: 'src/batch/request-packer.ts',
    find: 'const MAX_REQUESTS_WAITING = 32;',
    replace: 'const MAX_REQUESTS_WAITING = 32_000;',
    test: [
      'test/batch/request-packer.test.ts',
      'wait in a bounded number of bytes, however large the records',
    ],
  },
  {
    what: 'all rejections are kept',
    file: 'src/flow/run-context.ts',
    find: 'const KEPT_REJECTIONS = 1000;',
    replace: 'const KEPT_REJECTIONS = 1_000_000;',
    test: [
      'test/validate/validate.test.ts',
      'all rejected records are counted and reported, and a limited number is stored for the report',
    ],
  },
  {
    what: 'an abort waits for Okta as long as any request',
    file: 'src/upload/cancel-session.ts',
    find: 'const ABORT_CANCEL_MS = 4000;',
    replace: 'const ABORT_CANCEL_MS = 40_000;',
    test: [
      UPLOAD,
      'an aborted run whose session cannot be cancelled ends within five seconds, and the next cancels it',
    ],
  },
  {
    what: 'an abort does not end a wait',
    file: 'src/upload/poll-session.ts',
    find: 'await sleepUnless(clock, ms, woken, signal);',
    replace: 'await sleepUnless(clock, ms, woken);',
    test: [UPLOAD, 'an aborted run does not wait for an import, and the next settles it'],
  },
  {
    what: 'an abort leaves the session of a load under way open',
    file: 'src/upload/lifecycle.ts',
    find: "if (this.#mode !== 'loading' && this.#mode !== 'cancelling' && !untriggered) return;",
    replace: "if (this.#mode !== 'loading' && !untriggered) return;",
    test: [UPLOAD, 'a run aborted while a load is under way cancels its open session too'],
  },
  {
    what: 'a connection may take as long to be made as a request',
    file: 'src/okta/dispatcher.ts',
    find: 'const tls = { timeout: connectTimeoutMs,',
    replace: 'const tls = { timeout: requestTimeoutMs,',
    test: [
      'test/okta/connect-limit.test.ts',
      'a connection that is not made within the limit for connecting is given up, and nothing was sent',
    ],
  },
];
