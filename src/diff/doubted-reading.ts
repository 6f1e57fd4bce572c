import { OptionsError } from '../core/errors.js';
import { ENTITIES, type Entity } from '../core/model.js';
import { Reference, Seen, UNKNOWN, type Held, type Reading, type WholeComparison } from '../state/store.js';

/**
 * A reading that takes some rows for unknown, although the baseline has them as confirmed. See the option `resend`.
 *
 * @param doubted - `'all'`, names of entities, and external ids of users and groups
 * @param refused - ids of users and groups that may be named although the baseline does not have them
 * @throws {@link OptionsError} for any other id that the baseline does not have; the reading is then closed
 */
export async function doubtedReading(
  reading: Reading,
  doubted: readonly string[],
  refused: ReadonlySet<string> = new Set(),
): Promise<Reading> {
  if (doubted.length === 0) return reading;
  const names = new Set(doubted);
  const entities = new Set(ENTITIES.filter((entity) => names.has('all') || names.has(entity)));
  const ids = doubted.filter((name) => name !== 'all' && !(ENTITIES as readonly string[]).includes(name));
  try {
    await requireKnown(
      reading,
      ids.filter((id) => !refused.has(id)),
    );
  } catch (error) {
    await reading.close();
    throw error;
  }
  return new DoubtedReading(reading, entities, new Set(ids));
}

/** A wrong id must not pass in silence: the person would not be sent again. */
async function requireKnown(reading: Reading, ids: readonly string[]): Promise<void> {
  const [users, groups] = [await reading.held('users', ids), await reading.held('groups', ids)];
  const missing = ids.filter((_, i) => users[i] === undefined && groups[i] === undefined);
  if (missing.length === 0) return;
  throw new OptionsError(
    'resend',
    `the state has no user or group with the id ${JSON.stringify(missing[0])}; a record that it does not have is sent anyway`,
  );
}

class DoubtedReading implements Reading {
  readonly #reading: Reading;
  readonly #entities: ReadonlySet<Entity>;
  readonly #ids: ReadonlySet<string>;
  /** Entities of which records were compared. Rows of an entity that is not read cannot be sent again. */
  readonly #compared = new Set<Entity>();

  constructor(reading: Reading, entities: ReadonlySet<Entity>, ids: ReadonlySet<string>) {
    this.#reading = reading;
    this.#entities = entities;
    this.#ids = ids;
  }

  /** True if a row of the entity may be doubted. */
  #mayDoubt(entity: Entity): boolean {
    return this.#entities.has(entity) || (entity !== 'memberships' && this.#ids.size > 0);
  }

  #isDoubted(entity: Entity, key: string): boolean {
    return this.#entities.has(entity) || (entity !== 'memberships' && this.#ids.has(key));
  }

  async compare(entity: Entity, digests: Uint32Array, keyAt: (place: number) => string): Promise<Uint8Array> {
    const codes = await this.#reading.compare(entity, digests, keyAt);
    this.#compared.add(entity);
    if (!this.#mayDoubt(entity)) return codes;
    return codes.map((code, i) => {
      const isConfirmed = code === Seen.SAME || code === Seen.CHANGED;
      return isConfirmed && this.#isDoubted(entity, keyAt(i)) ? Seen.UNKNOWN : code;
    });
  }

  /** Undefined for a doubted entity: unchanged records are not among those that differ, and they would not be sent. */
  compareAll(entity: Entity): WholeComparison | undefined {
    return this.#mayDoubt(entity) ? undefined : this.#reading.compareAll?.(entity);
  }

  async held(entity: Entity, keys: readonly string[]): Promise<readonly (Held | undefined)[]> {
    const rows = await this.#reading.held(entity, keys);
    return rows.map((row, i) => (row && this.#isDoubted(entity, keys[i] as string) ? UNKNOWN : row));
  }

  /** Undefined for a doubted entity: a screen would report its unchanged rows, and they would not be sent. */
  digests(entity: Entity): ReturnType<Reading['digests']> {
    return this.#mayDoubt(entity) ? undefined : this.#reading.digests(entity);
  }

  keep(entity: Entity, keys: readonly string[]): Promise<void> {
    return this.#reading.keep(entity, keys);
  }

  complete(entity: Entity): void {
    this.#reading.complete(entity);
  }

  isComplete(entity: Entity): boolean {
    return this.#reading.isComplete(entity);
  }

  async refer(entity: Entity, keys: readonly string[]): Promise<Uint8Array> {
    const codes = await this.#reading.refer(entity, keys);
    if (!this.#compared.has(entity)) return codes;
    return codes.map((code, i) =>
      code === Reference.HELD && this.#isDoubted(entity, keys[i] as string) ? Reference.NEW : code,
    );
  }

  holders(logins: readonly string[]): Promise<readonly (readonly string[])[]> {
    return this.#reading.holders(logins);
  }

  missing(entity: Entity): AsyncIterable<readonly string[]> {
    return this.#reading.missing(entity);
  }

  close(): Promise<void> {
    return this.#reading.close();
  }
}
