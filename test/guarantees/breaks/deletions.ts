import type { Break } from '../break.js';

const DIFF = 'test/diff/diff.test.ts';
const GUARD = 'test/guard/guard.test.ts';
const MODES = 'test/sync/modes.test.ts';
const LOOKUPS = 'test/cli/mapping-lookups.test.ts';
const AT_ONCE = 'test/diff/compare-at-once.test.ts';
const ABSENCE = 'test/sync/absence-and-delta.test.ts';

/** "A source that throws, ends early, is empty, or holds records that cannot be identified causes no deletion ..." */
export const deletions: readonly Break[] = [
  {
    what: 'a source that throws passes for one that ended',
    file: 'src/diff/full-read.ts',
    find: 'for await (const chunk of chunks) {',
    replace:
      'for await (const chunk of (async function* () { try { yield* chunks; } catch { /* swallowed */ } })()) {',
    test: [DIFF, 'a source that fails causes no deletion'],
  },
  {
    what: 'a source that throws passes for one that ended, where records are compared at once',
    file: 'src/diff/full-read.ts',
    find: 'for await (const chunk of input) {',
    replace:
      'for await (const chunk of (async function* () { try { yield* input; } catch { /* swallowed */ } })()) {',
    test: [AT_ONCE, 'are forgotten if the source fails: nothing is emitted, and the spool is closed'],
  },
  {
    what: 'a store that compared other records than it was given is believed',
    file: 'src/diff/compare-at-once.ts',
    find: 'if ((await this.before(Infinity)) !== undefined)',
    replace: 'if ((await this.before(0)) !== undefined)',
    test: [AT_ONCE, 'end the run if the store returns places that it was not given'],
  },
  {
    what: 'a JSON document that is cut off passes for a whole one',
    file: 'src/sources/json/array-locator.ts',
    find: "if (!this.#complete) throw this.#error('the document is truncated or empty');",
    replace: '',
    test: ['test/sources/json.test.ts', 'a document that is cut off anywhere is refused'],
  },
  {
    what: 'a CSV that ends inside a quote passes for a whole one',
    file: 'src/sources/csv/scanner.ts',
    find: "throw this.#error('this opening quote has no closing quote', this.#line + this.#lineFeeds);",
    replace: 'close = text.length;',
    test: ['test/sources/csv.test.ts', 'a file that ends inside a quote is refused'],
  },
  {
    what: 'an export with fewer rows than announced passes for a whole one',
    file: 'src/sources/expect-rows.ts',
    find: 'if (rows === this.#expected) return;',
    replace: 'if (rows <= this.#expected) return;',
    test: ['test/cli/complete.test.ts', 'keeps everybody in Okta if rows are missing (screening on)'],
  },
  {
    what: 'an export without the marker of its producer passes for a whole one',
    file: 'src/sources/input/complete-marker.ts',
    find: 'if (time < file.mtimeNs)',
    replace: 'if (time < 0n)',
    test: ['test/cli/complete.test.ts', 'keeps everybody in Okta until the export is complete'],
  },
  {
    what: 'an empty source removes everybody',
    file: 'src/guard/guard-rules.ts',
    find: 'reads.read === 0 && !limits.allowEmpty',
    replace: 'reads.read < 0 && !limits.allowEmpty',
    test: [GUARD, 'an empty source where Okta holds something stops the run, whatever the population'],
  },
  {
    what: 'a file that is missing goes unnoticed',
    file: 'src/guard/guard-rules.ts',
    find: "check('missingFiles', files.before - files.now,",
    replace: "check('missingFiles', files.now - files.before,",
    test: [
      'test/cli/missing-files.test.ts',
      'with fewer files than at the last complete run stops the plan, until a person approves it',
    ],
  },
  {
    what: 'a record without an id does not hold removals back',
    file: 'src/flow/run-context.ts',
    find: 'if (key === undefined) counts.unidentified++;',
    replace: 'if (key === undefined) counts.unidentified += 0;',
    test: [DIFF, 'a record that cannot be identified holds back all deletions'],
  },
  {
    what: 'a rejected record counts as removed',
    file: 'src/flow/run-context.ts',
    find: 'else this.#keysOf(rejection.entity).push({ key, position: rejection.position });',
    replace: '',
    test: [DIFF, 'a rejected record is not a removed one, also through a stage written by hand'],
  },
  {
    what: "a record that a source's own pipe rejected counts as removed",
    file: 'src/flow/run-context.ts',
    find: 'this.#outer.reject(rejection, key);',
    replace: '',
    test: [
      'test/sync/sync.test.ts',
      'a source that brings a pipe with a validate of its own loses nobody it rejected',
    ],
  },
  {
    what: 'whoever is left out as an unchanged row counts as removed',
    file: 'src/screening/kernel/digested-rows.ts',
    find: 'this.#table !== undefined && this.#table.markCompared(this.#slots[row] as number)',
    replace: 'this.#table !== undefined',
    test: [
      'test/screening/screened-directory.test.ts',
      'through sync only rows that differ become records, and Okta holds the directory',
    ],
  },
  {
    what: 'a tripped guard lets the plan pass',
    file: 'src/guard/guard.ts',
    find: 'throw new GuardError(trips, hash);',
    replace: 'return;',
    test: ['test/upload/upload.test.ts', 'above the guard nothing at all is sent'],
  },
  {
    what: 'the limits in percent are not looked at',
    file: 'src/guard/guard-rules.ts',
    find: 'if (deletes > limits.minDeletes)',
    replace: 'if (deletes > limits.minDeletes + 1e9)',
    test: [
      GUARD,
      'nothing passes a plan that deletes more than the limit, and everything passes one that does not',
    ],
  },
  {
    what: 'a group may lose all of its members',
    file: 'src/guard/guard-rules.ts',
    find: "if (entity === 'memberships' && facts.groupLoss !== undefined)",
    replace: "if (entity === 'groups' && facts.groupLoss !== undefined)",
    test: [
      'test/guard/group-losses.test.ts',
      'stops the plan if it loses more than half of them and more than 20',
    ],
  },
  {
    what: 'people who come back under other ids pass as leavers and newcomers',
    file: 'src/guard/guard-rules.ts',
    find: "if (entity === 'users') check('idChanges', facts.idChanges, limits.maxIdChanges);",
    replace: '',
    test: [
      'test/diff/id-changes.test.ts',
      'stop the plan when they are more than three, whatever the population',
    ],
  },
  {
    what: 'changes pass before the whole plan was seen',
    file: 'src/guard/guard.ts',
    find: 'await outbox.add(chunk);',
    replace: 'await outbox.add(chunk); yield chunk;',
    test: [GUARD, 'the source is read to its end and closed before anything passes'],
  },
  {
    what: 'removals are told before the source was read to its end',
    file: 'src/diff/full-read.ts',
    find: 'const changes = await comparer.compare(withoutExcluded(read, chunk));',
    replace:
      'const changes = await comparer.compare(withoutExcluded(read, chunk)); const { reading, state, rules, clock, counts } = read; yield* removals(entity, reading, state, rules, clock.now(), context, counts);',
    test: [DIFF, 'nobody is removed before the source was read to its end'],
  },
  {
    what: 'the first complete read that misses an entity deletes it',
    file: 'src/diff/absence-rules.ts',
    find: 'missed < this.reads',
    replace: 'missed < 1',
    test: [ABSENCE, 'an entity is deleted once it was missing from so many complete reads in a row'],
  },
  {
    what: 'a prefix protects nobody',
    file: 'src/diff/absence-rules.ts',
    find: 'id.startsWith(prefix)',
    replace: 'id === prefix',
    test: [ABSENCE, 'what is protected is never deleted, by id or by prefix, memberships by either end'],
  },
  {
    what: 'a marked record of a delta feed is deleted although it is protected',
    file: 'src/diff/delta-feed.ts',
    find: 'held.filter((key) => !rules.isProtected(key))',
    replace: 'held',
    test: [ABSENCE, 'spares who is protected, marked or not'],
  },
  {
    what: 'whom a delta feed does not mention is removed',
    file: 'src/diff/diff.ts',
    find: "const changes = options.mode === 'delta' ? deltaDifferences(read) : fullDifferences(read);",
    replace: 'const changes = fullDifferences(read);',
    test: [ABSENCE, 'removes only what is marked, and sends the rest'],
  },
  {
    what: 'a run that fails while it sends counts its absences',
    file: 'src/upload/upload.ts',
    find: 'await this.#sender.sendAll(startedAt);\n      await storeAbsences(state, this.#run);',
    replace: 'await storeAbsences(state, this.#run);\n      await this.#sender.sendAll(startedAt);',
    test: ['test/sync/safeguards.test.ts', 'are not counted by a run that fails while it sends'],
  },
  {
    what: 'a plan does not show that the guard stops an empty source',
    file: 'src/sync/sync.ts',
    find: 'guard(options.state, { ...guardOptions(options), onPlan }))',
    replace: 'guard(options.state, { ...guardOptions(options), allowEmpty: true, onPlan }))',
    test: ['test/sync/safeguards.test.ts', 'shows that the guard stops an empty source'],
  },
  {
    what: 'a removal of a feed is sent although a later record of the same person was rejected',
    file: 'src/diff/delta-feed.ts',
    find: 'deletable.filter((key) => !heldBack.has(key))',
    replace: 'deletable.filter(() => true)',
    test: [ABSENCE, 'holds a removal back whose entity is named again later, by a rejected record: a user'],
  },
  {
    what: 'a feed that is complete for some people ends the memberships of all',
    file: 'src/diff/complete-for.ts',
    find: 'return this.namesParentOf(key) && !this.#named.has(key);',
    replace: 'return !this.#named.has(key);',
    test: [MODES, 'ends the old membership of a person who moves, and no other'],
  },
  {
    what: 'a feed that is complete ends memberships although a record cannot be identified',
    file: 'src/diff/ended-memberships.ts',
    find: "this.#read.context.counts('memberships').unidentified > 0;",
    replace: 'false;',
    test: [
      MODES,
      'does not end a membership whose record is rejected, and nothing if one cannot be identified',
    ],
  },
  {
    what: 'a rejected record names a person of whom a feed is complete',
    file: 'src/diff/complete-for.ts',
    find: 'keep(key: string): void {\n    this.#named.add(key);',
    replace: 'keep(key: string): void {\n    this.#parents.add(this.#parentOf(key));',
    test: [MODES, 'ends nothing of a person whom only a rejected record names'],
  },
  {
    what: 'a feed that is complete ends protected memberships',
    file: 'src/diff/ended-memberships.ts',
    find: 'this.#marked.has(key) || rules.isUndeletable(key)',
    replace: 'this.#marked.has(key)',
    test: [MODES, 'spares protected memberships'],
  },
  {
    what: 'an input of lookups without rows passes for a whole one',
    file: 'src/cli/mapping/lookups.ts',
    find: 'if (loaded.size === 0)',
    replace: 'if (loaded.size < 0)',
    test: [LOOKUPS, 'fails for an input without rows, or without the column'],
  },
  {
    what: 'a file of a lookup that is missing goes unnoticed',
    file: 'src/cli/mapping/lookups.ts',
    find: 'this.#files = contextOf(rows).sourceFiles;',
    replace: 'this.#files = 1;',
    test: [
      'test/cli/missing-files.test.ts',
      'are counted like those of other inputs: fewer stop the plan, until a person approves it',
    ],
  },
];
