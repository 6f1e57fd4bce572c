/**
 * The sessions that Okta imports while the next one is prepared. An error in one of them is kept until {@link check}, so that no
 * rejection is unhandled.
 */
export class ImportsInFlight {
  readonly #imports = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  get size(): number {
    return this.#imports.size;
  }

  add(following: Promise<void>): void {
    const ended = following
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#imports.delete(ended));
    this.#imports.add(ended);
  }

  /** Throws the first error of an import. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Resolves when one of them has ended, in whatever way; at once if there is none. */
  async one(): Promise<void> {
    if (this.size > 0) await Promise.race(this.#imports);
  }

  /** Resolves when all of them have ended, in whatever way. */
  async all(): Promise<void> {
    await Promise.all(this.#imports);
  }
}
