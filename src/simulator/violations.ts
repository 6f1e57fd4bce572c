import type { Violation, ViolationRule } from './types.js';

/** Collects requests that a correct client never sends. */
export class ViolationLog {
  readonly #list: Violation[] = [];

  add(rule: ViolationRule, sessionId: string | undefined, detail: string): void {
    this.#list.push(Object.freeze({ rule, sessionId, detail }));
  }

  /** All violations so far. The array is live. */
  get list(): readonly Violation[] {
    return this.#list;
  }
}
