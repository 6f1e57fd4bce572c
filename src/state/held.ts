import type { Fingerprint } from '../core/model.js';

/** The value of a row of the baseline. */
export type Held =
  /** Okta confirmed the record with this fingerprint. */
  | { readonly kind: 'confirmed'; readonly fingerprint: Fingerprint }
  /** The outcome of the last upload is unknown, so it is not known what Okta has. */
  | { readonly kind: 'unknown' };

/**
 * The value of every unknown row.
 * @example
 * await state.adopt([{ entity: 'users', key: '1001', held: UNKNOWN }]);
 */
export const UNKNOWN: Held = Object.freeze({ kind: 'unknown' });
