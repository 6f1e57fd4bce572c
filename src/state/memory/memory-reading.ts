import { StateError } from '../../core/errors.js';
import type { Entity } from '../../core/model.js';
import { digestText } from '../../fingerprints/digests.js';
import { Reference, Seen, type Held, type Reading } from '../store.js';

const MISSING_CHUNK = 4096;

type Baseline = Readonly<Record<Entity, ReadonlyMap<string, Held>>>;

/** A reading of maps in memory. It is the simplest implementation of {@link Reading}. */
export class MemoryReading implements Reading {
  /** Undefined once the reading is closed. */
  #baseline: Baseline | undefined;
  readonly #logins: ReadonlyMap<string, readonly string[]>;
  /** The keys of the users who may have a login; made when somebody claims one. */
  #holders: ReadonlyMap<string, readonly string[]> | undefined;
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

  /** @param logins - the logins that each user may have, by key */
  constructor(baseline: Baseline, logins: ReadonlyMap<string, readonly string[]>, onClose: () => void) {
    this.#baseline = baseline;
    this.#logins = logins;
    this.#onClose = onClose;
  }

  get #open(): Baseline {
    if (this.#baseline === undefined) throw new StateError('the reading of the state is closed');
    return this.#baseline;
  }

  async compare(entity: Entity, digests: Uint32Array, keyAt: (place: number) => string): Promise<Uint8Array> {
    const baseline = this.#open[entity];
    const compared = this.#compared[entity];
    return Uint8Array.from({ length: digests.length / 4 }, (_, i) => {
      const key = keyAt(i);
      if (compared.has(key)) return Seen.DUPLICATE;
      compared.add(key);
      const held = baseline.get(key);
      if (held === undefined) return Seen.NEW;
      if (held.kind === 'unknown') return Seen.UNKNOWN;
      return held.fingerprint.digest === digestText(digests, i) ? Seen.SAME : Seen.CHANGED;
    });
  }

  async held(entity: Entity, keys: readonly string[]): Promise<readonly (Held | undefined)[]> {
    return keys.map((key) => this.#open[entity].get(key));
  }

  /** Undefined, because this reading compares by key and has no table of digests. */
  digests(): undefined {
    return undefined;
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
    const baseline = this.#open[entity];
    return Uint8Array.from(keys, (key) => {
      const held = baseline.get(key);
      const seen = this.#compared[entity].has(key);
      if (held === undefined) return seen ? Reference.NEW : Reference.ABSENT;
      if (this.#complete.has(entity) && !seen && !this.#kept[entity].has(key)) return Reference.ABSENT;
      if (held.kind === 'confirmed') return Reference.HELD;
      // An unknown row that was not compared may have a rejected record, so it is not sent.
      return seen ? Reference.NEW : Reference.ABSENT;
    });
  }

  async holders(logins: readonly string[]): Promise<readonly (readonly string[])[]> {
    void this.#open;
    const holders = (this.#holders ??= holdersOf(this.#logins));
    return logins.map((login) => holders.get(login) ?? []);
  }

  async *missing(entity: Entity): AsyncGenerator<readonly string[], void, undefined> {
    let chunk: string[] = [];
    for (const key of this.#open[entity].keys()) {
      if (this.#compared[entity].has(key) || this.#kept[entity].has(key)) continue;
      chunk.push(key);
      if (chunk.length < MISSING_CHUNK) continue;
      yield chunk;
      void this.#open;
      chunk = [];
    }
    if (chunk.length > 0) yield chunk;
  }

  async close(): Promise<void> {
    if (this.#baseline === undefined) return;
    this.#baseline = undefined;
    this.#onClose();
  }
}

/** The keys of the users who may have each login, in order. */
function holdersOf(logins: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly string[]> {
  const holders = new Map<string, string[]>();
  for (const key of [...logins.keys()].sort())
    for (const login of logins.get(key) ?? []) holders.set(login, [...(holders.get(login) ?? []), key]);
  return holders;
}
