import type { Break } from '../break.js';

const DEATHS = 'test/simulation/simulation.test.ts';
const ANY_DEATH = 'at any one of all the interactions of a run loses nothing';
const PROPERTIES = 'test/properties/convergence.test.ts';
const SETTLE = 'test/upload/settle-journal.test.ts';

/** "A process that dies at any instant loses nothing: the next run settles what was in flight." */
export const crash: readonly Break[] = [
  {
    what: 'a load is journaled after it was sent',
    file: 'src/upload/lifecycle.ts',
    find: 'const load = await this.#journaled(state.journal.loading(this.#journalId, batch.changes.map(pendingRow)));\n    try {\n      await send(okta, this.sessionId, batch, callOptions(options));',
    replace:
      'let load = 0;\n    try {\n      await send(okta, this.sessionId, batch, callOptions(options));\n      load = await this.#journaled(state.journal.loading(this.#journalId, batch.changes.map(pendingRow)));',
    test: ['test/upload/lifecycle.test.ts', 'is in the journal before it is sent, and acknowledged after'],
  },
  {
    what: 'a session is journaled after it was created',
    file: 'src/upload/create-session.ts',
    find: `const journalId = await state.journal.creating(from, [...seen]);
  let session: Session;
  try {
    // Sent only once, because the session is recognised by the time of the attempt.
    session = await okta.createSession({ ...callOptions(options), patienceMs: 0 });`,
    replace: `let journalId = 0;
  let session: Session;
  try {
    session = await okta.createSession({ ...callOptions(options), patienceMs: 0 });
    journalId = await state.journal.creating(from, [...seen]);`,
    test: [DEATHS, ANY_DEATH],
  },
  {
    what: "a session's id is not journaled",
    file: 'src/upload/create-session.ts',
    find: 'await state.journal.created(journalId, session.id);\n  return',
    replace: 'return',
    test: [
      PROPERTIES,
      'a process that dies at any write of its state, with whatever goes wrong besides, loses nothing',
    ],
  },
  {
    what: 'a session whose loads are not all acknowledged is imported and committed',
    file: 'src/upload/settle-journal.ts',
    find: "return journaled.phase === 'triggering'",
    replace: 'return journaled.acknowledged < journaled.loads',
    test: [SETTLE, 'is cancelled where a load was not acknowledged, and sent again'],
  },
  {
    what: 'what a dead process had loaded is imported, whatever the source says today',
    file: 'src/upload/settle-journal.ts',
    find: "return journaled.phase === 'triggering'",
    replace: "return journaled.phase !== 'cancelling'",
    test: [SETTLE, 'deactivates nobody who is back in the source of today'],
  },
  {
    what: 'a session that is still imported counts as lost',
    file: 'src/upload/settle-journal.ts',
    find: 'const status = await context.own.imports.untilEnd(end);',
    replace: "const status = options.pollTimeoutMs > 0 ? 'left' : await context.own.imports.untilEnd(end);",
    test: [SETTLE, 'is waited for while it is imported'],
  },
  {
    what: 'a write is not waited for until it is on the disk',
    file: 'src/state/lmdb/open-state.ts',
    find: 'overlappingSync: false,',
    replace: 'overlappingSync: true,',
    test: [
      'test/state/lmdb/durable.test.ts',
      'is done only after it is on the disk, for every kind of write',
    ],
  },
  {
    what: 'half of an import passes for a whole state',
    file: 'src/state/checks.ts',
    find: 'if (importMark === IMPORT_UNFINISHED)',
    replace: 'if (importMark === undefined && IMPORT_UNFINISHED === undefined)',
    test: ['test/state/export-import.test.ts', 'an interrupted import is recognised, and can be repeated'],
  },
  {
    what: 'a row is believed that is not what was written',
    file: 'src/state/lmdb/row-codec.ts',
    find: 'if (value.length >= DIGEST_AT && checkSum(key, value, KIND_AT) === checkSumOf(value)) {',
    replace: 'if (value.length >= DIGEST_AT) {',
    test: ['test/state/lmdb/faults.test.ts', 'a damaged row is found by every kind of read'],
  },
];
