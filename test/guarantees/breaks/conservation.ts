import type { Break } from '../break.js';

const SCREENED = 'test/screening/screened.test.ts';
const LOOKUPS = 'test/cli/mapping-lookups.test.ts';
const ORDER = 'test/screening/screened-order.test.ts';

/** "Every record read is sent, unchanged, or rejected with a reason; the counts in the report add up." */
export const conservation: readonly Break[] = [
  {
    what: 'the last requests are not made',
    file: 'src/batch/batch.ts',
    find: 'yield* this.#flushBelow(LANES.length);',
    replace: 'yield* this.#flushBelow(LANES.length - 1);',
    test: [
      'test/properties/batching.test.ts',
      'every change is in exactly one request, whatever the order and sizes',
    ],
  },
  {
    what: 'a lane of the plan is not sent',
    file: 'src/guard/guard.ts',
    find: 'for (const lane of LANES)',
    replace: 'for (const lane of LANES.slice(1))',
    test: ['test/guard/guard.test.ts', 'exactly the incoming changes pass, lane by lane'],
  },
  {
    what: 'rejected records are not counted',
    file: 'src/flow/run-context.ts',
    find: 'counts.rejected++;',
    replace: '',
    test: ['test/diff/diff.test.ts', 'every record read is a change, unchanged or rejected'],
  },
  {
    what: 'rejected records are not told',
    file: 'src/flow/run-context.ts',
    find: 'for (const listener of this.#listeners) listener(rejection);',
    replace: '',
    test: ['test/sync/sync.test.ts', 'every rejected record is reported, with its reason'],
  },
  {
    what: 'what Okta refused counts as remaining',
    file: 'src/upload/upload-tally.ts',
    find: 'this.#planned[entity] - confirmed[entity] - this.#refusedOfPlan[entity]',
    replace: 'this.#planned[entity] - confirmed[entity]',
    test: [
      'test/upload/upload.test.ts',
      'a record that Okta refuses is singled out and reported, and the rest goes on',
    ],
  },
  {
    what: 'excluded records are not counted',
    file: 'src/diff/read.ts',
    find: 'counts.excluded += chunk.length - kept.length;',
    replace: '',
    test: [
      'test/sync/absence-and-delta.test.ts',
      'excluded entities are neither sent, changed nor deleted, unless an option deletes them',
    ],
  },
  {
    what: 'a row counts as unchanged whose record breaks a limit',
    file: 'src/screening/kernel/profile-ops.ts',
    find: 'max: Math.min(LONGEST, Math.floor(max)),',
    replace: 'max: LONGEST,',
    test: ['test/screening/screened-laws.test.ts', 'users have the same result as without screening'],
  },
  {
    what: 'unchanged rows are not counted',
    file: 'src/diff/full-read.ts',
    find: 'counts.unchanged += rows;',
    replace: '',
    test: [
      'test/screening/screened-directory.test.ts',
      'through sync only rows that differ become records, and Okta holds the directory',
    ],
  },
  {
    what: 'a duplicate of an unchanged row is not rejected',
    file: 'src/screening/screened-block.ts',
    find: 'if (!rows.markSeen(row)) this.#duplicates.push(row);',
    replace: 'if (!rows.markSeen(row)) continue;',
    test: [
      SCREENED,
      'a file whose rows are all repeated is refused row by row, in the places that they have',
    ],
  },
  {
    what: 'a changed duplicate of an unchanged row is compared before it',
    file: 'src/screening/screened-block.ts',
    find: 'markSeenBefore: (position) => this.#markTo(this.#rowAt.get(position) ?? 0),',
    replace: 'markSeenBefore: undefined,',
    test: [
      SCREENED,
      'in blocks of more rows than one call digests, with changes and duplicates before and after their ends',
    ],
  },
  {
    what: 'the rows of a block are read while its thread is at it',
    file: 'src/screening/kernel/digest-threads.ts',
    find: 'return Atomics.load(this.#words, block * WORDS) === DONE;',
    replace: 'return Atomics.load(this.#words, block * WORDS) !== OFFERED;',
    test: [
      'test/screening/kernel/digest-threads.test.ts',
      'keep the process alive only while a block is awaited',
    ],
  },
  {
    what: 'a block is believed though the rows before it end elsewhere',
    file: 'src/screening/screened-rows.ts',
    find: 'if (start < length || inVain',
    replace: 'if (inVain',
    test: [ORDER, 'that a stray quote makes end inside a row are not used, whatever their size'],
  },
  {
    what: 'blocks that wait are lost where a row stops the screen',
    file: 'src/screening/block-cutter.ts',
    find: '[first, ...cut, this.#carried].map',
    replace: '[first, this.#carried].map',
    test: [ORDER, 'that a stray quote makes end inside a row are not used, whatever their size'],
  },
  {
    what: 'a record with which each session fails is never named',
    file: 'src/upload/replays.ts',
    find: 'if (batch.size === 1 && this.#isAtFault(batch)) {',
    replace: 'if (batch.size === 0 && this.#isAtFault(batch)) {',
    test: ['test/upload/poison.test.ts', 'is named and left out, and the rest goes on: one'],
  },
  {
    what: 'records of a wrong mapping are singled out one by one',
    file: 'src/upload/refusal-limit.ts',
    find: 'const MOST_IN_A_ROW = 40;',
    replace: 'const MOST_IN_A_ROW = 400;',
    test: ['test/upload/poison.test.ts', 'stops within a few dozen refusals, however many Okta holds'],
  },
  {
    what: 'the rules of `validate` that a sync was given do not apply',
    file: 'src/sync/directory-changes.ts',
    find: 'const given = options.validate?.[entity];',
    replace: 'const given = undefined as ValidateOptions | undefined;',
    test: ['test/sync/safeguards.test.ts', 'of a sync has the rules of each entity'],
  },
  {
    what: 'a row whose key is not in the lookup has an empty value',
    file: 'src/cli/mapping/cel-functions.ts',
    find: 'if (fallback.length > 0) return textIn(fallback[0], LOOKUP);',
    replace: "return textIn(fallback[0] ?? '', LOOKUP);",
    test: [LOOKUPS, 'rejects a row whose key is missing without a default, or has rows that differ'],
  },
  {
    what: 'of several rows of a lookup with one key the first one counts, although they differ',
    file: 'src/cli/mapping/lookups.ts',
    find: 'value !== values[i]) === true) loaded.set(key, undefined);',
    replace: 'value !== values[i]) === true) continue;',
    test: [LOOKUPS, 'rejects a row whose key is missing without a default, or has rows that differ'],
  },
];
