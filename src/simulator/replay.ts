/** The ids of used assertions and proofs, for as long as they would still be valid. */
export class ReplayLog {
  readonly #used = new Map<string, number>();
  #swept = 0;

  /** Records an id that is valid until `until`; false if it was already used. */
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
