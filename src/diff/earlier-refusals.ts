import type { Change } from '../core/model.js';
import type { RunContext } from '../flow/run-context.js';
import { RememberedRefusals } from '../state/remembered-refusals.js';
import type { Reading, StateStore } from '../state/store.js';
import type { DiffCounts } from './diff-counts.js';
import { runReferences } from './run-references.js';

const REASON =
  'each session with the record failed in an earlier run; it is sent again when it changes, after a day, or when resend names it';

/** Keeps records out of the plan with which every session of an earlier run failed, and memberships that name them. */
export class EarlierRefusals {
  readonly #remembered: RememberedRefusals;
  readonly #reading: Reading;
  readonly #context: RunContext;
  readonly #counts: DiffCounts;

  private constructor(
    remembered: RememberedRefusals,
    reading: Reading,
    context: RunContext,
    counts: DiffCounts,
  ) {
    this.#remembered = remembered;
    this.#reading = reading;
    this.#context = context;
    this.#counts = counts;
  }

  /** Those of the state, without the ones that the option `resend` names. */
  static async load(
    state: StateStore,
    now: number,
    reading: Reading,
    context: RunContext,
    counts: DiffCounts,
  ): Promise<EarlierRefusals> {
    const remembered = await RememberedRefusals.load(state, now, context.resend);
    return new EarlierRefusals(remembered, reading, context, counts);
  }

  /** True if the record must not be sent. It is then counted, and `upload` reports it. */
  keepsOut(change: Change): boolean {
    const { refused } = runReferences(this.#reading);
    const code = this.#remembered.codeOf(change);
    if (code !== undefined) {
      refused.add(change);
      this.#add(change, code, REASON);
    } else if (refused.has(change)) {
      this.#add(change, 'REFERENCE_REFUSED', 'Okta refused the user or group it names');
    } else {
      return false;
    }
    return true;
  }

  #add(change: Change, code: string, reason: string): void {
    this.#counts.refused++;
    // The content of the record is not needed any more.
    this.#context.refusedBefore.push({ change: { ...change, item: '' }, code, reason });
  }
}
