import type { Break } from '../break.js';

const SCREENED = 'test/screening/screened.test.ts';
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
    find: 'for (const lane of LANES) yield*',
    replace: 'for (const lane of LANES.slice(1)) yield*',
    test: ['test/guard/guard.test.ts', 'what passes is what came in, lane by lane'],
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
    test: ['test/sync/sync.test.ts', 'every rejected record is told, with its reason'],
  },
  {
    what: 'what Okta refused counts as remaining',
    file: 'src/upload/upload-tally.ts',
    find: 'this.#known - this.#confirmedCount - this.#refused.length',
    replace: 'this.#known - this.#confirmedCount',
    test: [
      'test/upload/upload.test.ts',
      'a record that Okta refuses is singled out and reported, and the rest goes on',
    ],
  },
  {
    what: 'excluded records are not counted',
    file: 'src/diff/diff.ts',
    find: 'note.excluded += chunk.length - kept.length;',
    replace: '',
    test: [
      'test/sync/absence-and-delta.test.ts',
      'what is excluded is neither sent, changed nor deleted, and is deleted when asked for',
    ],
  },
  {
    what: 'a row is settled whose record breaks a limit',
    file: 'src/screening/kernel/profile-ops.ts',
    find: 'max: Math.min(LONGEST, Math.floor(max)),',
    replace: 'max: LONGEST,',
    test: ['test/screening/screened-laws.test.ts', 'users come to what they come to as records'],
  },
  {
    what: 'settled rows are not counted',
    file: 'src/diff/diff.ts',
    find: 'note.unchanged += rows;',
    replace: '',
    test: [
      'test/screening/screened-directory.test.ts',
      'through sync only rows that differ become records, and Okta holds the directory',
    ],
  },
  {
    what: 'a duplicate of a settled row is not refused',
    file: 'src/screening/screened-block.ts',
    find: '!rows.settle(this.#next)) this.#again.push(this.#next);',
    replace: '!rows.settle(this.#next)) continue;',
    test: [
      SCREENED,
      'a file whose rows are all repeated is refused row by row, in the places that they have',
    ],
  },
  {
    what: 'a changed duplicate of a settled row is compared before it',
    file: 'src/screening/screened-block.ts',
    find: 'settleBefore: (position) => this.#settleTo(this.#rowAt.get(position) ?? 0),',
    replace: 'settleBefore: undefined,',
    test: [
      SCREENED,
      'in blocks of more rows than are told at once, with changes and duplicates on all sides of their borders',
    ],
  },
  {
    what: 'what a thread says of a block is taken before it has said it',
    file: 'src/screening/kernel/screen-threads.ts',
    find: 'Atomics.load(this.#words, at) !== job.ticket + DONE',
    replace: 'Atomics.load(this.#words, at) < job.ticket',
    test: [ORDER, 'comes to the same with any number of threads'],
  },
  {
    what: 'a thread screens what its caller has put into a buffer since',
    file: 'src/screening/kernel/screen-threads.ts',
    find: '(this.#tickets += STATES)',
    replace: '(this.#tickets = STATES)',
    test: [
      'test/screening/kernel/screen-threads.test.ts',
      'and their caller come to the same, whoever does which, with buffers that are used again and again',
    ],
  },
  {
    what: 'a block is believed though the rows before it end elsewhere',
    file: 'src/screening/rows-to-compare.ts',
    find: 'if (start < length || (inVain',
    replace: 'if ((inVain',
    test: [
      ORDER,
      'that are cut inside a row, where a stray quote hides the ends of rows, are not believed, whatever their size',
    ],
  },
  {
    what: 'blocks that wait are lost where a row stops the screen',
    file: 'src/screening/block-cutter.ts',
    find: '[first, ...cut, this.#carried].map',
    replace: '[first, this.#carried].map',
    test: [
      ORDER,
      'that are cut inside a row, where a stray quote hides the ends of rows, are not believed, whatever their size',
    ],
  },
  {
    what: 'rows of objects are taken for others where a cell holds what separates them',
    file: 'src/screening/screened-objects.ts',
    find: 'rows.count === count && ',
    replace: '',
    test: ['test/screening/screened-objects.test.ts', 'and none of a block that holds a row in a cell'],
  },
  {
    what: 'half a pair in a cell is taken for U+FFFD',
    file: 'src/screening/cell-writer.ts',
    find: 'text.isWellFormed() ? ',
    replace: 'text.length >= 0 ? ',
    test: [
      'test/screening/screened-objects.test.ts',
      'and none of a block that holds half a pair, which would be written as U+FFFD',
    ],
  },
  {
    what: 'null in an object is taken for an empty cell where it is not',
    file: 'src/screening/cell-writer.ts',
    find: "return nullIsEmpty ? '' : NULL_CELL;",
    replace: "return '';",
    test: ['test/screening/screened-objects.test.ts', 'but for one whose cell is null where null stays null'],
  },
  {
    what: 'an object that has more than the first is settled by what they share',
    file: 'src/screening/row-cells.ts',
    find: 'if (names !== undefined && !sameNames(Object.keys(row), names)) return undefined;',
    replace: '',
    test: [
      'test/screening/screened-objects.test.ts',
      'where a function takes every column, as long as rows have the same',
    ],
  },
  {
    what: 'a record that has an attribute more than the first is settled by what they share',
    file: 'src/screening/record-cells.ts',
    find: 'if (!sameNames(Object.keys(profile), attributes)) return undefined;',
    replace: '',
    test: ['test/screening/screened-objects.test.ts', 'but one that has an attribute more'],
  },
  {
    what: 'a record that is marked as deleted is settled in a full read',
    file: 'src/screening/record-cells.ts',
    find: 'if (!isFields(record) || !sameNames(Object.keys(record), names)) return undefined;',
    replace: 'if (!isFields(record)) return undefined;',
    test: ['test/screening/screened-objects.test.ts', 'but one that is marked as deleted'],
  },
  {
    what: 'a text that looks like null is taken for it',
    file: 'src/screening/cell-writer.ts',
    find: 'value === NULL_CELL ? undefined : value',
    replace: 'value',
    test: ['test/screening/screened-objects.test.ts', 'but one whose text looks like null'],
  },
];
