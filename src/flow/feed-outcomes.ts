import { ENTITIES, type Entity } from '../core/model.js';

/** Why a record of a feed did not reach Okta. */
export interface FeedFailure {
  readonly entity: Entity;
  /** Undefined if the record could not be identified. */
  readonly key: string | undefined;
  readonly code: string;
}

/**
 * Collects which records of delta feeds fail in a run, and which of the records that are owed from earlier runs the feeds contain. A
 * feed does not contain a record again, so that what fails must be remembered by its key.
 */
export class FeedOutcomes {
  /** True if more records failed than are remembered. */
  overflowed = false;
  readonly #feeds: ReadonlySet<Entity>;
  readonly #most: number;
  readonly #owed: ReadonlySet<string>;
  readonly #keys = new Map<Entity, readonly string[]>();
  readonly #failures = new Map<string, FeedFailure & { readonly position: number }>();
  readonly #seen = new Set<string>();

  /**
   * @param feeds - the entities whose source is a feed
   * @param owed - the keys that are owed from earlier runs
   * @param most - the most failures that are collected
   */
  constructor(
    feeds: readonly Entity[],
    owed: readonly { readonly entity: Entity; readonly key?: string | undefined }[],
    most: number,
  ) {
    this.#feeds = new Set(feeds);
    this.#owed = new Set(owed.map(({ entity, key }) => feedRecordName(entity, key)));
    this.#most = most;
    for (const entity of ENTITIES) {
      const keys = owed.flatMap((one) => (one.entity === entity && one.key !== undefined ? [one.key] : []));
      this.#keys.set(entity, keys);
    }
  }

  /** The failures, each entity and key once. */
  get failures(): Iterable<FeedFailure> {
    return this.#failures.values();
  }

  /** The keys of an entity that are owed from earlier runs. */
  owedOf(entity: Entity): readonly string[] {
    return this.#keys.get(entity) ?? [];
  }

  /** Notes a record that is not sent, or that Okta refused. Entities whose source is no feed are ignored. */
  fail(entity: Entity, key: string | undefined, code: string, position = Infinity): void {
    if (!this.#feeds.has(entity)) return;
    const name = feedRecordName(entity, key);
    if (!this.#failures.has(name) && this.#failures.size >= this.#most) this.overflowed = true;
    else this.#failures.set(name, { entity, key, code, position });
  }

  /** Notes a record that the feed contains and that was not rejected. It replaces a rejected record before it. */
  accept(entity: Entity, key: string, position: number): void {
    if (this.#failures.size + this.#owed.size === 0) return;
    const name = feedRecordName(entity, key);
    const failure = this.#failures.get(name);
    if (failure !== undefined && failure.position < position) this.#failures.delete(name);
    if (this.#owed.has(name)) this.#seen.add(name);
  }

  /** True if the feeds of this run contain the record, and it did not fail. */
  isSettled(entity: Entity, key: string | undefined): boolean {
    const name = feedRecordName(entity, key);
    return this.#seen.has(name) && !this.#failures.has(name);
  }
}

/** An entity and a key as one text. */
export function feedRecordName(entity: Entity, key: string | undefined): string {
  return key === undefined ? entity : `${entity} ${key}`;
}
