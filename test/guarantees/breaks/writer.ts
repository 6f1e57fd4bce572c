import type { Break } from '../break.js';

const WRITER = 'test/state/lmdb/one-writer.test.ts';
const UPLOAD = 'test/upload/upload.test.ts';
const FOREIGN = 'a session that is not ours is not touched unless asked';

/** "One writer per state; a session that is not ours is never touched unless asked." */
export const writer: readonly Break[] = [
  {
    what: 'a writer whose place was taken goes on',
    file: 'src/state/lmdb/lmdb-state.ts',
    find: "if (table.get('generation') !== this.#generation) {",
    replace: "if (table.get('generation') === undefined) {",
    test: [
      'test/state/lmdb/writer.test.ts',
      'whose place was taken cannot write, and its close leaves the new one alone',
    ],
  },
  {
    what: 'a second opener takes the place of a living holder',
    file: 'src/state/lmdb/lmdb.ts',
    find: 'return isAlive(holder, clock);',
    replace: 'return isAlive({ ...holder, pid: 0x7fffffff }, clock);',
    test: ['test/state/lmdb/lmdb.test.ts', 'a second opener is told who holds the state'],
  },
  {
    what: 'a holder on another host is not given its minute',
    file: 'src/state/lmdb/lock.ts',
    find: 'export const LEASE_MS = 60_000;',
    replace: 'export const LEASE_MS = 30_000;',
    test: [WRITER, 'a holder on another host is alive for a minute after its last sign of life'],
  },
  {
    what: 'a process that was given the pid of a dead holder passes for it',
    file: 'src/state/lmdb/lock.ts',
    find: 'return processStart(holder.pid) === holder.processStart;',
    replace: 'return true;',
    test: [WRITER, 'a pid that was given to another process since is not taken for the holder'],
  },
  {
    what: 'a holder elsewhere that has the pid of this process passes for it',
    file: 'src/state/lmdb/lock.ts',
    find: 'return holder.host === hostname() && holder.pids === pidNamespace();',
    replace: 'return holder.pid === process.pid || holder.host === hostname();',
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
