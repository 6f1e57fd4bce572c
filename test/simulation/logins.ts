import type { Draws } from './draws.js';

/** The logins of a company's people, by their number. On some days they move to others, are exchanged, or are given twice. */
export class Logins {
  readonly #draws: Draws | undefined;
  /** The logins of people who do not have their first one. */
  readonly #changed = new Map<number, string>();
  /** Logins that somebody had to give up. */
  readonly #free = new Set<string>();
  #fresh = 0;

  /** @param draws - undefined for a company in which everybody keeps the first login */
  constructor(draws: Draws | undefined) {
    this.#draws = draws;
  }

  of(person: number): string {
    return this.#changed.get(person) ?? `u${person}@example.com`;
  }

  /** Lets a day pass. @param others - those who may have to give up their login: also people who have left */
  nextDay(people: readonly number[], others: readonly number[]): void {
    const draws = this.#draws;
    if (draws === undefined) return;
    for (const person of people) {
      if (!draws.chance(0.3)) continue;
      const other = draws.pick(others);
      const [own, wanted] = [this.of(person), this.of(other)];
      switch (draws.pick(['new', 'move', 'move', 'exchange', 'double'] as const)) {
        case 'new':
          this.#give(person, this.#freshOf(person));
          break;
        case 'move':
          this.#give(other, this.#freshOf(other));
          this.#give(person, draws.chance(0.5) ? wanted.toUpperCase() : wanted);
          break;
        case 'exchange':
          this.#give(other, own);
          this.#give(person, wanted);
          break;
        case 'double':
          this.#give(person, wanted);
      }
    }
  }

  /**
   * Ends all exchanges and doubles: whoever had another login gets one that nobody ever had, and one person gets a login that
   * somebody gives up today. So each login that Okta may still have elsewhere becomes free in the first session of a run.
   */
  lastDay(people: readonly number[], others: readonly number[]): void {
    const draws = this.#draws;
    if (draws === undefined || this.#changed.size === 0) return;
    for (const person of [...this.#changed.keys()]) this.#give(person, this.#freshOf(person));
    const inUse = new Set(others.map((person) => this.of(person)));
    const free = [...this.#free].filter((login) => !inUse.has(login));
    if (people.length > 0) this.#give(draws.pick(people), draws.pick(free));
  }

  #give(person: number, login: string): void {
    this.#free.add(this.of(person).toLowerCase());
    this.#changed.set(person, login);
  }

  #freshOf(person: number): string {
    return `u${person}.${++this.#fresh}@example.com`;
  }
}
