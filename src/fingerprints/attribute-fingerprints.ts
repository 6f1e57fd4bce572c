import { UNNAMED_ATTRIBUTE } from '../core/known-attributes.js';
import type { Profile } from '../core/model.js';
import { LoginFingerprints, withoutLogin } from './login-fingerprints.js';

/** Characters for one attribute, of 8 bits each: two for its name, two for its value. */
const WIDTH = 4;
/** The fingerprint of null. */
const NULL = '\0\0';

/**
 * Keyed fingerprints of the attributes of a profile, 16 bits for each value. They show which attributes changed, without
 * storing the values. One change in 65,536 has the same fingerprint and is not named. Whether the record changed at all is
 * decided by its 128-bit digest.
 */
export class AttributeFingerprints {
  readonly #seed: number;
  /** The fingerprint of each name. */
  readonly #names = new Map<string, string>();
  /** The names of each fingerprint. Nearly always it is one. */
  readonly #byFingerprint = new Map<string, string[]>();
  /** Fingerprints that several names have. */
  readonly #shared = new Set<string>();

  readonly #logins: LoginFingerprints;

  constructor(fingerprintKey: string) {
    this.#logins = new LoginFingerprints(fingerprintKey);
    this.#seed = Number.parseInt(fingerprintKey.slice(16, 24), 16) | 0;
  }

  /** The fingerprints of the attributes of a profile: four characters of 8 bits for each. */
  of(profile: Profile): string {
    let fingerprints = '';
    for (const name of Object.keys(profile)) fingerprints += this.#name(name) + this.#value(profile[name]);
    return fingerprints;
  }

  /** {@link of} the profile of a user, followed by the fingerprint of the login, if there is one. */
  ofUser(profile: Profile): string {
    const { userName } = profile;
    return this.of(profile) + (userName ? this.#logins.of(userName) : '');
  }

  /**
   * The names of the attributes whose fingerprints differ: those of the profile in its order, then the removed ones.
   * @param before - fingerprints returned by {@link of} or {@link ofUser}
   */
  changed(before: string, profile: Profile): string[] {
    const old = new Map<string, string>();
    const attributes = withoutLogin(before);
    for (let at = 0; at + WIDTH <= attributes.length; at += WIDTH)
      old.set(attributes.slice(at, at + 2), attributes.slice(at + 2, at + WIDTH));
    const names: string[] = [];
    for (const name of Object.keys(profile)) {
      const fingerprint = this.#name(name);
      if (old.get(fingerprint) !== this.#value(profile[name])) names.push(name);
      old.delete(fingerprint);
    }
    for (const fingerprint of old.keys()) names.push(...this.#named(fingerprint));
    names.push(...this.#hidden(attributes, profile, names));
    return names;
  }

  /** Of the names that {@link changed} gave, those whose value was a text and is null, empty or missing now. */
  emptied(before: string, profile: Profile, changed: readonly string[]): string[] {
    const empty = changed.filter((name) => !profile[name]);
    if (empty.length === 0) return [];
    const attributes = withoutLogin(before);
    const none = [NULL, this.#value('')];
    const texts = new Set<string>();
    for (let at = 0; at + WIDTH <= attributes.length; at += WIDTH)
      if (!none.includes(attributes.slice(at + 2, at + WIDTH))) texts.add(attributes.slice(at, at + 2));
    return empty.filter((name) => texts.has(this.#name(name)));
  }

  /** Adds names that removed attributes may have, although no profile of this run has them. */
  addNames(names: Iterable<string>): void {
    for (const name of names) this.#name(name);
  }

  /**
   * The names of the attributes that were sent and that Okta's profile does not have with the same value. An attribute that was
   * not sent does not count, and one that Okta's profile lacks counts as empty: Okta may leave out what is empty.
   * @param sent - fingerprints returned by {@link of} or {@link ofUser}
   */
  differing(sent: string, profile: Profile): string[] {
    const values = new Map(Object.keys(profile).map((name) => [this.#name(name), profile[name]]));
    const names: string[] = [];
    const attributes = withoutLogin(sent);
    for (let at = 0; at + WIDTH <= attributes.length; at += WIDTH) {
      const name = attributes.slice(at, at + 2);
      const value = attributes.slice(at + 2, at + WIDTH);
      const held = values.get(name);
      const isSame = value === this.#value(held) || (!held && (value === NULL || value === this.#value('')));
      if (!isSame) names.push(this.#named(name)[0] as string);
    }
    return names;
  }

  #name(name: string): string {
    let fingerprint = this.#names.get(name);
    if (fingerprint === undefined) {
      fingerprint = twoCharacters(this.#hash(name, 1));
      this.#names.set(name, fingerprint);
      const others = this.#byFingerprint.get(fingerprint);
      if (others === undefined) this.#byFingerprint.set(fingerprint, [name]);
      else {
        others.push(name);
        this.#shared.add(fingerprint);
      }
    }
    return fingerprint;
  }

  #named(fingerprint: string): readonly string[] {
    return this.#byFingerprint.get(fingerprint) ?? [UNNAMED_ATTRIBUTE];
  }

  /** Names that share their fingerprint with another one, and may have been removed although that one was not. */
  #hidden(before: string, profile: Profile, found: readonly string[]): string[] {
    const names: string[] = [];
    if (this.#shared.size === 0) return names;
    for (let at = 0; at + WIDTH <= before.length; at += WIDTH) {
      const fingerprint = before.slice(at, at + 2);
      if (!this.#shared.has(fingerprint)) continue;
      for (const name of this.#named(fingerprint))
        if (!Object.hasOwn(profile, name) && !found.includes(name) && !names.includes(name)) names.push(name);
    }
    return names;
  }

  #value(value: string | null | undefined): string {
    return value === null || value === undefined ? NULL : twoCharacters(this.#hash(value, 2));
  }

  #hash(text: string, salt: number): number {
    let hash = this.#seed ^ Math.imul(text.length, salt);
    for (let i = 0; i < text.length; i++) {
      hash = Math.imul(hash ^ text.charCodeAt(i), 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }
}

/** The lower 16 bits as two characters. They are never both 0, which means null. */
function twoCharacters(hash: number): string {
  const bits = (hash & 0xffff) === 0 ? 1 : hash & 0xffff;
  return String.fromCharCode(bits & 0xff, bits >>> 8);
}
