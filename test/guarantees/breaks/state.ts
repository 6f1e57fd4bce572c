import type { Break } from '../break.js';

const UPLOAD = 'test/upload/upload.test.ts';
const SETTLE = 'test/upload/settle-journal.test.ts';
const REFUSALS = 'test/upload/refusals.test.ts';

/** "Every committed fingerprint belongs to a session that Okta reported COMPLETED." */
export const state: readonly Break[] = [
  {
    what: 'a session that ended in ERROR is committed',
    file: 'src/upload/lifecycle.ts',
    find: "const completed = status === 'COMPLETED';",
    replace: "const completed = status !== 'gone';",
    test: [UPLOAD, 'state is committed for what Okta reported COMPLETED, and for nothing else'],
  },
  {
    what: 'a session of an earlier run is committed however it ended',
    file: 'src/upload/settle-journal.ts',
    find: "if (status === 'COMPLETED' && allAcknowledged) return 'completed';",
    replace: "if (allAcknowledged) return 'completed';",
    test: [
      SETTLE,
      'is unknown when it ended EXPIRED: it is sent again, or deleted where it has left the source',
    ],
  },
  {
    what: 'a trigger without an answer counts as none, when its session is not known any more',
    file: 'src/upload/trigger-session.ts',
    find: "return lost ? 'unknown' : 'gone';",
    replace: "return 'gone';",
    test: [
      'test/upload/lifecycle.test.ts',
      'whose answer was lost leaves the rows unknown when the session is not known for a minute',
    ],
  },
  {
    what: 'rows are committed when they are loaded',
    file: 'src/state/memory/memory-journal.ts',
    find: "loaded: (id) => update('loaded', id, (session) => ({ acknowledged: session.acknowledged + 1 })),",
    replace:
      "loaded: (id) => update('loaded', id, (session) => { const rows = session.pending.at(-1)?.rows ?? []; apply(read(), rowsAfter(rows, 'completed'), endedBySession(rows, 'completed')); return { acknowledged: session.acknowledged + 1 }; }),",
    test: [UPLOAD, 'an aborted run cancels its open session within five seconds, and the next goes on'],
  },
  {
    what: 'what Okta refused is committed with the rest',
    file: 'src/upload/lifecycle.ts',
    find: 'await this.#journaled(this.#context.state.journal.refused(this.#journalId, load));',
    replace: '',
    test: [UPLOAD, 'a record that Okta refuses is singled out and reported, and the rest goes on'],
  },
  {
    what: 'a refused membership counts as a confirmed creation',
    file: 'src/upload/send-sessions.ts',
    find: 'this.#unconfirmed.remove(new PackedBatch(batch));',
    replace:
      'this.#unconfirmed.remove({ creates: batch.changes.filter(({ created }) => created).length, users: 0 });',
    test: [REFUSALS, 'of the memberships does not let others go before the users that they name'],
  },
  {
    what: 'memberships go before the session that creates their users has completed',
    file: 'src/upload/send-sessions.ts',
    find: 'if (this.#unconfirmed.delays(batch) || this.#replays.delays(batch, creating())) break;',
    replace: '',
    test: [
      UPLOAD,
      'a membership is sent only after the session that creates its user or group has COMPLETED',
    ],
  },
  {
    what: 'a membership of a refused user is sent',
    file: 'src/upload/load-session.ts',
    find: 'const batch = this.#parts.refused.without(packed.unpack());',
    replace: 'const batch = packed.unpack();',
    test: [REFUSALS, 'of the users takes their memberships along, also in a mixed session'],
  },
  {
    what: 'a membership is sent while the load that creates its user is in flight',
    file: 'src/upload/load-session.ts',
    find: "return next?.entity === 'memberships' && next.kind === 'upsert' && this.#creating.size > 0;",
    replace: "return next?.entity === 'memberships' && next.kind === 'upsert' && this.#creating.size > 100;",
    test: [
      'test/upload/load-session.test.ts',
      'memberships are sent after the loads that create their users',
    ],
  },
  {
    what: 'a write that failed leaves half of it to those that share its transaction',
    file: 'src/state/lmdb/write-queue.ts',
    find: 'void this.#root.childTransaction(() => {\n        value = change();\n      });',
    replace: 'value = change();',
    test: [
      'test/state/lmdb/write-queue.test.ts',
      'keeps nothing of a change that throws, and all of those beside it',
    ],
  },
  {
    what: 'a cache of digests is believed after the rows were changed',
    file: 'src/state/lmdb/digest-cache.ts',
    find: 'if (!found.equals(header)) throw unusable();\n    return header;',
    replace: 'return found;',
    test: ['test/state/lmdb/digest-cache.test.ts', 'of older rows is not used'],
  },
  {
    what: 'a directory is adopted while the outcome of a session is open',
    file: 'src/sync/adopt.ts',
    find: 'if ((await state.journal.open()).length > 0)',
    replace: 'if ((await state.journal.open()).length < 0)',
    test: [
      'test/sync/safeguards.test.ts',
      'is refused while a session is in flight, whose outcome would contradict it',
    ],
  },
  {
    what: 'a cancelled session that Okta does not know any more counts as dropped',
    file: 'src/cli/commands/cancel.ts',
    find: "outcome === 'closed' ? 'dropped' : 'unknown'",
    replace: "'dropped'",
    test: [
      'test/cli/status.test.ts',
      'leaves the rows unknown of a session that Okta does not know any more after the request',
    ],
  },
];
