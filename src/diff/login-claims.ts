import type { Change } from '../core/model.js';
import { withoutPlaces, type Chunk } from '../flow/chunk.js';
import { HashedKeys } from '../fingerprints/hashed-keys.js';
import { loginOf } from '../fingerprints/login-fingerprints.js';
import type { Lane, Outbox, Reading, StateStore } from '../state/store.js';
import type { DiffCounts } from './diff-counts.js';
import { countDifference, type Difference } from './difference.js';
import type { EarlierRefusals } from './earlier-refusals.js';
import { hashOfDigest, placeText, PlaceTable, type Place } from './place-table.js';
import type { Rejections } from './rejections.js';
import { runReferences } from './run-references.js';

/** The lane of users who wait for a login. */
const WAITING: Lane = { entity: 'users', kind: 'upsert', dependent: true };

/** A user who wants a login that other users of the baseline have, or may have. */
interface WaitingUser {
  /** The keys of the other users. */
  readonly holders: readonly string[];
  /** True if the waiting user may have the login too, because its row is unknown. */
  readonly mayHave: boolean;
  readonly place: Place;
  readonly isCreated: boolean;
}

/**
 * The logins (`userName`) that the users of a read claim, because they are new or get another one. A login has one user in Okta,
 * so that of two records with one login the second is rejected.
 *
 * If another user of the baseline has the login, or may have it because the row is unknown, the record waits for the end of the
 * read. If all others who may have it are removed or get another login in this run, the record is sent in a later session,
 * otherwise it is rejected. It is also rejected if another one of them waits too: two people who exchange their logins would need a
 * third login in between. A user who may have the login already waits as well, but is rejected only if another one certainly has
 * it. Otherwise two users whose rows are unknown could keep each other out in every run.
 */
export class LoginClaims {
  readonly #reading: Reading;
  readonly #openOutbox: () => Promise<Outbox>;
  readonly #rejections: Rejections;
  readonly #counts: DiffCounts;
  readonly #refusals: EarlierRefusals;
  /** True if the baseline has users. */
  readonly #hasHolders: boolean;
  /** The places of the records that claim them, by the fingerprint of the login. */
  readonly #claimed = new PlaceTable();
  /** Users of the baseline who are sent with another login. */
  readonly #renamed: HashedKeys;
  readonly #waiting = new Map<string, WaitingUser>();
  readonly #holders = new Set<string>();
  /** Those of {@link #holders} who are removed. */
  readonly #removed = new Set<string>();
  /** The changes of the users who wait. They contain profiles, and may be many if ids have changed. */
  #outbox: Outbox | undefined;

  constructor(
    reading: Reading,
    state: StateStore,
    rejections: Rejections,
    counts: DiffCounts,
    refusals: EarlierRefusals,
    hasHolders: boolean,
  ) {
    this.#reading = reading;
    this.#openOutbox = () => state.outbox();
    this.#rejections = rejections;
    this.#counts = counts;
    this.#refusals = refusals;
    this.#hasHolders = hasHolders;
    this.#renamed = new HashedKeys(state.fingerprintKey);
  }

