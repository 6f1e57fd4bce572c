import { draw } from '../../src/simulator/random.js';

/** Numbers that a seed and a stream's number decide, one after another. */
export class Draws {
  readonly #seed: number;
  readonly #stream: number;
  #drawn = 0;

  constructor(seed: number, stream: number) {
    this.#seed = seed;
    this.#stream = stream;
  }

  /** From 0 to 1, 1 excluded. */
  next(): number {
    return draw(this.#seed, 1000 + this.#stream, this.#drawn++);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.next() * values.length)] as T;
  }
}
