import type { Change, Entity } from '../core/model.js';
import type { StateStore } from './store.js';

/** The name of the meta value that contains them. */
export const REFUSED_RECORDS = 'refused-records';
/** After this time, in milliseconds, a record is tried again, because the cause may have been Okta's and be gone. */
const RETRY_AFTER_MS = 24 * 3_600_000;
/** The most records that are remembered; of more, the oldest is forgotten, and its sessions fail again. */
const MOST = 1000;

/** A record that made sessions fail, by its keyed fingerprint. */
interface RememberedRefusal {
  readonly entity: Entity;
  readonly key: string;
  /** The digest of {@link Change.fingerprint}, in base64. */
  readonly digest: string;
  readonly code: string;
  /** When its last session failed, in milliseconds since the epoch. */
  readonly at: number;
}

/**
 * The records with which every session failed. To find such a record takes many sessions, so the state remembers it: while it has
 * the same fingerprint, it is not sent again for a day, unless the option `resend` names it. Deletions are not remembered: an account that
 * should end is tried again by each run.
 */
export class RememberedRefusals {
  readonly #state: StateStore;
  readonly #refusals: Map<string, RememberedRefusal>;

  private constructor(state: StateStore, refusals: readonly RememberedRefusal[]) {
    this.#state = state;
    this.#refusals = new Map(refusals.map((one) => [nameOf(one), one]));
  }

  /**
   * Loads them from the state.
   * @param now - milliseconds since the epoch; records that failed more than a day ago are not among them
   * @param resend - the option `resend`; the records that it names are not among them
   */
  static async load(
    state: StateStore,
    now: number,
    resend: readonly string[] = [],
  ): Promise<RememberedRefusals> {
    const text = await state.getMeta(REFUSED_RECORDS);
    const refusals = text === undefined ? [] : (JSON.parse(text) as readonly RememberedRefusal[]);
    const names = new Set(resend);
    return new RememberedRefusals(
      state,
      // A time in the future is that of a clock that was wrong.
      refusals.filter((refusal) => Math.abs(now - refusal.at) < RETRY_AFTER_MS && !isNamed(refusal, names)),
    );
  }

  /** Loads them as {@link load} does. The records that `resend` names are forgotten for good, because this run sends them. */
  static async loadToSend(
    state: StateStore,
    now: number,
    resend: readonly string[],
  ): Promise<RememberedRefusals> {
    const refusals = await RememberedRefusals.load(state, now, resend);
    if (resend.length > 0) await refusals.#store();
    return refusals;
  }

  get size(): number {
    return this.#refusals.size;
  }

  /** The external ids of the users and groups among them. */
  get ids(): ReadonlySet<string> {
    const all = [...this.#refusals.values()].filter(({ entity }) => entity !== 'memberships');
    return new Set(all.map(({ key }) => key));
  }

  /** The code with which Okta refused this very record; undefined if it did not, or if the record has changed since. */
  codeOf(change: Change): string | undefined {
    const refusal = this.#refusals.get(nameOf(change));
    return refusal !== undefined && refusal.digest === digestOf(change) ? refusal.code : undefined;
  }

  async remember(change: Change, code: string, now: number): Promise<void> {
    const digest = digestOf(change);
    if (digest === undefined) return;
    const { entity, key } = change;
    const name = nameOf(change);
    // The newest is the last.
    this.#refusals.delete(name);
    this.#refusals.set(name, { entity, key, digest, code, at: now });
    await this.#store();
  }

  async #store(): Promise<void> {
    await this.#state.setMeta(REFUSED_RECORDS, JSON.stringify([...this.#refusals.values()].slice(-MOST)));
  }
}

/** True if the option `resend` names the record. */
function isNamed({ entity, key }: RememberedRefusal, names: ReadonlySet<string>): boolean {
  return names.has('all') || names.has(entity) || (entity !== 'memberships' && names.has(key));
}

function nameOf({ entity, key }: Pick<Change, 'entity' | 'key'>): string {
  return `${entity} ${key}`;
}

function digestOf({ fingerprint }: Change): string | undefined {
  return fingerprint && Buffer.from(fingerprint.digest, 'latin1').toString('base64');
}
