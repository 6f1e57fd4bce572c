import type { Break } from '../break.js';

const CERTAINTY = 'test/upload/certainty.test.ts';
const UPLOAD = 'test/upload/upload.test.ts';
const SETTLE = 'test/upload/settle-journal.test.ts';
const PARENTS = 'test/sync/parents.test.ts';
const PROPERTIES = 'test/properties/convergence.test.ts';

/** "Once faults stop, at most two runs later Okta holds exactly the source's directory." */
export const convergence: readonly Break[] = [
  {
    what: 'an attribute that leaves a record is not cleared',
    file: 'src/core/known-attributes.ts',
    find: 'if (lacking.length === 0) return change;',
    replace: 'if (lacking.length >= 0) return change;',
    test: [
      'test/sync/omission.test.ts',
      'through any days and runs, and Okta has exactly what the source has',
    ],
  },
  {
    what: 'a run does not settle what an earlier one left',
    file: 'src/upload/settle-journal.ts',
    find: 'const open = await state.journal.open();',
    replace: 'const open = (await state.journal.open()).slice(0, 0);',
    test: [UPLOAD, 'a session that outlasts the poll limit is left alone, and settled by the next run'],
  },
  {
    what: 'a session left by an earlier run stays open',
    file: 'src/upload/settle-journal.ts',
    find: 'const result = await cancelAndConfirm(context, journaled.sessionId);',
    replace: "const result: string = 'closed';",
    test: [SETTLE, 'is cancelled where a load was not acknowledged, and sent again'],
  },
  {
    what: 'what is uncertain counts as confirmed',
    file: 'src/state/memory/memory-reading.ts',
    find: "if (held.kind === 'unknown') return Seen.UNKNOWN;",
    replace: "if (held.kind === 'unknown') return Seen.SAME;",
    test: [
      SETTLE,
      'is unknown when it ended ERROR, with nothing applied: it is sent again, or deleted where it has left the source',
    ],
  },
  {
    what: 'what was sent with an unknown end is forgotten',
    file: 'src/upload/lifecycle.ts',
    find: "completed ? 'completed' : 'unknown'",
    replace: "completed ? 'completed' : 'dropped'",
    test: [UPLOAD, 'state is committed for what Okta reported COMPLETED, and for nothing else'],
  },
  {
    what: 'everything is sent again each time',
    file: 'src/state/memory/memory-reading.ts',
    find: '? Seen.SAME',
    replace: '? Seen.CHANGED',
    test: [
      PROPERTIES,
      'after each of some random days Okta holds exactly the source, and no rule was broken',
    ],
  },
  {
    what: 'what a failed session carried is not sent again',
    file: 'src/upload/send-sessions.ts',
    find: "this.#outcomes.batches(content, sessionId, 'unknown');",
    replace: "if (status !== '') return;",
    test: [UPLOAD, 'a session that ends in ERROR is uploaded again in a new one'],
  },
  {
    what: "a session whose creation was not heard of is taken for another's",
    file: 'src/upload/create-session.ts',
    find: 'if (attempt === undefined) continue;',
    replace: 'if (attempt === undefined || session !== undefined) continue;',
    test: [CERTAINTY, 'and that is made 1000 ms later is found, and used'],
  },
  {
    what: 'a session that turns up late is not looked for',
    file: 'src/upload/create-session.ts',
    find: '[0, 1000, 2000, 4000, 8000, 16_000]',
    replace: '[0]',
    test: [
      'test/upload/open-session.test.ts',
      'finds the one that a slow service made a second later (lost)',
    ],
  },
  {
    what: 'one look proves that deletions matched nothing',
    file: 'src/upload/trigger-session.ts',
    find: 'if (empty === 2)',
    replace: 'if (empty === 1)',
    test: [
      'test/upload/settle-table.test.ts',
      'whose trigger had begun, and which is refused while an old look shows it CREATED, and is imported',
    ],
  },
  {
    what: 'requests that never left are given up after some seconds',
    file: 'src/upload/upload-context.ts',
    find: '    patienceMs,\n',
    replace: '    patienceMs: 1000,\n',
    test: [
      CERTAINTY,
      'is waited out for ten minutes, and nothing is cancelled or replayed: load is refused at the connection',
    ],
  },
  {
    what: 'a request that never left cancels its session',
    file: 'src/okta/lost-answer.ts',
    find: 'if (error instanceof OktaNetworkError) return error.sent;',
    replace: 'if (error instanceof OktaNetworkError) return true;',
    test: ['test/upload/lifecycle.test.ts', 'that fails for another reason (unsent) ends the run'],
  },
  {
    what: 'a row that differs counts as unchanged',
    file: 'src/screening/kernel/digested-rows.ts',
    find: 'return (this.#slots[row] as number) >= 0;',
    replace: 'return (this.#slots[row] as number) >= -1;',
    test: ['test/screening/screened-laws.test.ts', 'users have the same result as without screening'],
  },
  {
    what: 'a membership of a user who is removed counts as unchanged, and is not sent once the user is back',
    file: 'src/diff/full-read.ts',
    find: 'const options = { entity, key, digests, changed };',
    replace: 'const options = { entity, key, digests, changed: changed && undefined };',
    test: [
      'test/screening/screened-directory.test.ts',
      'has the same result as without screening, with memberships of new, removed and refused users and groups: CSV',
    ],
  },
  {
    what: 'the memberships of a group that ended stay confirmed in memory',
    file: 'src/state/memory/memory-disk.ts',
    find: 'if (ended.users.size + ended.groups.size === 0) return;',
    replace: 'if (ended.users.size + ended.groups.size >= 0) return;',
    test: [PARENTS, 'gets the memberships of the source again on return, and loses those that are not in it'],
  },
  {
    what: 'the memberships of a group that ended stay confirmed on disk',
    file: 'src/state/lmdb/ended-memberships.ts',
    find: 'prefixes.push(...own);',
    replace: '',
    test: [
      'test/state/lmdb/lmdb-state.test.ts',
      'the end of a group is the end of its memberships, and of no others',
    ],
  },
  {
    what: 'a membership of a user or group that is created counts as unchanged',
    file: 'src/diff/membership-checks.ts',
    find: 'if (codes[i] === Seen.SAME) codes[i] = Seen.UNKNOWN;',
    replace: 'if (codes[i] === Seen.NEW) codes[i] = Seen.UNKNOWN;',
    test: [
      'test/diff/diff-reading.test.ts',
      'sends every membership of a user or group that is created, whatever the baseline says: full',
    ],
  },
  {
    what: 'a membership of a user or group that is created is only counted, where records are compared at once',
    file: 'src/diff/compare-at-once.ts',
    find: 'again.size === 0',
    replace: 'again.size >= 0',
    test: [
      'test/diff/compare-at-once.test.ts',
      'are the memberships of a user who is created too, although they are unchanged',
    ],
  },
  {
    what: 'a group is deleted although deletions of its memberships are held back',
    file: 'src/diff/full-read.ts',
    find: 'keys.forEach(onKept);',
    replace: '',
    test: [PARENTS, 'stays with them: one membership row has no id'],
  },
  {
    what: 'a group is deleted with a member who is protected',
    file: 'src/diff/removals.ts',
    find: "if (verdict === 'waiting' || verdict === 'protected') onSpared(key);",
    replace: "if (verdict === 'waiting') onSpared(key);",
    test: [PARENTS, 'stays with a protected member, and loses the others'],
  },
  {
    what: 'of two records with one login both are sent',
    file: 'src/diff/login-claims.ts',
    find: 'if (!keepsLogin && !this.#claim(difference, login)) continue;',
    replace: 'if (!keepsLogin) this.#claimed.add(login, difference.place);',
    test: [
      'test/diff/login-claims.test.ts',
      'are the first and a rejected one, in upper or lower case, in memory',
    ],
  },
  {
    what: 'a login is free although another user may have it',
    file: 'src/diff/login-claims.ts',
    find: 'if (!mayHave) return others[0];',
    replace: 'if (!mayHave && others.length === holders.length) return others[0];',
    test: [
      'test/diff/login-claims.test.ts',
      'waits for each user who may have it, where several rows are unknown, on disk',
    ],
  },
  {
    what: 'two users who may have the same logins keep each other out in every run',
    file: 'src/diff/login-claims.ts',
    find: 'if (!mayHave) return others[0];',
    replace: 'if (others.length > 0) return others[0];',
    test: [
      'test/diff/login-claims.test.ts',
      'is not kept for ever from a user who may have it already, on disk',
    ],
  },
  {
    what: 'a login goes to another user in the session that takes it from the user before',
    file: 'src/upload/unconfirmed.ts',
    find: "return entity === 'users' ? this.#users > 0 : this.#creates > 0;",
    replace: "return entity !== 'users' && this.#creates > 0;",
    test: [
      'test/sync/order.test.ts',
      'gives a login to its new user in a session after that of the user before',
    ],
  },
  {
    what: 'a person who moves between groups is in none of them for a while',
    file: 'src/diff/membership-checks.ts',
    find: 'if (!gaining.has(memberExternalId)) return change;',
    replace: 'if (memberExternalId) return change;',
    test: [
      'test/sync/order.test.ts',
      'gives the new membership to a person who moves before the old one ends',
    ],
  },
  {
    what: 'a record of a feed that Okta refused is not read again',
    file: 'src/upload/refused-changes.ts',
    find: 'this.#run.feeds?.fail(entity, change.key, errorCode ?? NO_CODE);',
    replace: '',
    test: [
      'test/sync/safeguards.test.ts',
      'is read again from its last watermark when Okta refused a record of it',
    ],
  },
  {
    what: 'the memberships of a user or group that is sent again stay confirmed, if the run does not read them',
    file: 'src/upload/doubt-resent.ts',
    find: 'if (resend.length === 0) return;',
    replace: 'return;',
    test: ['test/sync/parents.test.ts', 'are sent again: resend of ids, in a run without memberships'],
  },
  {
    what: 'the memberships of a user stay confirmed whose access was ended with a lost answer',
    file: 'src/upload/deactivate.ts',
    find: '...memberships.map((row) => ({ ...row, held: UNKNOWN }))',
    replace: '...[]',
    test: ['test/sync/parents.test.ts', 'are sent again: deactivate, whose answer was lost'],
  },
  {
    what: 'a repair leaves the memberships of a lost user confirmed',
    file: 'src/verify/repair.ts',
    find: 'if (missing.users.size + missing.groups.size > 0)',
    replace: 'if (missing.users.size + missing.groups.size < 0)',
    test: ['test/sync/parents.test.ts', 'are sent again after a repair of users and groups'],
  },
  {
    what: 'the part of a feed with a record that was refused is read again by each run',
    file: 'src/state/owed-records.ts',
    find: 'now - tried >= tried - at',
    replace: 'now >= at',
    test: [
      'test/sync/owed.test.ts',
      'moves on, and returns to the record after one run, and then each time that it is twice as old',
    ],
  },
  {
    what: 'the ends of memberships that are held back are forgotten',
    file: 'src/diff/ended-memberships.ts',
    find: "context.feeds?.fail('memberships', key, 'HELD_BACK');",
    replace: '',
    test: ['test/sync/owed.test.ts', 'owes the ends that are held back, until it names the member again'],
  },
];
