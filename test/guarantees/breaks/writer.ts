import type { Break } from '../break.js';

const WRITER = 'test/state/lmdb/one-writer.test.ts';
const OPENING = 'test/state/lmdb/open-state.test.ts';
const CERTAINTY = 'test/upload/certainty.test.ts';
const UPLOAD = 'test/upload/upload.test.ts';
const FOREIGN = 'a session that is not ours is not touched unless asked';

/** "One writer per state; a session that is not ours is never touched unless asked." */
export const writer: readonly Break[] = [
  {
    what: 'a writer whose place was taken goes on',
    file: 'src/state/lmdb/writer-place.ts',
    find: "if (this.#head.get('generation') === this.generation) return;",
    replace: "if (this.#head.get('generation') !== undefined) return;",
    test: [
      'test/state/lmdb/writer-place.test.ts',
      'once taken by another is lost: nothing more is written, and the close leaves the new holder alone',
    ],
  },
  {
    what: 'a second opener takes the place of a living holder',
    file: 'src/state/lmdb/holder.ts',
    find: "if (sighting === 'alive') throw busy(found);",
    replace: "if (sighting === 'alive') return found;",
    test: [
      WRITER,
      'a second process gets pid, host and start of the first, and can open the state after that is killed',
    ],
  },
  {
    what: 'one process opens a state twice, by two paths',
    file: 'src/state/lmdb/open-states.ts',
    find: 'const id = `${dev}:${ino}`;',
    replace: 'const id = `${dev}:${ino}:${path}`;',
    test: [OPENING, 'whatever path leads to it'],
  },
  {
    what: 'a holder on another host is not given its minute',
    file: 'src/state/lmdb/holder.ts',
    find: 'export const LEASE_MS = 60_000;',
    replace: 'export const LEASE_MS = 30_000;',
    test: [WRITER, 'a holder on another host has a minute to give a sign of life'],
  },
  {
    what: 'a process that was given the pid of a dead holder passes for it',
    file: 'src/state/lmdb/holder.ts',
    find: "return holder.processStart === start ? 'alive' : 'dead';",
    replace: "return 'alive';",
    test: [WRITER, 'a pid that was given to another process since is not taken for the holder'],
  },
  {
    what: 'a holder elsewhere that has the pid of this process passes for it',
    file: 'src/state/lmdb/holder.ts',
    find: "if (holder.host !== hostname() || holder.pids !== pidNamespace()) return 'unknown';",
    replace: "if (holder.host !== hostname() && holder.pids !== pidNamespace()) return 'unknown';",
    test: [WRITER, 'a holder elsewhere with the pid of this process is not taken for this one'],
  },
  {
    what: "somebody else's session is cancelled without being asked to",
    file: 'src/upload/upload-options.ts',
    find: "options.foreignSession ?? 'fail'",
    replace: "options.foreignSession ?? 'cancel'",
    test: [UPLOAD, FOREIGN],
  },
  {
    what: "somebody else's session is adopted although it was loaded",
    file: 'src/upload/foreign-sessions.ts',
    find: "if (foreignSession === 'adopt' && session.status === 'CREATED') return session;",
    replace: "if (foreignSession === 'adopt') return session;",
    test: [UPLOAD, 'a foreign session that was loaded is not adopted'],
  },
  {
    what: "somebody else's empty session passes for one that a dead process made",
    file: 'src/upload/own-sessions.ts',
    find: 'created <= to + LATE_MS',
    replace: 'created <= to + 24 * 60 * LATE_MS',
    test: [
      'test/upload/open-session.test.ts',
      'touches none that was made long after it: the error names it and its age, and that it may be ours',
    ],
  },
  {
    what: "a creation that was refused makes somebody else's session ours",
    file: 'src/upload/create-session.ts',
    find: "// Certainly no session was created.\n    await state.journal.settle(journalId, 'dropped');",
    replace: '',
    test: [CERTAINTY, "does not make another's session ours, when it was refused for want of a token"],
  },
  {
    what: "somebody else's session that was loaded is taken for the one whose creation got no answer",
    file: 'src/upload/own-sessions.ts',
    find: "if (session.status !== 'CREATED' || created === undefined) return undefined;",
    replace: 'if (created === undefined) return undefined;',
    test: [
      CERTAINTY,
      "is not another's that was made in the meantime: the error names it, and it is not touched",
    ],
  },
  {
    what: 'an attempt takes the session of a later one for its own',
    file: 'src/upload/settle-journal.ts',
    find: '[...open.filter(isNamed), ...open.filter((one) => !isNamed(one))]',
    replace: 'open',
    test: [
      'test/upload/settle-journal.test.ts',
      'is not taken for that of an earlier attempt, which stays in the journal, if its id is known',
    ],
  },
];
