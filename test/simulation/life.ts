import type { RunPlan } from './scenario.js';

/** Who is told what a life comes to. */
export interface Witness {
  /** Every interaction with the world, in order. */
  trace(line: string): void;
  /** Something that was injected. */
  count(what: string): void;
  jump(ms: number): void;
}

/** Never settles. A promise of its own each time: one for all would hold on to all the dead. */
function never(): Promise<never> {
  return new Promise<never>(() => undefined);
}

/**
 * One run of one process, seen from outside: every interaction with the world passes {@link pass}, before it is done
 * and after it was done and before it is known. There a process dies, which means that nothing of it ever acts
 * again; there it is aborted, and there its clock jumps.
 */
export class Life {
  /** Resolves when the process dies. */
  readonly death: Promise<void>;
  readonly abort = new AbortController();
  /** The server's time when the run was aborted. */
  abortedAt: number | undefined;
  #die: () => void = () => undefined;
  #dead = false;
  #over = false;
  #interactions = 0;
  /** What was done after the end of the run. */
  readonly afterwards: string[] = [];
  readonly #plan: RunPlan;
  readonly #witness: Witness;
  readonly #now: () => number;

  constructor(plan: RunPlan, witness: Witness, now: () => number) {
    this.#plan = plan;
    this.#witness = witness;
    this.#now = now;
    this.death = new Promise((resolve) => (this.#die = resolve));
  }

  get dead(): boolean {
    return this.#dead;
  }

  get interactions(): number {
    return this.#interactions;
  }

  /** The run has ended: nothing may be done any more. */
  end(): void {
    this.#over = true;
  }

  /** One interaction. Never settles for the dead. */
  async pass(what: string): Promise<void> {
    if (this.#dead) return never();
    if (this.#over) {
      this.afterwards.push(what);
      return;
    }
    const { diesAt, abortsAt, jumps } = this.#plan;
    const at = ++this.#interactions;
    this.#witness.trace(what);
    for (const jump of jumps) {
      if (jump.at !== at) continue;
      this.#witness.trace(`clock ${jump.ms}`);
      this.#witness.count(jump.ms > 0 ? 'clock forward' : 'clock back');
      this.#witness.jump(jump.ms);
    }
    if (abortsAt === at) {
      this.#witness.trace('abort');
      this.#witness.count('abort');
      this.abortedAt = this.#now();
      this.abort.abort();
    }
    if (diesAt !== at) return;
    this.#witness.trace('death');
    this.#witness.count(`death ${what.replace(/ .*/, '')}`);
    this.#dead = true;
    this.#die();
    return never();
  }
}
