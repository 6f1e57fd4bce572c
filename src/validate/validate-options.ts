import type { AttributeLimit } from '../core/limits.js';
import type { Rejection } from '../core/rejection.js';

/** Options of {@link validate}. */
export interface ValidateOptions {
  /**
   * Attributes that every profile must have; null and empty text are rejected.
   * @defaultValue `['userName', 'email']` for users, `['displayName']` for groups
   */
  readonly required?: readonly string[];
  /**
   * Converts numbers and booleans to strings, because Okta accepts strings only.
   * @defaultValue `false`: such a value is rejected
   */
  readonly coerce?: boolean | { readonly numbers?: boolean; readonly booleans?: boolean };
  /**
   * Characters beyond U+FFFF (for example emoji), which Okta does not accept: reject the record, or replace them.
   * @defaultValue `'reject'`
   */
  readonly unsupportedCharacters?: 'reject' | { readonly replaceWith: string };
  /** Limits of additional attributes, from the schema of the identity source. */
  readonly attributes?: Readonly<Record<string, AttributeLimit>>;
  /**
   * Attributes that are never cleared in Okta. By default, an upsert of a user or group names as null every attribute that Okta may have
   * from this source and the record lacks: Okta does not document whether it keeps or clears an attribute that is left out. For
   * an attribute that is named here, nothing is sent if a record lacks it. Name one that others maintain for people for whom the source
   * has no value, or one that Okta's schema does not have any more.
   * @defaultValue none
   */
  readonly neverClear?: readonly string[];
  /**
   * `delta`: records with `deleted: true` are accepted, and need no profile. `full`: such a record is rejected.
   * @defaultValue `'full'`
   */
  readonly mode?: 'full' | 'delta';
  /** Called with every rejected record. An error that it throws ends the run. */
  readonly onReject?: (rejection: Rejection) => void;
}
