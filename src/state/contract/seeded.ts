import assert from 'node:assert/strict';

/** Random values that depend only on the seed (mulberry32). */
export class Seeded {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to `end - 1`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let hash = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    hash ^= hash + Math.imul(hash ^ (hash >>> 7), hash | 61);
    return Math.floor((((hash ^ (hash >>> 14)) >>> 0) / 0x1_0000_0000) * end);
  }

  pick<T>(values: readonly T[]): T {
    assert.ok(values.length > 0);
    return values[this.below(values.length)] as T;
  }

  /** At most `longest` values. */
  list<T>(longest: number, make: () => T): T[] {
    return Array.from({ length: this.below(longest + 1) }, make);
  }
}

/** Checks a property in rounds, each with random values of its own. The error names the round that failed. */
export async function inRounds(count: number, check: (random: Seeded) => Promise<void>): Promise<void> {
  for (let seed = 1; seed <= count; seed++) {
    try {
      await check(new Seeded(seed));
    } catch (cause) {
      throw new Error(`round ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
}