  /** The users who can be sent now. The others are rejected, or wait for {@link release}. */
  async sendable(differences: readonly Difference[]): Promise<Difference[]> {
    const holders = await this.#holdersOf(differences);
    const sendable: Difference[] = [];
    const waiting: Change[] = [];
    for (const difference of differences) {
      const { change } = difference;
      const login = loginIn(difference);
      const isClaim = login !== undefined && login !== loginBefore(difference);
      const all = isClaim ? (holders.get(login) ?? []) : [];
      const keepsLogin = !isClaim || all.includes(change.key);
      if (!keepsLogin && !this.#claim(difference, login)) continue;
      const others = all.filter((holder) => holder !== change.key);
      this.#addArrival(difference, others);
      if (others.length === 0) {
        if (!keepsLogin || login === undefined) this.#addRenamed(difference);
        sendable.push(difference);
      } else {
        this.#wait(difference, others, keepsLogin);
        waiting.push({ ...change, dependent: true });
      }
    }
    if (waiting.length > 0) await (this.#outbox ??= await this.#openOutbox()).add(waiting);
    return sendable;
  }

  /** Finds the users that these changes remove. */
  removed(changes: readonly Change[]): void {
    for (const { kind, key } of changes)
      if (kind === 'delete' && this.#holders.has(key)) this.#removed.add(key);
  }

  /** Emits those of the waiting users who get their login, and rejects the others. Called after all other changes of users. */
  async *release(): AsyncGenerator<Chunk<Change>, void, undefined> {
    if (this.#outbox === undefined) return;
    const rejected = new Set<string>();
    for (const [key, user] of this.#waiting) {
      const holder = await this.#obstacleOf(user);
      if (holder === undefined) continue;
      rejected.add(key);
      this.#reject(key, user, holder);
    }
    await this.#outbox.seal();
    for await (const changes of this.#outbox.read(WAITING)) {
      const free = changes.filter((change) => !rejected.has(change.key) && !this.#refusals.keepsOut(change));
      for (const change of free) this.#send(change);
      if (free.length > 0) yield withoutPlaces(free);
    }
  }

  async close(): Promise<void> {
    await this.#outbox?.close();
  }

  /** The users of the baseline who may have each login that may be claimed. */
  async #holdersOf(
    differences: readonly Difference[],
  ): Promise<ReadonlyMap<string, readonly string[] | undefined>> {
    if (!this.#hasHolders) return new Map();
    const logins = new Set<string>();
    for (const difference of differences) {
      const login = loginIn(difference);
      if (login !== undefined && login !== loginBefore(difference)) logins.add(login);
    }
    const all = [...logins];
    const holders = await this.#reading.holders(all);
    return new Map(all.map((login, i) => [login, holders[i]]));
  }

  /** Claims a login. If an earlier record has claimed it, the record is rejected, and the result is false. */
  #claim(difference: Difference, login: string): boolean {
    const { change, place } = difference;
    const earlier = this.#claimed.add(hashOfDigest(login), place);
    if (earlier === undefined) return true;
    if (change.created) runReferences(this.#reading).withoutLogin.add(change.key);
    this.#rejections.reject(change.key, place, {
      field: 'userName',
      code: 'DUPLICATE_LOGIN',
      reason: `is that of an earlier record of this source (${placeText(earlier)})`,
    });
    return false;
  }

  #addArrival({ change }: Difference, holders: readonly string[]): void {
    if (!change.created || change.isResend || !this.#hasHolders) return;
    const namesakes = runReferences(this.#reading).namesakes.get(change.key) ?? [];
    this.#counts.idChanges?.addArrival(change.key, [...holders, ...namesakes]);
  }

  #addRenamed({ change, before }: Difference): void {
    if (before !== undefined || change.isResend) this.#renamed.add(change.key);
  }

  #wait({ change, place }: Difference, holders: readonly string[], mayHave: boolean): void {
    this.#waiting.set(change.key, { holders, mayHave, place, isCreated: change.created });
    for (const holder of holders) this.#holders.add(holder);
  }

  /** True if this run removes the holder of a login, or gives it another login, before the waiting users are sent. */
  #isFree(holder: string): boolean {
    return this.#removed.has(holder) || this.#renamed.has(holder);
  }

  /** The user who keeps the login, because of whom the waiting user is rejected; undefined if there is none. */
  async #obstacleOf({ holders, mayHave }: WaitingUser): Promise<string | undefined> {
    const others = holders.filter((holder) => !this.#isFree(holder));
    if (!mayHave) return others[0];
    const rows = await this.#reading.held('users', others);
    return others.find((_, i) => rows[i]?.kind === 'confirmed');
  }

  #reject(key: string, { place, isCreated }: WaitingUser, holder: string): void {
    const waits = this.#waiting.has(holder) ? ', who waits for the userName of another user' : '';
    if (isCreated) runReferences(this.#reading).withoutLogin.add(key);
    this.#rejections.reject(key, place, {
      field: 'userName',
      code: 'DUPLICATE_LOGIN',
      reason: `is in use by user ${holder}${waits}`,
    });
  }

  #send(change: Change): void {
    const { place } = this.#waiting.get(change.key) as WaitingUser;
    countDifference({ change, place, before: undefined, emptied: [] }, this.#counts);
    if (!change.created) return;
    const { created, late } = runReferences(this.#reading);
    created.users.add(change.key);
    late.add(change.key);
  }
}

/** The fingerprint of the login of a record; undefined if it has none. */
function loginIn({ change }: Difference): string | undefined {
  return loginOf(change.fingerprint?.attributes ?? '');
}

/** The fingerprint of the login in the baseline; undefined if it is not known. */
function loginBefore({ before }: Difference): string | undefined {
  return before?.kind === 'confirmed' ? loginOf(before.fingerprint.attributes) : undefined;
}
