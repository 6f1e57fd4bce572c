import { systemClock, type Clock } from '../core/clock.js';
import { GuardError, OptionsError } from '../core/errors.js';
import {
  changesByEntity,
  type GuardTrip,
  type PlanSummary,
  type UnclearedAttribute,
} from '../core/results.js';
import { contextOf, flowOf, type Flow, type Operator } from '../flow/flow.js';
import {
  ENTITIES,
  isChange,
  type Change,
  type Batch,
  type ChangesFromDiff,
  type Entity,
  type Guarded,
} from '../core/model.js';
import { refuseUnknown, requireFunction, requireState } from '../core/check-options.js';
import { withoutPlaces, type Chunk } from '../flow/chunk.js';
import type { RunContext } from '../flow/run-context.js';
import { afterApproval, DELETIONS_BY_DAY, recentDeletions } from '../state/deletions-by-day.js';
import { LANES, type Outbox, type StateStore } from '../state/store.js';
import { batch } from '../batch/batch.js';
import { diffCountsOf } from '../diff/diff-counts.js';
import { heldBackIn } from './held-back.js';
import { fileCounts, lookupFileCounts } from './file-counts.js';
import { leftOutCounts } from './left-out.js';
import { GroupLosses } from './group-losses.js';
import { GUARD_LIMIT_NAMES, resolveLimits, type GuardLimits } from './guard-limits.js';
import { tripsOf, type EmptiedAttribute } from './guard-rules.js';
import { loadLearnedWait } from '../state/learned-wait.js';
import { estimate } from './plan-estimate.js';
import { PlanTally } from './plan-tally.js';
import { named } from '../flow/stage-order.js';
import { stageInput } from '../flow/stage-input.js';

/** Options of {@link guard}: the limits for all entities, and other limits for single entities. */
export interface GuardOptions extends GuardLimits {
  readonly users?: GuardLimits;
  readonly groups?: GuardLimits;
  readonly memberships?: GuardLimits;
  /**
   * The hash of an approved plan: this plan passes even if it exceeds limits, and no other plan passes. A plan of another
   * state, or one with another number of rejected records or held-back deletions, is another plan.
   */
  readonly approve?: string;
  /** The clock for limits of several days. @defaultValue the system's clock */
  readonly clock?: Clock;
  /** Called with the plan and the limits that it exceeds, before the guard decides. */
  readonly onPlan?: (plan: PlanSummary, trips: readonly GuardTrip[]) => void;
}

/** Groups with losses that the plan names. */
const NAMED = 3;
const KNOWN_OPTIONS = [...GUARD_LIMIT_NAMES, 'users', 'groups', 'memberships', 'approve', 'clock', 'onPlan'];

/**
 * A barrier that checks the whole plan before anything is sent. It reads all changes into the outbox of the state, so
 * that the source is read at full speed and closed. If the plan exceeds no limit, it emits the changes in the order in
 * which they are sent (see `LANES` in `state/store`).
 *
 * Okta's own import safeguard does not cover the Identity Sources API ("there are no import safeguards"), so the guard
 * uses its default: it stops deletions of more than 20 %, whatever the population, except a handful (5). It also stops updates
 * of more than 50 %, an empty source if Okta has entities, and more than 5 % rejected records.
 *
 * @throws {@link OptionsError} at once for invalid options; {@link GuardError} while reading, with the counts and the
 * hash of the plan, if a limit is exceeded.
 */
export function guard(
  state: StateStore,
  options: GuardOptions = {},
): Operator<ChangesFromDiff & Pick<Change, keyof Batch & keyof Change>, Guarded> {
  requireState(state);
  refuseUnknown('guard', options, KNOWN_OPTIONS);
  const limits = limitsOf(options);
  if (options.approve !== undefined && !/^[0-9a-f]{64}$/.test(options.approve)) {
    throw new OptionsError('approve', 'expected the 64 hexadecimal characters of a plan hash');
  }
  if (options.onPlan !== undefined) requireFunction('onPlan', options.onPlan);
  return named('guard', (source) => {
    const context = contextOf(source);
    const changes = stageInput('guard', source as Flow<Change>, isChange);
    return flowOf(() => guarded(changes, context, state, options, limits), context);
  });
}

/**
 * Passes changes on without a guard. Okta imports everything that is sent, so a bad export can deactivate everybody:
 * use it only where something else has checked the whole plan.
 * @example
 * await pipe(people, validate('users'), diff('users', state), unguarded(), batch(), upload(okta, state));
 */
export function unguarded(): Operator<ChangesFromDiff & Pick<Change, keyof Batch & keyof Change>, Guarded> {
  return named('guard', (source) => source as Flow<Guarded>);
}

/** Limits of each entity: its own over the common ones over the defaults. */
export function limitsOf(options: GuardOptions): Readonly<Record<Entity, Required<GuardLimits>>> {
  const {
    users,
    groups,
    memberships,
    approve: _approve,
    clock: _clock,
    onPlan: _onPlan,
    ...common
  } = options;
  const base = resolveLimits('guard', common);
  return {
    users: resolveLimits('guard.users', users ?? {}, base),
    groups: resolveLimits('guard.groups', groups ?? {}, base),
    memberships: resolveLimits('guard.memberships', memberships ?? {}, base),
  };
}

