/** The most names that are counted separately; all later names are counted together. */
const MOST_NAMES = 1000;

/** Counts by name, in bounded memory: names come from data, so there can be as many names as records. */
export class TopCounts<T> {
  readonly #counts = new Map<string, { readonly what: T; count: number }>();
  /** The count of all names after the first {@link MOST_NAMES}. */
  others = 0;

  add(name: string, what: () => T): void {
    const seen = this.#counts.get(name);
    if (seen !== undefined) seen.count++;
    else if (this.#counts.size < MOST_NAMES) this.#counts.set(name, { what: what(), count: 1 });
    else this.others++;
  }

  /** The most frequent names, in descending order; equal counts in the order of first appearance. */
  top(most: number): readonly { readonly what: T; readonly count: number }[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count).slice(0, most);
  }

  /** The count of all names that {@link top} of the same length does not list. */
  rest(most: number): number {
    const all = [...this.#counts.values()].reduce((sum, { count }) => sum + count, this.others);
    return this.top(most).reduce((sum, { count }) => sum - count, all);
  }
}
