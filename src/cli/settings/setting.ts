import type { Kind } from './setting-kinds.js';

/** A setting: set by a flag, by an environment variable, or in a config file. */
export interface Setting<T> {
  readonly kind: Kind<T>;
  /** The long flag; undefined for a setting that only a config file can set. */
  readonly flag: string | undefined;
  /** The environment variable, Okta's own where there is one; the variable `..._FILE` names a file with the value. */
  readonly env?: string;
  /** One sentence for help, docs and the config file. */
  readonly description: string;
  /** The default, as a person would write it. */
  readonly fallback?: string;
}

/** A setting that no code can change. */
export function setting<T>(
  flag: string,
  kind: Kind<T>,
  description: string,
  more: { readonly env?: string; readonly fallback?: string } = {},
): Setting<T> {
  return Object.freeze({ flag, kind, description, ...more });
}
