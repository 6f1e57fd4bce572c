/** What a request can be filled with: anything that takes bytes. */
export interface Sized {
  readonly bytes: number;
}

/** How scarce bytes are against slots: 1 where only bytes bind, 0 where only slots do. */
export type ByteWeight = number;

/** Exchanges that bring a request nearer to its limit; past these the gain is a few bytes. */
const MAX_REFINEMENTS = 4;
/** Entries more or fewer than wanted that are made up for later. */
const TOLERATED = 2;
/** What an entry out of balance costs, against an empty slot. */
const BALANCE = 0.05;

/**
 * Chooses what a request carries. It starts from the choice that keeps the sizes balanced, and exchanges entries with
 * those that stay behind until the bytes are as close under the limit as they come. Both sides are kept sorted by
 * size, so that the best exchange of two is found in one walk over both.
 */
export class RequestFit<E extends Sized> {
  readonly #room: number;
  readonly #slots: number;
  readonly #weight: ByteWeight;
  /** Entries that keep the sizes balanced. */
  readonly #wanted: number;
  /** Chosen and not to be given back. */
  readonly #fixed: E[] = [];
  /** Chosen, rising. */
  #inside: E[];
  /** Left behind, rising. */
  #outside: E[];
  #bytes = 0;

  /** Both arrays rise by size, and are changed here. */
  constructor(room: number, slots: number, weight: ByteWeight, wanted: number, inside: E[], outside: E[]) {
    this.#room = room;
    this.#slots = slots;
    this.#weight = weight;
    this.#wanted = wanted;
    this.#inside = inside;
    this.#outside = outside;
    for (const entry of inside) this.#bytes += entry.bytes;
  }

