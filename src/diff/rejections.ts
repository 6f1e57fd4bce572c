import { RecordError } from '../core/errors.js';
import { displayKey, type Entity } from '../core/model.js';
import type { Rejection } from '../core/rejection.js';
import type { RunContext } from '../flow/run-context.js';
import { placeText, type Place } from './place-table.js';

/** Rejects and leaves out records of one entity that `validate` has accepted. */
export class Rejections {
  readonly #entity: Entity;
  readonly #context: RunContext;
  readonly #onDuplicate: 'reject' | 'fail';

  constructor(entity: Entity, context: RunContext, onDuplicate: 'reject' | 'fail' = 'reject') {
    this.#entity = entity;
    this.#context = context;
    this.#onDuplicate = onDuplicate;
  }

  /** @param key - the key of the record in a state */
  reject(
    key: string,
    place: Place,
    { code, reason, field }: Pick<Rejection, 'code' | 'reason'> & { readonly field?: string },
  ): void {
    const entity = this.#entity;
    this.#uncount();
    const externalId = displayKey(entity, key);
    this.#context.reject({ entity, externalId, ...place, field, code, reason }, key);
  }

  /**
   * @param first - the place of the first record with the key, if it is known
   * @throws {@link RecordError} with `onDuplicate: 'fail'`
   */
  duplicate(key: string, place: Place, first?: Place): void {
    const entity = this.#entity;
    const id = entity === 'memberships' ? 'membership' : 'externalId';
    const where = first === undefined ? '' : ` (${placeText(first)})`;
    const reason = `the same ${id} appears earlier in this source${where}`;
    if (this.#onDuplicate === 'fail') {
      throw new RecordError(
        entity,
        `${entity} ${displayKey(entity, key)}: ${reason} (record ${place.position})`,
      );
    }
    this.reject(key, place, { code: 'DUPLICATE', reason });
  }

  leaveOut(): void {
    this.#uncount();
    this.#context.leaveOut(this.#entity, undefined);
  }

  /** Without `validate` before `diff`, no record was counted as accepted. */
  #uncount(): void {
    const counts = this.#context.counts(this.#entity);
    if (counts.accepted > 0) counts.accepted--;
  }
}
