import type { Break } from '../break.js';

const UPLOAD = 'test/upload/upload.test.ts';
const LOST =
  'a load whose answer was lost (resetAfter) cancels the session and is replayed in a new one; nothing is listed twice';

/** "No entity is listed twice in a session, lost answers and restarts included." */
export const once: readonly Break[] = [
  {
    what: 'a load whose answer was lost is sent again',
    file: 'src/okta/exchange.ts',
    find: "return operation.method === 'GET' && isLostAnswer(error) && !redirect;",
    replace: 'return isLostAnswer(error) && !redirect;',
    test: [UPLOAD, LOST],
  },
  {
    what: 'a load whose answer was lost counts as refused, and is split',
    file: 'src/upload/lifecycle.ts',
    find: "if (isTransient(error)) return { kind: 'lost',",
    replace:
      "if (isTransient(error)) return { kind: 'refused', errorCode: undefined } as never; if (error === this) return { kind: 'lost',",
    test: [UPLOAD, LOST],
  },
  {
    what: 'a session is replayed while it is open',
    file: 'src/upload/send-sessions.ts',
    find: 'await session.cancel();\n      if (accepted',
    replace: 'if (accepted',
    test: [UPLOAD, LOST],
  },
  {
    what: 'a cancel whose answer was lost ends the run',
    file: 'src/upload/cancel-session.ts',
    find: 'if (!isTransient(error) && !isRefused(error)) throw error;',
    replace: 'throw error;',
    test: [
      UPLOAD,
      'a lost answer of a cancel (errorBefore) is settled by asking, before anything is replayed',
    ],
  },
  {
    what: 'nobody asks whether a cancelled session is closed',
    file: 'src/upload/cancel-session.ts',
    find: "session.status === 'CLOSED' || session.status === 'EXPIRED'",
    replace: "session.status !== 'TRIGGERED'",
    test: [
      UPLOAD,
      'a lost answer of a cancel (errorBefore) is settled by asking, before anything is replayed',
    ],
  },
  {
    what: 'a session is replayed as large as it was',
    file: 'src/upload/replays.ts',
    find: 'if (batches.length < 2) return',
    replace: 'if (batches.length < 100) return',
    test: [UPLOAD, 'a session whose load was lost is replayed in halves'],
  },
  {
    what: 'a session is replayed without end',
    file: 'src/upload/replays.ts',
    find: 'const MOST_IN_A_ROW = 10;',
    replace: 'const MOST_IN_A_ROW = 15;',
    test: [
      UPLOAD,
      'a load that is lost again and again is an honest failure after ten sessions, and the next run goes on',
    ],
  },
  {
    what: 'a key that comes twice in the source is sent twice',
    file: 'src/state/memory/memory-reading.ts',
    find: 'if (compared.has(key)) return Seen.DUPLICATE;',
    replace: '',
    test: ['test/diff/diff.test.ts', 'a key that comes twice is rejected the second time, or ends the run'],
  },
];
