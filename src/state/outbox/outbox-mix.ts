/** Stretches up to this long are spread change by change. */
const SPREAD_BY_RANK = 256;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * When the changes of one stretch are due in an even mix of several.
 *
 * Multiples of the golden ratio, taken modulo 1, spread any run of ranks evenly: so the few large ones, each a class of
 * its own, stand as evenly over the whole as the many small ones.
 */
export class Pace {
  taken = 0;
  readonly #count: number;
  /** Where in the whole (0 to 1) each change of a short stretch is due, rising. */
  readonly #places: Float64Array | undefined;
  readonly #phase: number;

  /** `larger` is how many come before by size. */
  constructor(count: number, larger: number) {
    this.#count = count;
    this.#phase = (larger * GOLDEN) % 1;
    if (count > SPREAD_BY_RANK) return;
    this.#places = Float64Array.from({ length: count }, (_, i) => ((larger + i + 0.5) * GOLDEN) % 1).sort();
  }

  /** How many were given once this share of the whole was. */
  due(share: number): number {
    const count = this.#count;
    if (this.#places === undefined) return Math.min(count, Math.floor(share * count + this.#phase));
    let due = this.taken;
    while (due < count && (this.#places[due] as number) <= share) due++;
    return due;
  }
}
