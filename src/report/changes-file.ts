import { join } from 'node:path';
import type { Entity } from '../core/model.js';
import type { ChangeOutcome, KindCounts } from '../core/results.js';
import { joinNames, type Cell } from './files/csv-cells.js';
import { RowFile } from './files/row-file.js';
import { csvRows } from './files/row-format.js';
import { TopCounts } from './top-counts.js';

const COLUMNS = [
  'entity',
  'kind',
  'externalId',
  'memberExternalId',
  'changedAttributes',
  'session',
  'outcome',
  'errorCode',
] as const;

/** An attribute, and the confirmed updates that changed it. */
export interface AttributeCount {
  readonly entity: Entity;
  readonly attribute: string;
  readonly updates: number;
}

/** `changes.csv`: the outcome of every change, and counts of the outcomes. */
export class ChangesFile {
  readonly file: RowFile<readonly Cell[]>;
  readonly outcomes: Record<ChangeOutcome['outcome'], number> = { confirmed: 0, refused: 0, unknown: 0 };
  /** Counted from the outcomes, for a run that failed without a report. */
  readonly confirmed: Record<Entity, { -readonly [K in keyof KindCounts]: number }> = {
    users: { creates: 0, updates: 0, deletes: 0 },
    groups: { creates: 0, updates: 0, deletes: 0 },
    memberships: { creates: 0, updates: 0, deletes: 0 },
  };
  /** Confirmed updates of users and groups whose changed attributes are unknown. */
  unnamedUpdates = 0;
  readonly #attributes = new TopCounts<Omit<AttributeCount, 'updates'>>();

  constructor(directory: string) {
    this.file = new RowFile(join(directory, 'changes.csv'), csvRows(COLUMNS));
  }

  add(change: ChangeOutcome): void {
    const kind = kindOf(change);
    this.outcomes[change.outcome]++;
    this.file.add([
      change.entity,
      kind,
      change.externalId,
      change.memberExternalId ?? '',
      joinNames(change.changedAttributes ?? []),
      change.sessionId,
      change.outcome,
      change.errorCode ?? '',
    ]);
    if (change.outcome === 'confirmed') this.#confirmed(change, kind);
  }

  /** The attributes that changed most, in descending order. */
  topAttributes(most: number): readonly AttributeCount[] {
    return this.#attributes.top(most).map(({ what, count }) => ({ ...what, updates: count }));
  }

  /** Changes of all attributes that {@link topAttributes} of the same length does not list. */
  otherAttributes(most: number): number {
    return this.#attributes.rest(most);
  }

  #confirmed({ entity, changedAttributes }: ChangeOutcome, kind: Kind): void {
    this.confirmed[entity][`${kind}s`]++;
    if (kind !== 'update' || entity === 'memberships') return;
    if (changedAttributes === undefined) this.unnamedUpdates++;
    for (const attribute of changedAttributes ?? [])
      this.#attributes.add(`${entity}:${attribute}`, () => ({ entity, attribute }));
  }
}

type Kind = 'create' | 'update' | 'delete';

function kindOf({ kind, created }: ChangeOutcome): Kind {
  if (kind === 'delete') return 'delete';
  return created ? 'create' : 'update';
}
