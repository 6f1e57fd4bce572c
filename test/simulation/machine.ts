import FakeTimers from '@sinonjs/fake-timers';
import type { Clock } from '../../src/core/clock.js';

const realImmediate = setImmediate;

/** Idle turns of the event loop after which nothing can happen any more. */
const IDLE_TURNS = 50;
/** Timers that fire in one scenario before it counts as one without an end. */
const MOST_TIMERS = 2_000_000;

/** The machine that rollcall runs on: its clock, which may jump, and the server's, which does not. */
export class Machine {
  /** The server's time. It goes on evenly, whatever happens to the machine's. */
  readonly server: Clock;
  readonly #timers: FakeTimers.Clock;
  #jumped = 0;
  #io = 0;
  #closing = 0;
  #atRest: (() => void)[] = [];

  constructor(timers: FakeTimers.Clock, skewMs: number) {
    this.#timers = timers;
    this.server = { now: () => Date.now() - this.#jumped, sleep: (ms) => this.sleep(ms) };
    if (skewMs !== 0) this.jump(skewMs);
  }

  /** True while something real is under way, such as a write to a disk: time stands still until it is done. */
  get busy(): boolean {
    return this.#io > 0;
  }

  /** Sets the machine's clock on or back. Timers that run are not touched, as on any machine. */
  jump(ms: number): void {
    this.#timers.setSystemTime(Date.now() + ms);
    this.#jumped += ms;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Something real: time stands still until it is done. */
  async real<T>(work: () => Promise<T>): Promise<T> {
    this.#io++;
    try {
      return await work();
    } finally {
      this.#io--;
      if (!this.busy) for (const resolve of this.#atRest.splice(0)) resolve();
    }
  }

  /** True while something real is under way for which time need not stand still. */
  get closing(): boolean {
    return this.#closing > 0;
  }

  /** Something real that waits for timers of its own, and that nothing else waits for. */
  async close(work: () => Promise<void>): Promise<void> {
    this.#closing++;
    try {
      await work();
    } finally {
      this.#closing--;
    }
  }

  /** Resolves when nothing real is under way. */
  async idle(): Promise<void> {
    while (this.busy) await new Promise<void>((resolve) => this.#atRest.push(resolve));
  }
}

/**
 * Runs something on a machine in virtual time: whenever nothing is left to do but wait, the next timer fires at once.
 * A run that waits for nothing that could come is a failure, not a hang.
 */
export async function onMachine<T>(skewMs: number, run: (machine: Machine) => Promise<T>): Promise<T> {
  const timers = FakeTimers.install({
    now: Date.UTC(2026, 0, 1),
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
  try {
    const machine = new Machine(timers, skewMs);
    let settled = false;
    const result = run(machine).finally(() => (settled = true));
    result.catch(() => undefined);
    for (let idle = 0, fired = 0; !settled;) {
      await new Promise((resolve) => realImmediate(resolve));
      if (settled) break;
      if (machine.busy) {
        await machine.idle();
        idle = 0;
      } else if (timers.countTimers() > 0) {
        timers.next();
        idle = 0;
        if (++fired > MOST_TIMERS) throw new Error('there is no end to it');
      } else if (!machine.closing && ++idle > IDLE_TURNS) {
        throw new Error('deadlock: nothing is left to wait for');
      }
    }
    return await result;
  } finally {
    timers.uninstall();
  }
}
