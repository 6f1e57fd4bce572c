import type { AttributeLimit } from '../core/limits.js';
import type { Rejection } from '../core/rejection.js';

/** Options of {@link validate}. */
export interface ValidateOptions {
  /**
   * Attributes that every profile must have, not null.
   * @defaultValue `['userName', 'email']` for users, `['displayName']` for groups
   */
  readonly required?: readonly string[];
  /**
   * Turns numbers and booleans into strings. Okta takes strings only.
   * @defaultValue `false`: such a value is rejected
   */
  readonly coerce?: boolean | { readonly numbers?: boolean; readonly booleans?: boolean };
  /**
   * What becomes of characters beyond U+FFFF (emoji and the like), which Okta does not take.
   * @defaultValue `'reject'`
   */
  readonly unsupportedCharacters?: 'reject' | { readonly replaceWith: string };
  /** Limits of further attributes, as the identity source's own schema declares them. */
  readonly attributes?: Readonly<Record<string, AttributeLimit>>;
  /**
   * `delta` lets records marked `deleted: true` pass, which need no profile; in a `full` read such a record is rejected.
   * @defaultValue `'full'`
   */
  readonly mode?: 'full' | 'delta';
  /** Called with every rejected record. What it throws ends the run. */
  readonly onReject?: (rejection: Rejection) => void;
}
