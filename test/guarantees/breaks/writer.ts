import type { Break } from '../break.js';

const WRITER = 'test/state/lmdb/one-writer.test.ts';
const OPENING = 'test/state/lmdb/open-state.test.ts';
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
      'a second process is told pid, host and start of the first; once that is killed its place is taken',
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
    file: 'src/upload/open-session.ts',
    find: "if (foreignSession === 'adopt' && foreign.status === 'CREATED') return foreign;",
    replace: "if (foreignSession === 'adopt') return foreign;",
    test: [UPLOAD, 'a foreign session that was loaded is not adopted'],
  },
  {
    what: "somebody else's empty session passes for one that a dead process made",
    file: 'src/upload/settle-journal.ts',
    find: "session.status === 'CREATED' && madeIn(session, journaled.startedAt)",
    replace: "session.status === 'CREATED' || madeIn(session, journaled.startedAt)",
    test: [
      'test/upload/settle-journal.test.ts',
      'is cancelled where nobody heard of its creation, and a session of others is not',
    ],
  },
];
