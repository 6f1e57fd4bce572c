import { ENTITIES, type Entity } from '../../core/model.js';
import { minPopulationReplaced, type GuardLimits } from '../../guard/guard-limits.js';
import { nearest } from '../text/nearest.js';
import { isCodeSource, type ConfigSource } from './code-config.js';
import { isPlainObject, type ConfigValue } from './config-value.js';
import { isObject, paths, Unexpected } from './setting-kinds.js';
import { GROUPS, SETTING_KEYS, SETTINGS, type SettingKey, type Settings } from './settings.js';
import { readSource, type SourceSpec } from './source-spec.js';
import { readWatermarkColumn, type WatermarkSpec } from './watermark-spec.js';

/** A source that is not a file: a declared one, or the iterable or function of a config in code. */
export type DeclaredSource = SourceSpec | { readonly kind: 'code'; readonly source: ConfigSource };

/** An input that expressions look up: files, or another source. */
export type LookupSource = DeclaredSource | { readonly kind: 'files'; readonly paths: readonly string[] };

/** The content of a config file. */
export interface Config {
  /** The file's name, as it was given. */
  readonly file: string;
  readonly settings: Settings;
  /** Sources that are not files. */
  readonly sources: Readonly<Partial<Record<Entity, DeclaredSource>>>;
  /** The mapping, if it is an object in a config in code and not the name of a file. */
  readonly mapping: InlineMapping | undefined;
  /** The inputs that the expressions of a mapping look up. */
  readonly lookups: Readonly<Record<string, LookupSource>>;
  /** How feeds of changes are read on. */
  readonly watermarks: Readonly<Partial<Record<Entity, WatermarkSpec>>>;
  /** Limits of the guard for one entity; they override the common limits. */
  readonly guard: Readonly<Partial<Record<Entity, GuardLimits>>>;
}

/** A mapping that a config in code contains. */
export interface InlineMapping {
  /** The place of the mapping in errors. */
  readonly place: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** The keys of a config file that have no flag. */
export const CONFIG_ONLY = Object.freeze(['$schema', 'guard', 'lookups', 'watermark']);

/** Keys under which people try to store a secret. The error for them says where secrets belong. */
const SECRETS = /^(api_?)?token$|private_?key|secret|password/i;

/**
 * Reads the values of a config file.
 *
 * @param isCode - whether the file is code: then sources may be iterables and functions, and the mapping an object
 * @throws {@link OptionsError} with the place of anything invalid.
 */
export function readConfigValues(root: ConfigValue, file: string, isCode: boolean): Config {
  const settings: Partial<Record<SettingKey, unknown>> = {};
  const sources: Partial<Record<Entity, DeclaredSource>> = {};
  let mapping: InlineMapping | undefined;
  let guard: Config['guard'] = {};
  let lookups: Config['lookups'] = {};
  let watermarks: Config['watermarks'] = {};
  for (const { key, value } of membersOf(root, '')) {
    const { plain } = value;
    if (key === '$schema') continue;
    if (key === 'guard') guard = readGuard(value, root, settings);
    else if (key === 'lookups') lookups = readLookups(value, isCode);
    else if (key === 'watermark') watermarks = readWatermarks(value);
    else if (isEntity(key) && isCode && isCodeSource(plain)) sources[key] = { kind: 'code', source: plain };
    else if (isEntity(key) && isObject(plain)) sources[key] = explained(key, value, () => readSource(plain));
    else if (key === 'map' && isCode && isPlainObject(plain))
      mapping = { place: `${file}: map`, content: plain };
    else {
      const known = requireKey(key, value, SETTING_KEYS, CONFIG_ONLY);
      settings[known] = readSetting(known, value);
    }
  }
  return { file, settings: settings as Settings, sources, mapping, lookups, watermarks, guard };
}

function readLookups(value: ConfigValue, isCode: boolean): Config['lookups'] {
  const lookups = membersOf(value, 'lookups').map(({ key, value: input }): [string, LookupSource] => {
    const { plain } = input;
    const where = `lookups.${key}`;
    if (isEntity(key)) input.fail(`${where}: the input of ${key} can be looked up without this`);
    if (isCode && isCodeSource(plain)) return [key, { kind: 'code', source: plain }];
    if (isObject(plain)) return [key, explained(where, input, () => readSource(plain))];
    return [key, { kind: 'files', paths: explained(where, input, () => paths().read(plain)) }];
  });
  return Object.fromEntries(lookups);
}

function readWatermarks(value: ConfigValue): Config['watermarks'] {
  const watermarks: Partial<Record<Entity, WatermarkSpec>> = {};
  for (const { key, value: column } of membersOf(value, 'watermark')) {
    if (!isEntity(key))
      return column.fail(`watermark: expected ${ENTITIES.join(', ')}, got ${JSON.stringify(key)}`);
    watermarks[key] = explained(`watermark.${key}`, column, () => readWatermarkColumn(column.plain));
  }
  return watermarks;
}

function membersOf(value: ConfigValue, what: string): NonNullable<ConfigValue['members']> {
  return value.members ?? value.fail(`${what === '' ? '' : `${what}: `}expected an object`);
}

/**
 * Reads the limits of the guard: those for single entities, which it returns, and those for all entities, which it adds to the settings.
 */
function readGuard(
  value: ConfigValue,
  root: ConfigValue,
  settings: Partial<Record<SettingKey, unknown>>,
): Config['guard'] {
  const guard: Partial<Record<Entity, GuardLimits>> = {};
  for (const { key: entity, value: limits } of membersOf(value, 'guard')) {
    if (!isEntity(entity)) {
      const limit = requireKey(entity, limits, GROUPS.guard, ENTITIES);
      if (membersOf(root, '').some(({ key }) => key === limit))
        limits.fail(`${limit} is set twice, here and outside of guard`);
      settings[limit] = readSetting(limit, limits);
      continue;
    }
    const read: Record<string, unknown> = {};
    for (const { key, value: limit } of membersOf(limits, `guard.${entity}`)) {
      const known = requireKey(key, limit, GROUPS.guard);
      read[known] = readSetting(known, limit);
    }
    guard[entity] = read;
  }
  return guard;
}

function readSetting(key: SettingKey, value: ConfigValue): unknown {
  return explained(key, value, () => SETTINGS[key].kind.read(value.plain));
}

function isEntity(key: string): key is Entity {
  return (ENTITIES as readonly string[]).includes(key);
}

/** Reads a value; its error names the key and the place. */
function explained<T>(key: string, value: ConfigValue, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unexpected) return value.fail(`${key}: ${error.message}`);
    throw error;
  }
}

function requireKey<K extends string>(
  key: string,
  value: ConfigValue,
  known: readonly K[],
  alsoKnown: readonly string[] = [],
): K {
  if ((known as readonly string[]).includes(key)) return key as K;
  if (key === 'minPopulation')
    return value.fail(`minPopulation ${minPopulationReplaced('minDeletes', 'minUpdates')}`);
  if (SECRETS.test(key)) {
    return value.fail(
      `${key}: a config file must not contain secrets; set OKTA_CLIENT_TOKEN or OKTA_CLIENT_PRIVATEKEY, or set OKTA_CLIENT_TOKEN_FILE or OKTA_CLIENT_PRIVATEKEY_FILE to a file with the secret`,
    );
  }
  return value.fail(`unknown key ${JSON.stringify(key)}${nearest(key, [...known, ...alsoKnown])}`);
}
