import type { Clock } from 'rollcall/testing';

/** Turns of the event loop without anything under way, until nothing more is to come without time passing. */
const QUIET_TURNS = 3;

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/**
 * Time that passes only when all there is to do is to wait, and then at once. Everything real (a write to the disk, a
 * request to another process) is to be run inside {@link real}: time stands still until it is done. The timers of the
 * machine are left alone, so that a database may have its own.
 */
export class VirtualClock implements Clock {
  #now: number;
  #underWay = 0;
  #checking = false;
  readonly #sleepers = new Set<Sleeper>();
  /** The clock of those who sleep inside something real, such as a client that waits for its turn. */
  readonly inside: Clock = {
    now: () => this.#now,
    elapsed: () => this.#now,
    sleep: async (ms, signal) => {
      this.#leave();
      try {
        await this.sleep(ms, signal);
      } finally {
        this.#underWay++;
      }
    },
  };

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const end = (settle: () => void) => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', onAbort);
        settle();
      };
      const onAbort = () => end(() => reject(signal?.reason as Error));
      const sleeper = { at: this.#now + Math.max(0, ms), wake: () => end(resolve) };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#sleepers.add(sleeper);
      this.#check();
    });
  }

  /** Runs something during which no time passes. */
  async real<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    this.#underWay--;
    this.#check();
  }

  /** Lets the first sleeper wake once it has been quiet for some turns of the event loop. */
  #check(quiet = 0): void {
    if (this.#checking || this.#underWay > 0 || this.#sleepers.size === 0) return;
    this.#checking = true;
    setImmediate(() => {
      this.#checking = false;
      if (this.#underWay > 0) return;
      if (quiet + 1 < QUIET_TURNS) return this.#check(quiet + 1);
      const first = [...this.#sleepers].reduce((a, b) => (b.at < a.at ? b : a));
      this.#now = Math.max(this.#now, first.at);
      first.wake();
      this.#check();
    });
  }
}
