import type { Profile } from '../core/model.js';

/** Characters of 8 bits for one attribute: two of its name, two of its value. */
const WIDTH = 4;
/** The name of an attribute that no profile has any more. */
const GONE = '(removed)';

/**
 * Short keyed fingerprints of each attribute, which name the attributes that changed without keeping what they held:
 * 16 bits of a value's hash. One change in 65,536 goes unnamed; whether a record changed at all is decided by its
 * 128-bit digest and not by these.
 */
export class AttributeFingerprints {
  readonly #seed: number;
  /** Fingerprints of names, and names by their fingerprints. */
  readonly #names = new Map<string, string>();
  readonly #byFingerprint = new Map<string, string>();

  constructor(fingerprintKey: string) {
    this.#seed = Number.parseInt(fingerprintKey.slice(16, 24), 16) | 0;
  }

  /** The fingerprints of a profile's attributes, four characters of eight bits each. */
  of(profile: Profile): string {
    let fingerprints = '';
    for (const name of Object.keys(profile)) fingerprints += this.#name(name) + this.#value(profile[name]);
    return fingerprints;
  }

  /** The names of the attributes that differ from those that the fingerprints were made of, in the profile's order. */
  changed(before: string, profile: Profile): string[] {
    const old = new Map<string, string>();
    for (let at = 0; at + WIDTH <= before.length; at += WIDTH)
      old.set(before.slice(at, at + 2), before.slice(at + 2, at + WIDTH));
    const names: string[] = [];
    for (const name of Object.keys(profile)) {
      const fingerprint = this.#name(name);
      if (old.get(fingerprint) !== this.#value(profile[name])) names.push(name);
      old.delete(fingerprint);
    }
    for (const fingerprint of old.keys()) names.push(this.#byFingerprint.get(fingerprint) ?? GONE);
    return names;
  }

  #name(name: string): string {
    let fingerprint = this.#names.get(name);
    if (fingerprint === undefined) {
      fingerprint = twoCharacters(this.#hash(name, 1));
      this.#names.set(name, fingerprint);
      this.#byFingerprint.set(fingerprint, name);
    }
    return fingerprint;
  }

  #value(value: string | null | undefined): string {
    return value === null || value === undefined ? '\0\0' : twoCharacters(this.#hash(value, 2));
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

/** The last 16 bits as two characters, never both 0: those stand for null. */
function twoCharacters(hash: number): string {
  const bits = (hash & 0xffff) === 0 ? 1 : hash & 0xffff;
  return String.fromCharCode(bits & 0xff, bits >>> 8);
}
