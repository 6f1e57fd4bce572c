import { ENTITIES, splitMembershipKey, type Entity } from '../core/model.js';
import {
  DIFFERENCE_STATUSES,
  type Difference,
  type DifferenceStatus,
  type VerifyReport,
} from '../core/verify-results.js';

const MOST_EXAMPLES = 20;

/** Counts what was compared, and passes on each difference. */
export class VerifyTally {
  readonly examples: Difference[] = [];
  readonly #counts: Record<Entity, Record<'same' | DifferenceStatus, number>>;
  readonly #onDifference: ((difference: Difference) => void) | undefined;

  constructor(onDifference?: (difference: Difference) => void) {
    this.#onDifference = onDifference;
    const zero = () => ({
      same: 0,
      missing: 0,
      differing: 0,
      deactivated: 0,
      unconfirmed: 0,
      foreign: 0,
      unknown: 0,
    });
    this.#counts = { users: zero(), groups: zero(), memberships: zero() };
  }

  get counts(): VerifyReport['counts'] {
    return structuredClone(this.#counts);
  }

  get differences(): number {
    return ENTITIES.flatMap((entity) =>
      DIFFERENCE_STATUSES.map((status) => this.#counts[entity][status]),
    ).reduce((sum, n) => sum + n, 0);
  }

  same(entity: Entity): void {
    this.#counts[entity].same++;
  }

  /** @param key - the key of the entity, as a state has it */
  differs(entity: Entity, key: string, status: DifferenceStatus, attributes: readonly string[] = []): void {
    const { groupExternalId, memberExternalId } =
      entity === 'memberships'
        ? splitMembershipKey(key)
        : { groupExternalId: key, memberExternalId: undefined };
    this.add({
      entity,
      status,
      externalId: groupExternalId,
      ...(memberExternalId !== undefined && { memberExternalId }),
      attributes,
    });
  }

  add(difference: Difference): void {
    this.#counts[difference.entity][difference.status]++;
    if (this.examples.length < MOST_EXAMPLES) this.examples.push(difference);
    this.#onDifference?.(difference);
  }
}
