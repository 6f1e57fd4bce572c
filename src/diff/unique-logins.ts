import type { UserRecord } from '../core/model.js';
import { HashedKeys } from '../fingerprints/hashed-keys.js';
import { LoginFingerprints, loginOf } from '../fingerprints/login-fingerprints.js';
import { withPlaces, type Chunk } from '../flow/chunk.js';
import { contextOf, flowOf, type Flow } from '../flow/flow.js';
import type { Held, Reading } from '../state/store.js';
import { runReferences } from './run-references.js';

/** The highest number of a form, and so the most people with one login in the source. */
export const MOST_FORMS = 199;
/** Forms that are looked up together: few at first, because the second is nearly always free. */
const FIRST_BATCH = 8;
const BATCH_GROWTH = 8;

/** Options of unique logins. */
export interface UniqueLoginsOptions {
  /**
   * Attributes that get the number of the login as well, such as an `email` of the same parts: `anna.berg2@mail.example.com` beside the login
   * `anna.berg2@example.com`. @defaultValue none
   */
  readonly follow?: readonly string[];
}

/** A record with a login. */
interface Wanted {
  /** Its index in the chunk. */
  readonly at: number;
  readonly key: string;
  readonly login: string;
  /** The users of the baseline who have, or may have, the first form. */
  readonly holders: readonly string[];
}

/** A form of a login: 1 is the login itself, and 2 is `anna.berg2@example.com`. */
export function formOf(login: string, number: number): string {
  if (number === 1) return login;
  const at = login.lastIndexOf('@');
  const end = at < 0 ? login.length : at;
  return `${login.slice(0, end)}${number}${login.slice(end)}`;
}

/**
 * Gives people with the same login (`userName`) different forms of it. A person keeps the form that the baseline has, which is the
 * memory: the fingerprint of the login is in the row of the user. A form is free if nobody in the baseline has it or may have it, and
 * no earlier record of the read took it. So who is in the baseline keeps its form, whatever the order of rows and whoever leaves.
 *
 * A record without a free form stays as it is, and is rejected because of its login.
 */
export class UniqueLogins {
  readonly #reading: Reading;
  readonly #notes: Reading;
  readonly #fingerprints: LoginFingerprints;
  /** The forms that records of this read took, and each with the key of its record. */
  readonly #taken: HashedKeys;
  readonly #takenBy: HashedKeys;
  readonly #follow: readonly string[];

  /**
   * @param reading - has the logins
   * @param fingerprintKey - the key of its state
   * @param notes - the reading of `diff`, which learns of new people whose login another one has. @defaultValue the same
   */
  constructor(
    reading: Reading,
    fingerprintKey: string,
    notes: Reading = reading,
    { follow = [] }: UniqueLoginsOptions = {},
  ) {
    this.#follow = follow;
    this.#reading = reading;
    this.#notes = notes;
    this.#fingerprints = new LoginFingerprints(fingerprintKey);
    this.#taken = new HashedKeys(fingerprintKey);
    this.#takenBy = new HashedKeys(fingerprintKey);
  }

  /** The same records, with their forms. A row of it cannot be recognised by its bytes alone. */
  of<R extends object>(source: Flow<R>): Flow<R> {
    return flowOf(() => this.#chunks(source), contextOf(source));
  }

  async *#chunks<R extends object>(source: Flow<R>): AsyncGenerator<Chunk<R>, void, undefined> {
    for await (const chunk of source.chunks()) yield await this.#assigned(chunk);
  }

  async #assigned<R extends object>(chunk: Chunk<R>): Promise<Chunk<R>> {
    const wanted = await this.#wantedIn(chunk);
    const others = wanted.filter(({ key, holders }) => !holders.includes(key));
    if (others.length === 0) return chunk;
    const rows = await this.#reading.held(
      'users',
      others.map(({ key }) => key),
    );
    const records = [...chunk];
    for (const [i, one] of others.entries()) {
      const form = (await this.#ownForm(one, rows[i])) ?? (await this.#freeForm(one, rows[i]));
      if (form !== 1) records[one.at] = this.#withForm(chunk[one.at] as R, one.login, form);
    }
    return withPlaces(records, chunk.places);
  }

  async #wantedIn(chunk: Chunk<object>): Promise<readonly Wanted[]> {
    const found: Omit<Wanted, 'holders'>[] = [];
    for (const [at, record] of chunk.entries()) {
      const { externalId, profile } = record as Partial<Record<keyof UserRecord, unknown>>;
      const login = (profile as Partial<UserRecord['profile']> | null | undefined)?.userName;
      const isUser = typeof externalId === 'string' && typeof login === 'string';
      if (isUser && login !== '') found.push({ at, key: externalId, login });
    }
    const holders = await this.#reading.holders(found.map(({ login }) => this.#fingerprints.of(login)));
    return found.map((one, i) => ({ ...one, holders: holders[i] ?? [] }));
  }

  /** The form, other than the first, that the baseline has for a user; the lowest one that an unknown user may have. */
  async #ownForm({ key, login }: Wanted, row: Held | undefined): Promise<number | undefined> {
    if (row === undefined) return undefined;
    if (row.kind === 'confirmed') {
      const own = loginOf(row.fingerprint.attributes);
      for (let number = 2; own !== undefined && number <= MOST_FORMS; number++)
        if (this.#fingerprints.of(formOf(login, number)) === own) return number;
      return undefined;
    }
    for await (const { number, holders } of this.#laterForms(login)) if (holders.includes(key)) return number;
    return undefined;
  }

  async #freeForm({ key, login, holders }: Wanted, row: Held | undefined): Promise<number> {
    if (holders.length === 0 && this.#take(key, login)) return 1;
    // If ids have changed, these are the same people: the guard must see it, although their logins differ now.
    if (row === undefined && holders.length > 0) runReferences(this.#notes).namesakes.set(key, holders);
    for await (const { number, holders: ofForm } of this.#laterForms(login))
      if (ofForm.length === 0 && this.#take(key, formOf(login, number))) return number;
    return 1;
  }

  #withForm<R extends object>(record: R, login: string, form: number): R {
    const { profile } = record as unknown as UserRecord;
    const changed: Record<string, string | null | undefined> = { ...profile, userName: formOf(login, form) };
    for (const name of this.#follow) {
      const value: unknown = Object.hasOwn(profile, name) ? profile[name] : undefined;
      if (typeof value === 'string' && value !== '') changed[name] = formOf(value, form);
    }
    return { ...record, profile: changed };
  }

  /** Takes a form for a record; false if another record of this read has it. */
  #take(key: string, form: string): boolean {
    const login = form.toLowerCase();
    const both = JSON.stringify([login, key]);
    if (this.#taken.has(login)) return this.#takenBy.has(both);
    this.#taken.add(login);
    this.#takenBy.add(both);
    return true;
  }

  /** The forms from the second on, with the users of the baseline who have, or may have, each of them. */
  async *#laterForms(
    login: string,
  ): AsyncGenerator<{ readonly number: number; readonly holders: readonly string[] }> {
    let size = FIRST_BATCH;
    for (let first = 2; first <= MOST_FORMS; first += size, size *= BATCH_GROWTH) {
      const length = Math.min(size, MOST_FORMS - first + 1);
      const numbers = Array.from({ length }, (_, i) => first + i);
      const forms = numbers.map((number) => this.#fingerprints.of(formOf(login, number)));
      const holders = await this.#reading.holders(forms);
      for (const [i, number] of numbers.entries()) yield { number, holders: holders[i] ?? [] };
    }
  }
}
