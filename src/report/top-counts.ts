/** Names counted apart; what comes after so many different ones is counted together. */
const MOST_NAMES = 1000;

/** Counts things by name, in bounded memory: names come from data, and there may be as many as records. */
export class TopCounts<T> {
  readonly #counts = new Map<string, { readonly what: T; count: number }>();
  /** Things whose name came too late to be counted apart. */
  others = 0;

  add(name: string, what: () => T): void {
    const seen = this.#counts.get(name);
    if (seen !== undefined) seen.count++;
    else if (this.#counts.size < MOST_NAMES) this.#counts.set(name, { what: what(), count: 1 });
    else this.others++;
  }

  /** The most frequent, most first; the same count in the order of first appearance. */
  top(most: number): readonly { readonly what: T; readonly count: number }[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count).slice(0, most);
  }

  /** Everything that {@link top} with this length leaves out. */
  rest(most: number): number {
    const all = [...this.#counts.values()].reduce((sum, { count }) => sum + count, this.others);
    return this.top(most).reduce((sum, { count }) => sum - count, all);
  }
}
