import { systemClock } from '../../core/clock.js';
import { displayKey, splitMembershipKey, type Change, type Entity, type RecordOf } from '../../core/model.js';
import type { Rejection } from '../../core/rejection.js';
import type { Plan } from '../../core/results.js';
import { AbsenceRules } from '../../diff/absence-rules.js';
import { similarIdText } from '../../diff/similar-ids.js';
import type { Source } from '../../flow/flow.js';
import { RunContext, type RefusedBefore } from '../../flow/run-context.js';
import { RememberedRefusals } from '../../state/remembered-refusals.js';
import type { JournaledSession } from '../../state/journal.js';
import type { Held, StateStore } from '../../state/store.js';
import { absenceOf } from '../directory-changes.js';
import { planIn, type PlanOptions } from '../sync.js';
import { rowsInFlight, type Touching } from './rows-in-flight.js';
import { Sightings, type Sighting } from './sightings.js';
import { wantedKeys } from './wanted-keys.js';

/** The most rejections of one id that are kept. */
const MOST_REJECTIONS = 20;

/** The state and the plan, for one id. */
export interface TracedId {
  readonly entity: Entity;
  /** Undefined if there is no source of this entity. */
  readonly source: { readonly count: number; readonly first: readonly Sighting[] } | undefined;
  /** Why its records were rejected. */
  readonly rejections: readonly Rejection[];
  /** The key in the state; undefined if the state has no row. */
  readonly key: string | undefined;
  readonly held: Held['kind'] | undefined;
  /** The complete reads in a row from which it was missing before this one. */
  readonly absences: number;
  /** True if Okta refused its record in an earlier run, and the state remembers it. */
  readonly isRefused: boolean;
  /** Ids that differ only in blanks, case, leading zeros or the form of Unicode: of the sources, and a clause about the state. */
  readonly similar: readonly string[];
  readonly similarInState: string | undefined;
  /** Its changes of the plan. */
  readonly changes: readonly Change[];
  /** Memberships of the user or group that begin and end with the plan. */
  readonly memberships: { readonly begin: number; readonly end: number };
  readonly refusedBefore: RefusedBefore | undefined;
  readonly isProtected: boolean;
  /** With the next read, the complete reads in a row without it; and how many a deletion needs. */
  readonly missed: number | undefined;
  readonly readsNeeded: number;
  /** Records of its entity that cannot be identified, which holds deletions back. */
  readonly unidentified: number;
}

/** What {@link trace} found. */
export interface Trace {
  readonly ids: readonly TracedId[];
  /** Undefined if there are no sources. */
  readonly plan: Plan | undefined;
  readonly inFlight: readonly JournaledSession[];
  /** The rows of these sessions that are of the id, or memberships of it. */
  readonly touching: Touching;
}

interface StateOfId {
  readonly key: string | undefined;
  readonly held: Held['kind'] | undefined;
  readonly absences: number;
  readonly isRefused: boolean;
  readonly similarInState: string | undefined;
}

/**
 * Follows one id through the sources, the state and the plan of the next sync. The plan is the real one: all changes are
 * compared and checked by the guard, and those of the id are kept. Nothing is sent, and the state does not change.
 */
export async function trace(id: string, entities: readonly Entity[], options: PlanOptions): Promise<Trace> {
  const { state } = options;
  const inFlight = await state.journal.open();
  const touching = await rowsInFlight(state.journal, inFlight, id, entities);
  const states = new Map<Entity, StateOfId>();
  for (const entity of entities) states.set(entity, await stateOf(entity, id, options));
  const context = new RunContext();
  const sightings = new Map(entities.map((entity) => [entity, new Sightings(entity, id)] as const));
  const rejections = new Map<Entity, Rejection[]>(entities.map((entity) => [entity, []]));
  const changes: Change[] = [];
  const memberships = { users: { begin: 0, end: 0 }, groups: { begin: 0, end: 0 } };
  context.onReject((rejection) => {
    const kept = rejections.get(rejection.entity);
    if (rejection.externalId === id && kept !== undefined && kept.length < MOST_REJECTIONS)
      kept.push(rejection);
  });
  const onChange = (change: Change) => {
    const { entity, key, kind } = change;
    if (entity === 'memberships') {
      const { groupExternalId, memberExternalId } = splitMembershipKey(key);
      const side = kind === 'upsert' ? 'begin' : 'end';
      if (memberExternalId === id) memberships.users[side]++;
      if (groupExternalId === id) memberships.groups[side]++;
    }
    // The content is not needed.
    if (displayKey(entity, key) === id) changes.push({ ...change, item: '' });
  };
  const hasSource = (entity: Entity) => options[entity] !== undefined;
  const watched = (entity: Entity) =>
    hasSource(entity) &&
    sightings.has(entity) && {
      [entity]: (sightings.get(entity) as Sightings<Entity>).watch(
        options[entity] as Source<RecordOf[Entity]>,
      ),
    };
  const isAny = (['users', 'groups', 'memberships'] as const).some(hasSource);
  const plan = isAny
    ? await planIn(
        context,
        {
          ...options,
          ...watched('users'),
          ...watched('groups'),
          ...watched('memberships'),
        },
        onChange,
      )
    : undefined;
  const ids = entities.map((entity): TracedId => {
    const found = sightings.get(entity) as Sightings<Entity>;
    const ofState = states.get(entity) as StateOfId;
    const rules = new AbsenceRules(entity, absenceOf(options, entity));
    const keys = wantedKeys(entity, id);
    return {
      ...ofState,
      entity,
      source: hasSource(entity) ? { count: found.count, first: found.first } : undefined,
      rejections: rejections.get(entity) ?? [],
      similar: [...found.similar],
      changes: changes.filter((change) => change.entity === entity),
      memberships: entity === 'memberships' ? { begin: 0, end: 0 } : memberships[entity],
      refusedBefore: context.refusedBefore.find(
        ({ change }) => change.entity === entity && keys.includes(change.key),
      ),
      isProtected: keys.some((key) => rules.isProtected(key)),
      missed: ofState.key === undefined ? undefined : context.absences.get(entity)?.get(ofState.key),
      readsNeeded: rules.reads,
      unidentified: context.counts(entity).unidentified,
    };
  });
  return { ids, plan, inFlight, touching };
}

async function stateOf(entity: Entity, id: string, { state, clock }: PlanOptions): Promise<StateOfId> {
  const keys = wantedKeys(entity, id);
  const reading = await state.read();
  try {
    const rows = await reading.held(entity, keys);
    const place = rows.findIndex((row) => row !== undefined);
    const key = keys[place];
    const isRow = key !== undefined;
    const { ids } = await RememberedRefusals.load(state, (clock ?? systemClock).now());
    return {
      key,
      held: rows[place]?.kind,
      absences: isRow ? await absencesOf(state, entity, key) : 0,
      isRefused: entity !== 'memberships' && ids.has(id),
      similarInState:
        isRow || entity === 'memberships' ? undefined : await similarIdText(reading, entity, id),
    };
  } finally {
    await reading.close();
  }
}

async function absencesOf(state: StateStore, entity: Entity, key: string): Promise<number> {
  return (await state.absences(entity)).get(key) ?? 0;
}
