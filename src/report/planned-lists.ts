import { ENTITIES, type Entity } from '../core/model.js';
import { plannedId, type PlannedChange } from '../core/planned-change.js';
import { groupsOf, type ValueGroups } from './value-groups.js';
import { changesOf, type ChangeOutcome, type KindCounts } from '../core/results.js';

/** The most changes of each entity and action that the summary lists. */
const MOST_LISTED: Readonly<Record<PlannedChange['action'], number>> = {
  delete: 500,
  create: 200,
  update: 200,
};

/** A change of the plan, and what became of it. */
export interface ListedChange extends PlannedChange {
  /** The outcome of the change; missing if it was not sent, or not confirmed yet. */
  readonly outcome?: ChangeOutcome['outcome'];
  /** The values of the attributes of the list (`attributes`), if they are allowed and were read. */
  readonly values?: readonly string[];
}

/** Values of allowed attributes of entities that a plan deletes. */
export interface AllowedValues {
  readonly entity: Entity;
  readonly attributes: readonly string[];
  /** The values by external id, in the order of `attributes`. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** The changes of one entity and action. */
export interface ChangeList {
  readonly entity: Entity;
  readonly action: PlannedChange['action'];
  readonly count: number;
  /** The first 500 deletions; the first 200 creations and updates. */
  readonly first: readonly ListedChange[];
  /** The attributes whose values are shown. */
  readonly attributes?: readonly string[];
  /** The changes by the values of these attributes. */
  readonly groups?: readonly ValueGroups[];
  /** The number of changes whose values are known. */
  readonly known?: number;
}

interface OpenList {
  count: number;
  readonly first: Map<string, { -readonly [K in keyof ListedChange]: ListedChange[K] }>;
  shown?: Pick<ChangeList, 'attributes' | 'groups' | 'known'>;
}

/** The first changes of a plan by entity and action, with their outcomes, in bounded memory. */
export class PlannedLists {
  readonly #lists = new Map<string, OpenList>();
  #count = 0;

  add(changes: readonly PlannedChange[]): void {
    for (const change of changes) {
      const { entity, action } = change;
      const list = this.#list(entity, action);
      list.count++;
      this.#count++;
      if (list.first.size < MOST_LISTED[action]) list.first.set(plannedId(change), { ...change });
    }
  }

  /** Remembers what became of a change, if it is listed. */
  end({ entity, kind, created, outcome, ...ids }: ChangeOutcome): void {
    const action = kind === 'delete' ? 'delete' : created ? 'create' : 'update';
    const { externalId, memberExternalId } = ids;
    const id = memberExternalId === undefined ? externalId : `${externalId}/${memberExternalId}`;
    const listed = this.#lists.get(`${entity} ${action}`)?.first.get(id);
    if (listed !== undefined) listed.outcome = outcome;
  }

  /** Shows these values beside the deletions that are listed. */
  show({ entity, attributes, values }: AllowedValues): void {
    const list = this.#lists.get(`${entity} delete`);
    if (list === undefined) return;
    for (const change of list.first.values()) {
      const known = values.get(change.externalId);
      if (known !== undefined) change.values = known;
    }
    const groups = groupsOf(attributes, [...values.values()]);
    list.shown = { attributes, groups, known: values.size };
  }

  /** True if the lists have every change of this plan: the run was connected with the report, and its plan was complete. */
  isOf(entities: Readonly<Record<Entity, KindCounts>>): boolean {
    return this.#count === changesOf(entities);
  }

  /** The lists that are not empty: deletions first. */
  lists(): readonly ChangeList[] {
    return (['delete', 'create', 'update'] as const).flatMap((action) =>
      ENTITIES.flatMap((entity) => {
        const list = this.#lists.get(`${entity} ${action}`);
        return list === undefined
          ? []
          : [{ entity, action, count: list.count, first: [...list.first.values()], ...list.shown }];
      }),
    );
  }

  #list(entity: Entity, action: PlannedChange['action']): OpenList {
    const name = `${entity} ${action}`;
    const known = this.#lists.get(name);
    if (known !== undefined) return known;
    const made = { count: 0, first: new Map() };
    this.#lists.set(name, made);
    return made;
  }
}
