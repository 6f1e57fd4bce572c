import type { Difference } from './verify-results.js';

/** How a confirmed change was found at Okta. */
export type SampleOutcome =
  /** As it was sent; for a deletion, Okta does not have it. */
  | 'same'
  /** Okta does not have what was sent. */
  | 'missing'
  /** Okta has it with other values. */
  | 'differing'
  /** Okta still has a group or membership that was deleted. */
  | 'foreign'
  /**
   * It cannot be said: Okta still shows a deleted user, and its answer does not tell whether they are active; or the call was refused
   * or failed, or a later change of the run is not confirmed.
   */
  | 'undetermined';

/** Every {@link SampleOutcome}, in the order of reports. */
export const SAMPLE_OUTCOMES: readonly SampleOutcome[] = Object.freeze([
  'same',
  'missing',
  'differing',
  'foreign',
  'undetermined',
]);

/** The result of the option `verifySample` of `sync`: what Okta has of some of the changes that it confirmed. */
export interface SampleReport {
  /** The changes of the run that Okta confirmed. */
  readonly confirmed: number;
  /** Those that were chosen at random and read back. Their number is the sum of these counts. */
  readonly counts: Readonly<Record<SampleOutcome, number>>;
  /** Those that are `missing`, `differing` or `foreign`. */
  readonly differences: number;
  /** The first twenty of them: ids and names of attributes, no values. */
  readonly examples: readonly Difference[];
  /** Rows of the state that are unknown from now on, because what was sent is missing, or what was deleted is there. The next sync sends them. */
  readonly repaired: number;
  /** Why something could not be read, or what else has to be known. */
  readonly notes: readonly string[];
}
