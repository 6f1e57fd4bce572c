/** What a request is filled with. */
export interface Sized {
  readonly bytes: number;
}

/** What a request has room for. */
export interface Room {
  readonly items: number;
  readonly bytes: number;
}

/** Exchanges that fill a request; after these the gain is a few bytes. */
const MAX_EXCHANGES = 8;

/**
 * The entries of one request, in any order: as many of the oldest as fill it if they are of mean size, some of them
 * exchanged for younger ones until the bytes are as close to the limit as they come. The very oldest is always among
 * them, so that none waits for ever.
 *
 * @param waiting at least one, in order of arrival; each fits by itself.
 */
export function chooseEntries<E extends Sized>(waiting: readonly E[], room: Room): E[] {
  const mean = waiting.reduce((sum, { bytes }) => sum + bytes, 0) / waiting.length;
  const count = Math.min(room.items, waiting.length, Math.max(1, Math.round(room.bytes / mean)));
  const [oldest, ...others] = waiting.slice(0, count) as [E, ...E[]];
  const choice = new Choice(others, waiting.slice(count), room.items - 1, room.bytes - oldest.bytes);
  choice.fit();
  choice.fill();
  return [oldest, ...choice.inside];
}

/** Entries inside and outside a request, both sorted by size, so that one walk over both finds the best exchange. */
class Choice<E extends Sized> {
  readonly inside: E[];
  readonly #outside: E[];
  readonly #maxItems: number;
  /** Bytes that are free; below zero while the entries inside are too large. */
  #left: number;

  constructor(inside: readonly E[], outside: readonly E[], maxItems: number, bytes: number) {
    this.inside = inside.toSorted(bySize);
    this.#outside = outside.toSorted(bySize);
    this.#maxItems = maxItems;
    this.#left = inside.reduce((left, entry) => left - entry.bytes, bytes);
  }

  /** Makes what is inside small enough, and keeps its number if it can. */
  fit(): void {
    while (this.#left < 0) {
      const [from, to] = this.#bestExchange();
      const largest = this.inside.length - 1;
      if (to >= 0) this.#exchange(from, to);
      else if (this.#outside.length > 0 && sizeAt(this.#outside, 0) < sizeAt(this.inside, largest))
        this.#exchange(largest, 0);
      else this.#move(this.inside, largest, this.#outside);
    }
  }

  /** Uses what is left: by the largest entries that fit, and by the best exchanges. */
  fill(): void {
    this.#enterAll();
    for (let i = 0; i < MAX_EXCHANGES && this.#left > 0; i++) {
      const [from, to] = this.#bestExchange();
      if (to < 0) return;
      this.#exchange(from, to);
      this.#enterAll();
    }
  }

  #enterAll(): void {
    while (this.inside.length < this.#maxItems) {
      const fitting = positionOf(this.#outside, this.#left + 1) - 1;
      if (fitting < 0) return;
      this.#move(this.#outside, fitting, this.inside);
    }
  }

  /** The exchange after which the least is left, but not less than nothing; negative where there is none. */
  #bestExchange(): readonly [from: number, to: number] {
    let best: readonly [number, number] = [-1, -1];
    let least = this.#left >= 0 ? this.#left : Infinity;
    let to = -1;
    for (let from = 0; from < this.inside.length; from++) {
      const limit = sizeAt(this.inside, from) + this.#left;
      while (to + 1 < this.#outside.length && sizeAt(this.#outside, to + 1) <= limit) to++;
      if (to < 0) continue;
      const left = limit - sizeAt(this.#outside, to);
      if (left >= least) continue;
      least = left;
      best = [from, to];
      if (left === 0) break;
    }
    return best;
  }

  #exchange(from: number, to: number): void {
    const entering = this.#outside[to] as E;
    this.#move(this.inside, from, this.#outside);
    this.#move(this.#outside, this.#outside.indexOf(entering), this.inside);
  }

  #move(source: E[], at: number, target: E[]): void {
    const [entry] = source.splice(at, 1) as [E];
    this.#left += source === this.inside ? entry.bytes : -entry.bytes;
    target.splice(positionOf(target, entry.bytes), 0, entry);
  }
}

function bySize(a: Sized, b: Sized): number {
  return a.bytes - b.bytes;
}

function sizeAt(sorted: readonly Sized[], at: number): number {
  return (sorted[at] as Sized).bytes;
}

/** The first position of a sorted list whose entry is at least this large. */
function positionOf(sorted: readonly Sized[], bytes: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sizeAt(sorted, middle) < bytes) low = middle + 1;
    else high = middle;
  }
  return low;
}
