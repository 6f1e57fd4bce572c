import { RecordError } from '../core/errors.js';
import type { Batch, Entity } from '../core/model.js';
import type { RunContext } from '../flow/run-context.js';
import type { EntityCounts } from '../state/store.js';

/** Refusals of one entity that are singled out before the run is stopped, and their share of the directory. */
const LEAST = 20;
const SHARE = 0.05;

/**
 * Stops a run in which Okta refuses so many records of an entity that not they are at fault but the mapping: more than
 * a share of the directory, or the first twenty where Okta never took any.
 *
 * The share is not one of the changes: refused records are tried again at every run, and on a day with few others
 * they would stop it for good, and with it the removal of those who left.
 */
export class RefusalLimit {
  /** What Okta held before this run. */
  population: Readonly<Record<Entity, EntityCounts>> | undefined;
  readonly #run: RunContext;
  readonly #acknowledged: Record<Entity, number> = { users: 0, groups: 0, memberships: 0 };
  readonly #refused: Record<Entity, number> = { users: 0, groups: 0, memberships: 0 };

  constructor(run: RunContext) {
    this.#run = run;
  }

  /** Okta acknowledged a batch. */
  acknowledged({ entity, changes }: Batch): void {
    this.#acknowledged[entity] += changes.length;
  }

  /** Okta refused one record. @throws {@link RecordError} when that is one too many */
  refused(entity: Entity, errorCode: string | undefined): void {
    const refused = ++this.#refused[entity];
    if (refused < LEAST || refused <= this.#directory(entity) * SHARE) return;
    throw new RecordError(
      entity,
      `Okta refused ${refused} ${entity} (last code: ${errorCode ?? 'none'}); the run was stopped`,
    );
  }

  /** Records of the entity, by whatever tells most of them; 0 where Okta never took one. */
  #directory(entity: Entity): number {
    const { known, unknown } = this.population?.[entity] ?? { known: 0, unknown: 0 };
    const held = known + unknown;
    if (held + this.#acknowledged[entity] === 0) return 0;
    return Math.max(held, this.#run.counts(entity).read, this.#acknowledged[entity] + this.#refused[entity]);
  }
}
