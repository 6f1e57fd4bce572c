import type { KeyHash } from '../fingerprints/key-hash.js';
import type { Rejection } from '../core/rejection.js';

/** The place of a record in its source. */
export type Place = Pick<Rejection, 'file' | 'line' | 'position'>;

/** Words of a slot: two of the hash, the line or position, and the file with {@link IS_LINE}. */
const WORDS = 4;
/** The table grows if more than this share of its slots is used. */
const MOST_FULL = 0.7;
/** Set if the third word is a line, and not a position. */
const IS_LINE = 1;

/**
 * The places of records by the hash of a key or login: 23 to 46 bytes for each, in a typed array, because there may be one for
 * every person of a directory.
 */
export class PlaceTable {
  #slots = new Uint32Array(WORDS * 1024);
  #size = 0;
  /** The files, by their number. */
  readonly #files: (string | undefined)[] = [];

  /** Adds the place of a hash. If the hash has one already, that one stays, and is returned. */
  add({ high, low }: Readonly<KeyHash>, { file, line, position }: Place): Place | undefined {
    const at = find(this.#slots, high, low);
    if (this.#slots[at + 1] !== 0) return this.#place(at);
    this.#slots[at] = high;
    this.#slots[at + 1] = low;
    this.#slots[at + 2] = line ?? position;
    this.#slots[at + 3] = this.#numberOf(file) * 2 + (line === undefined ? 0 : IS_LINE);
    if (++this.#size * WORDS > this.#slots.length * MOST_FULL) this.#grow();
    return undefined;
  }

  /** The place of a hash; undefined if there is none. */
  get({ high, low }: Readonly<KeyHash>): Place | undefined {
    const at = find(this.#slots, high, low);
    return this.#slots[at + 1] === 0 ? undefined : this.#place(at);
  }

  /** A place without a line has a position. */
  #place(at: number): Place {
    const [place, flags] = [this.#slots[at + 2] as number, this.#slots[at + 3] as number];
    const isLine = (flags & IS_LINE) !== 0;
    return { file: this.#files[flags >>> 1], line: isLine ? place : undefined, position: isLine ? 0 : place };
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

/** A place as text, such as `people.csv, line 12`. */
export function placeText({ file, line, position }: Place): string {
  const where = line === undefined ? `record ${position}` : `line ${line}`;
  return file === undefined ? where : `${file}, ${where}`;
}

/** The index of a hash, or of the empty slot for it. */
function find(slots: Uint32Array, high: number, low: number): number {
  const mask = slots.length / WORDS - 1;
  let slot = (high ^ low) & mask;
  while (slots[WORDS * slot + 1] !== 0 && !(slots[WORDS * slot] === high && slots[WORDS * slot + 1] === low))
    slot = (slot + 1) & mask;
  return WORDS * slot;
}

/** 63 bits of a digest, which is a hash itself. The second word is never 0, because 0 marks an empty slot. */
export function hashOfDigest(digest: string): KeyHash {
  return { high: wordOf(digest, 0), low: (wordOf(digest, 4) | 1) >>> 0 };
}

function wordOf(text: string, at: number): number {
  const byte = (i: number) => text.charCodeAt(at + i);
  return (byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 0;
}
