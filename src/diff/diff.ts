import type { Chunk } from '../flow/chunk.js';
import { contextOf, flowOf, type Flow, type Operator } from '../flow/flow.js';
import { screeningFor } from '../screening/screening.js';
import type { Change, Entity, RecordOf, Valid } from '../core/model.js';
import { systemClock, type Clock } from '../core/clock.js';
import { OptionsError } from '../core/errors.js';
import { refuseUnknown, requireBoolean, requireOneOf, requireState } from '../core/check-options.js';
import { holdOpen } from '../state/uses.js';
import type { RunContext } from '../flow/run-context.js';
import { AttributeFingerprints } from '../fingerprints/attribute-fingerprints.js';
import { HashedKeys } from '../fingerprints/hashed-keys.js';
import { createDigester } from '../fingerprints/digests.js';
import type { Reading, StateStore } from '../state/store.js';
import { AbsenceRules, type AbsenceOptions } from './absence-rules.js';
import { COMPLETE_FOR, type CompleteFor } from './complete-for.js';
import { Comparer } from './comparer.js';
import { deltaDifferences } from './delta-feed.js';
import { openDiffCounts, type OutOfReach } from './diff-counts.js';
import { EarlierRefusals } from './earlier-refusals.js';
import { fullDifferences } from './full-read.js';
import { IdChangeFinder } from './id-changes.js';
import { LoginClaims } from './login-claims.js';
import { checkOnCreate } from './on-create.js';
import { runReferences } from './run-references.js';
import { sourceAttributes } from './source-attributes.js';
import { named } from '../flow/stage-order.js';
import { stageInput } from '../flow/stage-input.js';

/** Options of {@link diff}. */
export interface DiffOptions {
  /**
   * For a second record with the same key in one read: `reject` rejects it, `fail` ends the run with `ERR_ROLLCALL_RECORD`.
   * @defaultValue `'reject'`
   */
  readonly onDuplicate?: 'reject' | 'fail';
  /**
   * Sends memberships in the same session as new users and groups to which they refer. Okta does not document the order in
   * which it applies a session, so a membership may come before its user or group.
   * @defaultValue `false`
   */
  readonly mixed?: boolean;
  /** When a missing entity is deleted, and which entities never are. Reads are counted by a sink that reaches its end. */
  readonly absence?: AbsenceOptions;
  /**
   * `full`: the source is the whole directory; entities that are missing from it are removed. `delta`: the source is a feed of
   * changes; only records marked `deleted: true` are removed.
   * @defaultValue `'full'`
   */
  readonly mode?: 'full' | 'delta';
  /**
   * For memberships in mode `delta`: the feed has all memberships of each member (or group) that it names, so that the others of them
   * end. A person who moves needs no record that ends the old membership. If a record of the feed cannot be identified, they are held
   * back. @defaultValue only records marked as `deleted: true` end
   */
  readonly completeFor?: CompleteFor;
  /**
   * Recognises unchanged rows of `fromCsv` and `fromJsonLines` by their bytes, before they are parsed, if the function of `map`
   * declares its mapping (`userFrom`, `toUser` and the like). It makes a run faster and changes no result. The environment
   * variable `ROLLCALL_SCREENING=off` turns it off too.
   * @defaultValue `true`
   */
  readonly screening?: boolean;
  /**
   * Attributes of users or groups that are sent only when the record is created. Later they are neither compared nor sent, and never
   * cleared if the option `neverClear` of `validate` names them too, as `sync` does. A record of which it is not known whether Okta has
   * it is created again, and so sent with them.
   * @defaultValue none
   */
  readonly onCreate?: readonly string[];
  /**
   * A reading that the diffs of several entities share, so that memberships are checked against the users and groups of the
   * same run. `diff` does not close it. @defaultValue a new reading, which `diff` closes
   */
  readonly reading?: Reading;
  /** The clock for `absence`. @defaultValue the system's clock */
  readonly clock?: Clock;
}

const KNOWN_OPTIONS = [
  'onDuplicate',
  'mixed',
  'absence',
  'mode',
  'completeFor',
  'screening',
  'onCreate',
  'reading',
  'clock',
];

/**
 * Compares records with the *baseline* (the last state that Okta confirmed) and emits only the differences: creations and
 * updates while the source is read, removals after its end. A state in PostgreSQL compares all records at once, so that all changes come
 * after the end of the source.
 *
 * If the source fails, no removal is emitted. A record that `validate` rejected counts as present, so its entity is not
 * removed. If a record has no valid id, no entity of its kind is removed. You may put your own stages between `validate` and
 * `diff` in one `pipe`.
 *
 * @throws {@link OptionsError} for invalid options; {@link RecordError} while reading, with `onDuplicate: 'fail'`.
 */
