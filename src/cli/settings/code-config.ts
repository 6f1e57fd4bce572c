import { OptionsError } from '../../core/errors.js';
import type { Source } from '../../flow/flow.js';
import type { GuardLimits } from '../../guard/guard-limits.js';
import type { Entity } from '../../core/model.js';
import type { DeclaredSourceOptions } from './source-spec.js';
import type { WatermarkColumn } from './watermark-spec.js';
import type { WrittenSettings } from './written-settings.js';

/** What a source function of a config in code gets. */
export interface ConfigSourceContext {
  /** Is aborted when the run is stopped, for example by Ctrl+C. */
  readonly signal: AbortSignal;
  /** The value from which the feed must be read, if the config has a `watermark` for it. */
  readonly watermark?: string;
}

/**
 * A source in a config in code: an async iterable, a flow of `pipe`, an Observable, or a function that returns one. It yields whole
 * records, or rows for the mapping.
 *
 * A function is called once for each read. An iterable can be read only once, so a mapping that makes memberships or groups out of the
 * users needs a function. All reads of one run must have the same rows.
 */
export type ConfigSource =
  Source<object> | ((context: ConfigSourceContext) => Source<object> | Promise<Source<object>>);

/** An input of a config in code: files, a source that the config file in JSON can declare as well, or code. */
export type ConfigInput = string | readonly string[] | DeclaredSourceOptions | ConfigSource;

/** A mapping as a mapping file has it: see `docs/mapping.md`. It cannot contain functions; use `map` in the source for them. */
export interface ConfigMapping {
  readonly emptyValues?: readonly string[];
  /** Removes control and format characters from all cells. @defaultValue `false` */
  readonly clean?: boolean;
  readonly lookups?: Readonly<Record<string, { readonly key: string }>>;
  readonly users?: Readonly<Record<string, unknown>>;
  readonly groups?: Readonly<Record<string, unknown>>;
  readonly memberships?: Readonly<Record<string, unknown>>;
}

/**
 * A config in code, the default export of `rollcall.config.ts` or `rollcall.config.mjs`. It has the settings of the config file in
 * JSON. Relative paths are relative to the file.
 */
export interface RollcallConfig extends Omit<WrittenSettings, Entity | 'map'> {
  /** The people. @defaultValue Okta's users are not changed */
  readonly users?: ConfigInput;
  /** The groups. @defaultValue Okta's groups are not changed */
  readonly groups?: ConfigInput;
  /** The memberships. @defaultValue Okta's memberships are not changed */
  readonly memberships?: ConfigInput;
  /** A mapping file, or the mapping itself. @defaultValue columns named after Okta's attributes, or whole records */
  readonly map?: string | ConfigMapping;
  /** The inputs that the expressions of the mapping look up, by their names in the mapping. @defaultValue none */
  readonly lookups?: Readonly<Record<string, ConfigInput>>;
  /** Feeds of changes: the column whose newest value the next run reads on from. @defaultValue none */
  readonly watermark?: Readonly<Partial<Record<Entity, WatermarkColumn>>>;
  /** Limits of the guard for all entities, and for one, which override the common limits. */
  readonly guard?: GuardLimits & Readonly<Partial<Record<Entity, GuardLimits>>>;
}

/** Marks a config with the copy of rollcall whose `defineConfig` returned it. */
const MADE_BY = Symbol.for('rollcall.config');

/**
 * Types a config in code, and returns it. The command line checks the values when it reads the file.
 *
 * @example
 * export default defineConfig({
 *   users: ({ signal }) => readPeople(signal),
 *   state: 'rollcall-state',
 *   requireState: true,
 * });
 */
export function defineConfig(config: RollcallConfig): RollcallConfig {
  return Object.defineProperty({ ...config }, MADE_BY, { value: defineConfig });
}

/**
 * Checks that a config was not made by another copy of rollcall than this one. Flows of another copy would lose the places of their
 * rows, and their rejected records, which would then count as removed.
 *
 * @throws {@link OptionsError} with the file of the config
 */
export function refuseOtherCopy(config: object, file: string): void {
  const madeBy = (config as { readonly [MADE_BY]?: unknown })[MADE_BY];
  if (madeBy === undefined || madeBy === defineConfig) return;
  throw new OptionsError(
    file,
    'it imports another copy of rollcall than this command; run the command of that copy: npx rollcall, in the directory of the file',
  );
}

/** True for a function, an iterable that is not a text or a list of texts, or an Observable. */
export function isCodeSource(value: unknown): value is ConfigSource {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.length > 0 && value.every((item) => typeof item === 'object');
  return (
    Symbol.asyncIterator in value ||
    Symbol.iterator in value ||
    typeof (value as { subscribe?: unknown }).subscribe === 'function'
  );
}
