/** Ids of assertions and proofs that were used, for as long as one with such an id could still be taken. */
export class ReplayLog {
  readonly #used = new Map<string, number>();
  #swept = 0;

  /** Notes an id that could be used until `until`; false when it was used before. */
  use(id: string, until: number, now: number): boolean {
    this.#sweep(now);
    if (this.#used.has(id)) return false;
    this.#used.set(id, until);
    return true;
  }

  #sweep(now: number): void {
    if (now - this.#swept < 60_000) return;
    this.#swept = now;
    for (const [id, until] of this.#used) if (until < now) this.#used.delete(id);
  }
}