  /** Holds on to a chosen entry. */
  fix(entry: E): void {
    let at = positionOf(this.#inside, entry.bytes);
    while (this.#inside[at] !== entry) at++;
    this.#fixed.push(...this.#inside.splice(at, 1));
  }

  /** The best choice it finds. The fixed entries must fit by themselves. */
  solve(): E[] {
    while (this.#bytes > this.#room) this.#shrink();
    for (let i = 0; i < MAX_REFINEMENTS && this.#bytes < this.#room; i++) if (!this.#grow()) break;
    this.#topUp();
    if (Math.abs(this.#count - this.#wanted) > TOLERATED) this.#rebalance();
    return [...this.#fixed, ...this.#inside];
  }

  get #count(): number {
    return this.#fixed.length + this.#inside.length;
  }

  /**
   * Where there are few sizes, the bytes can be filled with many more small entries than are wanted, or with fewer: tries the
   * other way round, and keeps it where it is better. So both ways take turns, and no size is used up early.
   */
  #rebalance(): void {
    const before = { inside: [...this.#inside], outside: [...this.#outside], bytes: this.#bytes };
    const cost = this.#cost();
    if (this.#count > this.#wanted) this.#tradeUp();
    else this.#tradeDown();
    this.#topUp();
    if (this.#cost() < cost) return;
    this.#inside = before.inside;
    this.#outside = before.outside;
    this.#bytes = before.bytes;
  }

  /** Takes the least larger one that does not fit, for the smallest ones. */
  #tradeUp(): void {
    const smallest = this.#inside[0];
    if (smallest === undefined) return;
    const to = positionOf(this.#outside, smallest.bytes + this.#room - this.#bytes + 1);
    if (to === this.#outside.length) return;
    this.#exchange(0, to);
    while (this.#bytes > this.#room) this.#leave(0);
  }

  /** Gives the largest back, to have room for small ones. */
  #tradeDown(): void {
    const largest = this.#inside[this.#inside.length - 1];
    const smallest = this.#outside[0];
    if (largest === undefined || smallest === undefined || smallest.bytes >= largest.bytes) return;
    this.#exchange(this.#inside.length - 1, 0);
    while (this.#count < this.#slots && this.#outside.length > 0) {
      if (this.#bytes + (this.#outside[0] as E).bytes > this.#room) return;
      this.#enter(0);
    }
  }

  /** What the choice wastes of the scarce limit, and a little for what it does to the balance. */
  #cost(): number {
    const bytes = (this.#room - this.#bytes) / this.#room;
    const slots = (this.#slots - this.#count) / this.#slots;
    const balance = Math.abs(this.#count - this.#wanted) / this.#slots;
    return this.#weight * bytes + (1 - this.#weight) * slots + BALANCE * balance;
  }

  /** Gives back what is too much: by the one exchange that just suffices, or by the largest. */
  #shrink(): void {
    const excess = this.#bytes - this.#room;
    const largest = this.#inside[this.#inside.length - 1] as E;
    const smallest = this.#outside[0];
    if (smallest !== undefined && largest.bytes - smallest.bytes >= excess) {
      const pair = this.#exchangeOfAtLeast(excess);
      const alone = positionOf(this.#inside, excess);
      if (!this.#dropsBetter(excess, pair, alone)) this.#exchange(pair[0], pair[1]);
      else this.#leave(alone);
    } else if (smallest !== undefined && smallest.bytes < largest.bytes) {
      this.#exchange(this.#inside.length - 1, 0);
    } else {
      this.#leave(Math.min(positionOf(this.#inside, excess), this.#inside.length - 1));
    }
  }

  /** True where an empty slot wastes less than the bytes that the exchange leaves free. */
  #dropsBetter(excess: number, pair: readonly [number, number], alone: number): boolean {
    const leaving = this.#inside[alone];
    if (leaving === undefined) return false;
    const exchanged = (this.#inside[pair[0]] as E).bytes - (this.#outside[pair[1]] as E).bytes;
    const bytesSaved = (exchanged - leaving.bytes) / this.#room;
    return (
      bytesSaved > 0 && exchanged > excess && this.#weight * bytesSaved > (1 - this.#weight) / this.#slots
    );
  }

  /** Exchanges one entry for a larger one; false when nothing is gained. */
  #grow(): boolean {
    const gap = this.#room - this.#bytes;
    for (;;) {
      const smallest = this.#inside[0];
      const largest = this.#outside[this.#outside.length - 1];
      if (smallest === undefined || largest === undefined || largest.bytes <= smallest.bytes) return false;
      if (this.#bytes + largest.bytes - smallest.bytes > this.#room) break;
      this.#exchange(0, this.#outside.length - 1);
    }
    const left = this.#room - this.#bytes;
    const [from, to] = this.#exchangeOfAtMost(left);
    if (from >= 0) this.#exchange(from, to);
    return this.#room - this.#bytes < gap;
  }

  /** Fills what is left with the largest that fit, so that nothing left behind would have fitted. */
  #topUp(): void {
    while (this.#count < this.#slots) {
      const at = positionOf(this.#outside, this.#room - this.#bytes + 1) - 1;
      if (at < 0) return;
      this.#enter(at);
    }
  }

  /** The exchange that gives back least of those that give back this much. There must be one. */
  #exchangeOfAtLeast(excess: number): [number, number] {
    const [inside, outside] = [this.#inside, this.#outside];
    let best: [number, number] = [inside.length - 1, 0];
    let least = Infinity;
    let to = -1;
    for (let from = 0; from < inside.length; from++) {
      const limit = (inside[from] as E).bytes - excess;
      while (to + 1 < outside.length && (outside[to + 1] as E).bytes <= limit) to++;
      if (to < 0) continue;
      const over = limit - (outside[to] as E).bytes;
      if (over >= least) continue;
      least = over;
      best = [from, to];
      if (over === 0) break;
    }
    return best;
  }

  /** The exchange that gains most of those that fit; negative positions where none gains anything. */
  #exchangeOfAtMost(gap: number): [number, number] {
    const [inside, outside] = [this.#inside, this.#outside];
    let best: [number, number] = [-1, -1];
    let most = 0;
    let to = -1;
    for (let from = 0; from < inside.length; from++) {
      const limit = (inside[from] as E).bytes + gap;
      while (to + 1 < outside.length && (outside[to + 1] as E).bytes <= limit) to++;
      if (to < 0) continue;
      const gain = (outside[to] as E).bytes - (inside[from] as E).bytes;
      if (gain <= most) continue;
      most = gain;
      best = [from, to];
      if (gain === gap) break;
    }
    return best;
  }

  #exchange(from: number, to: number): void {
    const entering = (this.#outside.splice(to, 1) as [E])[0];
    const leaving = (this.#inside.splice(from, 1) as [E])[0];
    this.#bytes += entering.bytes - leaving.bytes;
    insert(this.#inside, entering);
    insert(this.#outside, leaving);
  }

  #enter(at: number): void {
    const entry = (this.#outside.splice(at, 1) as [E])[0];
    this.#bytes += entry.bytes;
    insert(this.#inside, entry);
  }

  #leave(at: number): void {
    const entry = (this.#inside.splice(at, 1) as [E])[0];
    this.#bytes -= entry.bytes;
    insert(this.#outside, entry);
  }
}

/** Where the first entry of at least this size stands among entries that rise by size. */
export function positionOf(entries: readonly Sized[], bytes: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle] as Sized).bytes < bytes) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insert<E extends Sized>(entries: E[], entry: E): void {
  entries.splice(positionOf(entries, entry.bytes + 1), 0, entry);
}
