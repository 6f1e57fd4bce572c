import { WORDS } from './row-page.js';

/** Rows that are remembered: what a session or two changes. About 90 bytes each, and the key. */
const MOST = 16_384;

/**
 * Rows that were read lately, their keys and their fingerprints. A change is looked up twice, when it is found and when it is
 * committed, and each time by reading a page and its check sum; the second time it is here. Whoever changes a row forgets
 * it.
 */
export class FoundRows {
  readonly #places = new Map<number, number>();
  readonly #keys: string[] = [];
  #words = new Uint32Array(0);

  /** The key of a row, whose fingerprint is put into the words; undefined when the row is not remembered. */
  get(row: number, words: Uint32Array): string | undefined {
    const place = this.#places.get(row);
    if (place === undefined) return undefined;
    for (let word = 0; word < WORDS; word++) words[word] = this.#words[place * WORDS + word] as number;
    return this.#keys[place];
  }

  set(row: number, key: string, words: Uint32Array): void {
    if (this.#keys.length === MOST) this.clear();
    if (this.#words.length === 0) this.#words = new Uint32Array(MOST * WORDS);
    const place = this.#keys.push(key) - 1;
    this.#places.set(row, place);
    this.#words.set(words.subarray(0, WORDS), place * WORDS);
  }

  forget(row: number): void {
    this.#places.delete(row);
  }

  clear(): void {
    this.#places.clear();
    this.#keys.length = 0;
  }
}