async function* guarded(
  source: Flow<Change>,
  context: RunContext,
  state: StateStore,
  options: GuardOptions,
  limits: Readonly<Record<Entity, Required<GuardLimits>>>,
): AsyncGenerator<Chunk<Guarded>, void, undefined> {
  const outbox = await state.outbox();
  try {
    const tally = new PlanTally();
    const groupLosses = new GroupLosses();
    for await (const chunk of source.chunks()) {
      for (const change of chunk) {
        tally.add(change);
        groupLosses.add(change);
      }
      await outbox.add(chunk);
    }
    await outbox.seal();
    await decide(tally, groupLosses, outbox, context, state, options, limits);
    yield* ordered(outbox);
  } finally {
    await outbox.close();
  }
}

/** @throws {@link GuardError} if the plan may not pass. */
async function decide(
  tally: PlanTally,
  groupLosses: GroupLosses,
  outbox: Outbox,
  context: RunContext,
  state: StateStore,
  options: GuardOptions,
  limits: Readonly<Record<Entity, Required<GuardLimits>>>,
): Promise<void> {
  const heldBackDeletes = byEntity((entity) => diffCountsOf(context, entity)?.heldBack ?? 0);
  const hash = tally.hash(
    state.fingerprintKey,
    byEntity((entity) => ({
      rejected: context.counts(entity).rejected,
      heldBackDeletes: heldBackDeletes[entity],
    })),
  );
  // A plan that sends nothing needs no approval. That of another plan may be one that was sent meanwhile.
  const approved = options.approve === hash;
  const refused = options.approve !== undefined && !approved && tally.size > 0;
  const counts = await state.counts();
  const population = byEntity((entity) => counts[entity].known + counts[entity].unknown);
  const outOfReach = byEntity(
    (entity) => diffCountsOf(context, entity)?.outOfReach ?? { deletes: 0, updates: 0 },
  );
  const resends =
    context.selection?.resends ?? byEntity((entity) => diffCountsOf(context, entity)?.resends ?? 0);
  const { count = 0, examples = [] } = diffCountsOf(context, 'users')?.idChanges ?? {};
  const idChanges = { count, examples };
  const reads = readsOf(context);
  const now = (options.clock ?? systemClock).now();
  const recentDeletes = recentDeletions(await state.getMeta(DELETIONS_BY_DAY), now);
  const heldBack = await heldBackIn(context, state, now, approved);
  const losses = await groupLosses.over(state, limits.memberships);
  const trips = tripsOf(
    {
      counts: tally.counts,
      resends,
      population,
      outOfReach,
      recentDeletes,
      heldBack,
      files: await fileCounts(context, state),
      lookups: await lookupFileCounts(context, state),
      leftOut: await leftOutCounts(context, state),
      emptied: byEntity((entity) => mostEmptied(diffCountsOf(context, entity)?.emptied)),
      idChanges: count,
      groupLoss: losses[0],
      reads,
    },
    limits,
  );
  context.plannedChanges = changesByEntity(tally.counts);
  if (options.onPlan !== undefined) {
    const batches = batch()(flowOf(() => ordered(outbox), context));
    const size = await estimate(batches, await loadLearnedWait(state));
    options.onPlan(
      {
        hash,
        entities: tally.counts,
        population,
        ...size,
        changedAttributes: tally.changedAttributes(),
        heldBackDeletes,
        idChanges,
        resends,
        uncleared: unclearedIn(context),
        groupLosses: { count: losses.length, examples: losses.slice(0, NAMED) },
      },
      trips,
    );
  }
  if (refused || (!approved && trips.length > 0)) throw new GuardError(trips, hash);
  if (approved)
    await state.setMeta(
      DELETIONS_BY_DAY,
      afterApproval(
        now,
        byEntity((entity) => tally.counts[entity].deletes),
      ),
    );
}

/** The attribute that most entities lose. */
function mostEmptied(emptied: ReadonlyMap<string, number> = new Map()): EmptiedAttribute | undefined {
  let most: EmptiedAttribute | undefined;
  for (const [attribute, records] of emptied)
    if (records > (most?.records ?? 0)) most = { attribute, records };
  return most;
}

function unclearedIn(context: RunContext): UnclearedAttribute[] {
  return ENTITIES.flatMap((entity) =>
    Array.from(diffCountsOf(context, entity)?.uncleared ?? [], ([attribute, { records, examples }]) => ({
      entity,
      attribute,
      records,
      examples,
    })),
  );
}

function readsOf(context: RunContext): Map<Entity, { read: number; rejected: number }> {
  const reads = new Map<Entity, { read: number; rejected: number }>();
  for (const entity of ENTITIES) {
    const compared = diffCountsOf(context, entity);
    if (compared === undefined) continue;
    const counts = context.counts(entity);
    const read = Math.max(counts.read, compared.read) - counts.leftOut;
    reads.set(entity, { read, rejected: counts.rejected });
  }
  return reads;
}

/** The plan in the order in which it is sent. */
async function* ordered(outbox: Outbox): AsyncGenerator<Chunk<Guarded>, void, undefined> {
  for (const lane of LANES)
    for await (const changes of outbox.read(lane)) yield withoutPlaces(changes as readonly Guarded[]);
}

function byEntity<T>(value: (entity: Entity) => T): Record<Entity, T> {
  return { users: value('users'), groups: value('groups'), memberships: value('memberships') };
}