export function diff<E extends Entity>(
  entity: E,
  state: StateStore,
  options: DiffOptions = {},
): Operator<Valid<E>, Change> {
  requireOneOf('entity', entity, ['users', 'groups', 'memberships']);
  requireState(state);
  refuseUnknown('diff', options, KNOWN_OPTIONS);
  requireOneOf('onDuplicate', options.onDuplicate ?? 'reject', ['reject', 'fail']);
  requireOneOf('mode', options.mode ?? 'full', ['full', 'delta']);
  requireBoolean('screening', options.screening ?? true);
  if (options.completeFor !== undefined) checkCompleteFor(entity, options);
  checkOnCreate(entity, options.onCreate ?? []);
  const rules = new AbsenceRules(entity, options.absence ?? {});
  return named('diff', (source) => {
    const context = contextOf(source);
    context.holdOpen = (work) => holdOpen(state, work);
    const records = stageInput('diff', source, (record) => isRecord(entity, record));
    return flowOf(() => differences(entity, state, options, rules, records, context), context);
  });
}

function checkCompleteFor(entity: Entity, { completeFor, mode }: DiffOptions): void {
  requireOneOf('completeFor', completeFor, COMPLETE_FOR);
  if (entity !== 'memberships' || mode !== 'delta')
    throw new OptionsError('completeFor', 'is for memberships in mode "delta" only');
}

/** True for a record, also one that a delta feed marks as removed. */
function isRecord(entity: Entity, record: Readonly<Record<string, unknown>>): boolean {
  const { externalId, profile, deleted, groupExternalId, memberExternalId } = record;
  const isText = (value: unknown) => typeof value === 'string' && value !== '';
  if (entity === 'memberships') return isText(groupExternalId) && isText(memberExternalId);
  return isText(externalId) && (deleted === true || (typeof profile === 'object' && profile !== null));
}

async function* differences<E extends Entity>(
  entity: E,
  state: StateStore,
  options: DiffOptions,
  rules: AbsenceRules,
  source: Flow<RecordOf[E]>,
  context: RunContext,
): AsyncGenerator<Chunk<Change>, void, undefined> {
  const counts = openDiffCounts(context, entity);
  const { clock = systemClock } = options;
  const screening = screeningFor(options.screening);
  const key = state.fingerprintKey;
  const reading = options.reading ?? (await state.read());
  let logins: LoginClaims | undefined;
  try {
    if (rules.reserves) counts.outOfReach = await outOfReach(entity, state, rules);
    const refusals = await EarlierRefusals.load(state, clock.now(), reading, context, counts);
    const fingerprints = new AttributeFingerprints(key);
    const comparer = new Comparer(
      entity,
      reading,
      createDigester(key, screening?.hasher(key)),
      fingerprints,
      options,
      context,
      counts,
      refusals,
    );
    if (entity !== 'memberships')
      comparer.known = await sourceAttributes(entity, state, context, fingerprints);
    const { users, memberships } = await state.counts();
    if (entity === 'users') {
      const hasUsers = users.known + users.unknown > 0;
      if (hasUsers) counts.idChanges = new IdChangeFinder();
      comparer.logins = logins = new LoginClaims(
        reading,
        state,
        comparer.rejections,
        counts,
        refusals,
        hasUsers,
      );
    }
    // The created users and groups are needed only if the baseline contains memberships.
    if (memberships.known > 0) comparer.created = runReferences(reading).created;
    if (memberships.known + memberships.unknown > 0) comparer.memberships.gaining = new HashedKeys(key);
    // Records that a screen leaves out show no names, and a screen compares all attributes.
    const isLearning = comparer.known?.isComplete === false;
    const read = {
      ...{ entity, source, state, reading, comparer, rules, clock, context, counts },
      completeFor: options.completeFor,
      screening: isLearning || (options.onCreate ?? []).length > 0 ? undefined : screening,
    };
    const changes = options.mode === 'delta' ? deltaDifferences(read) : fullDifferences(read);
    for await (const chunk of changes) {
      logins?.removed(chunk);
      yield entity === 'memberships' ? comparer.memberships.afterGains(chunk) : chunk;
    }
    if (logins !== undefined) yield* logins.release();
    if (isLearning && options.mode !== 'delta') comparer.known?.complete();
  } finally {
    await logins?.close();
    if (options.reading === undefined) await reading.close();
  }
}

/** The entities of the baseline that no record of the source could delete or update. */
async function outOfReach(entity: Entity, state: StateStore, rules: AbsenceRules): Promise<OutOfReach> {
  const reach = { deletes: 0, updates: 0 };
  for await (const rows of state.rows(entity)) {
    for (const { key } of rows) {
      if (rules.isUndeletable(key)) reach.deletes++;
      if (rules.isExcluded(key)) reach.updates++;
    }
  }
  return reach;
}
