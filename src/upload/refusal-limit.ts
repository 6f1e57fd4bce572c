import { RecordError } from '../core/errors.js';
import type { Batch, Entity } from '../core/model.js';
import type { RunContext } from '../flow/run-context.js';
import type { EntityCounts } from '../state/store.js';

/** A run is stopped at this number of refused records of an entity in a row, with no batch of it accepted in between. */
const MOST_IN_A_ROW = 40;
/** It is also stopped at this number of refused records of an entity, if they are more than this share of the directory. */
const LEAST = 20;
const SHARE = 0.05;

/**
 * Stops a run in which Okta refuses so many records of an entity that the mapping is probably wrong: forty in a row, or at least
 * twenty that are more than 5 % of the directory.
 *
 * The share is one of the directory and not of the changes. Every run sends refused records again, and on a day with few other
 * changes they would stop every run, and with it the removal of people who left.
 */
export class RefusalLimit {
  /** The number of rows in the baseline before this run. */
  population: Readonly<Record<Entity, EntityCounts>> | undefined;
  readonly #run: RunContext;
  readonly #acknowledged: Record<Entity, number> = { users: 0, groups: 0, memberships: 0 };
  readonly #refused: Record<Entity, number> = { users: 0, groups: 0, memberships: 0 };
  readonly #inARow: Record<Entity, number> = { users: 0, groups: 0, memberships: 0 };

  constructor(run: RunContext) {
    this.#run = run;
  }

  /** Counts a batch that Okta acknowledged. */
  acknowledged({ entity, changes }: Batch): void {
    this.#acknowledged[entity] += changes.length;
    this.#inARow[entity] = 0;
  }

  /** Counts a record that Okta refused. @throws {@link RecordError} if the limit is exceeded */
  refused(entity: Entity, errorCode: string | undefined, reason?: string): void {
    const refused = ++this.#refused[entity];
    const inARow = ++this.#inARow[entity];
    const isShare = refused >= LEAST && refused > this.#directory(entity) * SHARE;
    if (inARow < MOST_IN_A_ROW && !isShare) return;
    throw new RecordError(
      entity,
      `Okta refused ${refused} ${entity} (last code: ${errorCode ?? 'none'}); the run was stopped${reason === undefined ? '' : `. Okta's last reason: ${reason}`}`,
    );
  }

  /** The size of the directory: the largest of the known numbers of records. */
  #directory(entity: Entity): number {
    const { known, unknown } = this.population?.[entity] ?? { known: 0, unknown: 0 };
    const sent = this.#acknowledged[entity] + this.#refused[entity];
    return Math.max(known + unknown, this.#run.counts(entity).read, sent);
  }
}
