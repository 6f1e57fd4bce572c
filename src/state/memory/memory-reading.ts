import type { Entity } from '../../core/model.js';
import { Reference, Seen, type Reading } from '../store.js';

const MISSING_CHUNK = 4096;
/** Characters of a fingerprint; what is behind them are prints of attributes. */
const FINGERPRINT = 16;

/** A reading over maps: the plainest form of the contract. */
export class MemoryReading implements Reading {
  readonly #baseline: Readonly<Record<Entity, ReadonlyMap<string, string>>>;
  readonly #onClose: () => void;
  readonly #compared: Record<Entity, Set<string>> = {
    users: new Set(),
    groups: new Set(),
    memberships: new Set(),
  };
  readonly #kept: Record<Entity, Set<string>> = {
    users: new Set(),
    groups: new Set(),
    memberships: new Set(),
  };
  readonly #complete = new Set<Entity>();

  constructor(baseline: Readonly<Record<Entity, ReadonlyMap<string, string>>>, onClose: () => void) {
    this.#baseline = baseline;
    this.#onClose = onClose;
  }

  async compare(
    entity: Entity,
    keys: readonly string[],
    fingerprints: readonly string[],
  ): Promise<Uint8Array> {
    const baseline = this.#baseline[entity];
    const compared = this.#compared[entity];
    return Uint8Array.from(keys, (key, i) => {
      if (compared.has(key)) return Seen.DUPLICATE;
      compared.add(key);
      const known = baseline.get(key);
      if (known === undefined || known === '') return Seen.NEW;
      return known.slice(0, FINGERPRINT) === fingerprints[i]?.slice(0, FINGERPRINT)
        ? Seen.SAME
        : Seen.CHANGED;
    });
  }

  async held(entity: Entity, keys: readonly string[]): Promise<readonly string[]> {
    return keys.map((key) => (this.#baseline[entity].get(key) ?? '').slice(FINGERPRINT));
  }

  async knows(entity: Entity, keys: readonly string[]): Promise<Uint8Array> {
    return Uint8Array.from(keys, (key) => (this.#baseline[entity].has(key) ? 1 : 0));
  }

  async keep(entity: Entity, keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#kept[entity].add(key);
  }

  complete(entity: Entity): void {
    this.#complete.add(entity);
  }

  isComplete(entity: Entity): boolean {
    return this.#complete.has(entity);
  }

  async refer(entity: Entity, keys: readonly string[]): Promise<Uint8Array> {
    const known = this.#baseline[entity];
    return Uint8Array.from(keys, (key) => {
      const fingerprint = known.get(key);
      const seen = this.#compared[entity].has(key);
      if (fingerprint === undefined) return seen ? Reference.NEW : Reference.ABSENT;
      if (this.#complete.has(entity) && !seen && !this.#kept[entity].has(key)) return Reference.ABSENT;
      if (fingerprint !== '') return Reference.HELD;
      // Sent anew by this reading, or nothing is known of it: its record may be a rejected one.
      return seen ? Reference.NEW : Reference.ABSENT;
    });
  }

  async *missing(entity: Entity): AsyncGenerator<readonly string[], void, undefined> {
    let chunk: string[] = [];
    for (const key of this.#baseline[entity].keys()) {
      if (this.#compared[entity].has(key) || this.#kept[entity].has(key)) continue;
      chunk.push(key);
      if (chunk.length === MISSING_CHUNK) {
        yield chunk;
        chunk = [];
      }
    }
    if (chunk.length > 0) yield chunk;
  }

  async close(): Promise<void> {
    this.#onClose();
  }
}
