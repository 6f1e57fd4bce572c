import type { Place } from './rejections.js';

/** Words of a slot: two of the hash, the line or position, and the file with {@link IS_LINE}. */
const WORDS = 4;
/** The table grows if more than this share of its slots is used. */
const MOST_FULL = 0.7;
/** Set if the third word is a line, and not a position. */
const IS_LINE = 1;

/**
 * The places of the first records with each login: 23 to 46 bytes for each, in a typed array, because the first load of a
 * directory has one for every person.
 */
export class LoginPlaces {
  #slots = new Uint32Array(WORDS * 1024);
  #size = 0;
  /** The files, by their number. */
  readonly #files: (string | undefined)[] = [];

  /**
   * Adds the place of a login. If the login has one already, that one stays, and is returned in words.
   * @param login - the fingerprint of the login
   */
  add(login: string, { file, line, position }: Place): string | undefined {
    const [high, low] = hashOf(login);
    const at = find(this.#slots, high, low);
    if (this.#slots[at + 1] !== 0) return this.#text(at);
    this.#slots[at] = high;
    this.#slots[at + 1] = low;
    this.#slots[at + 2] = line ?? position;
    this.#slots[at + 3] = this.#numberOf(file) * 2 + (line === undefined ? 0 : IS_LINE);
    if (++this.#size * WORDS > this.#slots.length * MOST_FULL) this.#grow();
    return undefined;
  }

  #text(at: number): string {
    const [place, flags] = [this.#slots[at + 2] as number, this.#slots[at + 3] as number];
    const file = this.#files[flags >>> 1];
    const name = `${(flags & IS_LINE) !== 0 ? 'line' : 'record'} ${place}`;
    return file === undefined ? name : `${file}, ${name}`;
  }

  /** Files follow one another, so it is nearly always the last one. */
  #numberOf(file: string | undefined): number {
    const number = this.#files.lastIndexOf(file);
    return number < 0 ? this.#files.push(file) - 1 : number;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let from = 0; from < old.length; from += WORDS) {
      if (old[from + 1] === 0) continue;
      const to = find(this.#slots, old[from] as number, old[from + 1] as number);
      this.#slots.set(old.subarray(from, from + WORDS), to);
    }
  }
}

/** The index of a hash, or of the empty slot for it. */
function find(slots: Uint32Array, high: number, low: number): number {
  const mask = slots.length / WORDS - 1;
  let slot = (high ^ low) & mask;
  while (slots[WORDS * slot + 1] !== 0 && !(slots[WORDS * slot] === high && slots[WORDS * slot + 1] === low))
    slot = (slot + 1) & mask;
  return WORDS * slot;
}

/** 63 bits of a fingerprint, which is a hash itself. The second word is never 0, because 0 marks an empty slot. */
function hashOf(login: string): readonly [high: number, low: number] {
  return [wordOf(login, 0), (wordOf(login, 4) | 1) >>> 0];
}

function wordOf(text: string, at: number): number {
  const byte = (i: number) => text.charCodeAt(at + i);
  return (byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 0;
}
