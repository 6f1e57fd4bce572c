import type { Profile } from '../core/model.js';

/** 16-bit characters of one attribute: two of its name, two of its value. */
const WIDTH = 4;
/** What stands for an attribute whose name nobody knows any more. */
const GONE = '(removed)';

/**
 * Short keyed prints of each attribute, which tell the names of those that changed without keeping what they held:
 * 16 bits of a value's hash. One change in 65,536 goes unnamed; whether a record changed at all is decided by its
 * 128-bit fingerprint and not by these.
 */
export class AttributePrints {
  readonly #seed: number;
  /** Prints of names, and names by their prints. */
  readonly #names = new Map<string, string>();
  readonly #byPrint = new Map<string, string>();

  constructor(fingerprintKey: string) {
    this.#seed = Number.parseInt(fingerprintKey.slice(16, 24), 16) | 0;
  }

  /** The prints of a profile, four characters of eight bits for each attribute. */
  of(profile: Profile): string {
    let prints = '';
    for (const name of Object.keys(profile)) prints += this.#name(name) + this.#value(profile[name]);
    return prints;
  }

  /** The names of the attributes that differ from what the prints were made of, in the profile's order. */
  changed(before: string, profile: Profile): string[] {
    const old = new Map<string, string>();
    for (let at = 0; at + WIDTH <= before.length; at += WIDTH)
      old.set(before.slice(at, at + 2), before.slice(at + 2, at + WIDTH));
    const names: string[] = [];
    for (const name of Object.keys(profile)) {
      const print = this.#name(name);
      if (old.get(print) !== this.#value(profile[name])) names.push(name);
      old.delete(print);
    }
    for (const print of old.keys()) names.push(this.#byPrint.get(print) ?? GONE);
    return names;
  }

  #name(name: string): string {
    let print = this.#names.get(name);
    if (print === undefined) {
      print = print16(this.#hash(name, 1));
      this.#names.set(name, print);
      this.#byPrint.set(print, name);
    }
    return print;
  }

  #value(value: string | null | undefined): string {
    return value === null || value === undefined ? '\0\0' : print16(this.#hash(value, 2));
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

/** 16 bits as two characters, never both 0: those stand for null. */
function print16(hash: number): string {
  const bits = (hash & 0xffff) === 0 ? 1 : hash & 0xffff;
  return String.fromCharCode(bits & 0xff, bits >>> 8);
}
