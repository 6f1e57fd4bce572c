import type { Violation, ViolationRule } from './types.js';

/** Gathers what a careful client never does. */
export class ViolationLog {
  readonly #list: Violation[] = [];

  add(rule: ViolationRule, sessionId: string | undefined, detail: string): void {
    this.#list.push(Object.freeze({ rule, sessionId, detail }));
  }

  /** All so far; live. */
  get list(): readonly Violation[] {
    return this.#list;
  }
}
