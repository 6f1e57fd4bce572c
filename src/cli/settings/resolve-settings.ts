import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { escapePath, isDynamicPattern } from 'tinyglobby';
import { OptionsError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { findConfigFile, readConfig } from './config-file.js';
import type { Config, DeclaredSource } from './read-config.js';
import { isPostgresUrl } from '../../state/postgres/postgres-url.js';
import { readEnvironment, type Environment } from '../process/environment.js';
import { Unexpected } from './setting-kinds.js';
import type { Setting } from './setting.js';
import { SETTINGS, type SettingKey, type Settings } from './settings.js';

/** The flags as commander parsed them: the text of each flag by its key. */
export type Flags = Readonly<Record<string, string | readonly string[] | boolean | undefined>>;

/** The values of all settings of a command. */
export interface Resolved {
  readonly settings: Settings;
  /** Sources that are not files, of entities without files; only a config file can declare them. */
  readonly sources: Config['sources'];
  /** The mapping that a config in code contains, if no setting names a file. */
  readonly mapping: Config['mapping'];
  /** The inputs that expressions look up; only a config file can declare them. */
  readonly lookups: Config['lookups'];
  /** How feeds of changes are read on; only a config file can declare it. */
  readonly watermarks: Config['watermarks'];
  /** Limits of the guard for one entity; only a config file can set them. */
  readonly guard: Config['guard'];
}

/**
 * Resolves the settings: a flag overrides the environment, and the environment overrides the config file. One config
 * file serves all commands: the whole file is checked, but a command uses only the settings that it knows.
 */
export async function resolveSettings(
  keys: readonly SettingKey[],
  flags: Flags,
  env: Environment,
  cwd: string,
): Promise<Resolved> {
  // A command without settings ignores the config file, even an invalid one.
  if (keys.length === 0)
    return { settings: {}, sources: {}, mapping: undefined, lookups: {}, watermarks: {}, guard: {} };
  const config = await findConfig(flags['config'], cwd);
  const settings: Partial<Record<SettingKey, unknown>> = {};
  for (const key of keys) {
    const value = (await fromFlagOrEnvironment(key, flags, env, cwd)) ?? fromConfig(key, config, cwd);
    if (value !== undefined) settings[key] = value;
  }
  const sources: Partial<Record<Entity, DeclaredSource>> = {};
  for (const entity of ENTITIES) {
    const source = config?.sources[entity];
    if (
      config !== undefined &&
      source !== undefined &&
      keys.includes(entity) &&
      settings[entity] === undefined
    )
      sources[entity] = fromItsPlace(source, config, cwd);
  }
  const mapping = keys.includes('map') && settings.map === undefined ? config?.mapping : undefined;
  return {
    settings: settings as Settings,
    sources,
    mapping,
    lookups: config === undefined ? {} : lookupsOf(config, cwd),
    watermarks: config?.watermarks ?? {},
    guard: config?.guard ?? {},
  };
}

/**
 * The value of the flag of one setting, by its key, without the environment and the config file; empty if it was not given.
 * @throws {@link OptionsError} if the value is not valid
 */
export function flagValue<K extends SettingKey>(key: K, flags: Flags): Pick<Settings, K> {
  const { kind, flag } = SETTINGS[key] as Setting<unknown>;
  const given = flags[key];
  const value = given === undefined ? {} : { [key]: checked(flag ?? key, () => kind.parse(given)) };
  return value as Pick<Settings, K>;
}

function lookupsOf(config: Config, cwd: string): Config['lookups'] {
  const pathOf = fromPlaceOf(config, cwd);
  return Object.fromEntries(
    Object.entries(config.lookups).map(([name, source]) => [
      name,
      source.kind === 'files'
        ? { ...source, paths: source.paths.map(pathOf) }
        : fromItsPlace(source, config, cwd),
    ]),
  );
}

/** A file of a source is relative to the config file. */
function fromItsPlace(source: DeclaredSource, config: Config, cwd: string): DeclaredSource {
  const placed = (file: string) => resolve(dirname(resolve(cwd, config.file)), file);
  if (source.kind === 'sqlite') return { ...source, file: placed(source.file) };
  if (source.kind === 'ldap' && source.caFile !== undefined)
    return { ...source, caFile: placed(source.caFile) };
  return source;
}

async function findConfig(flag: Flags[string], cwd: string): Promise<Config | undefined> {
  if (typeof flag === 'string') return readConfig(against(cwd, flag));
  const usual = await findConfigFile(cwd);
  return usual === undefined ? undefined : readConfig(against(cwd, usual));
}

async function fromFlagOrEnvironment(
  key: SettingKey,
  flags: Flags,
  env: Environment,
  cwd: string,
): Promise<unknown> {
  const { kind, flag, env: name } = SETTINGS[key] as Setting<unknown>;
  const given = flags[key];
  if (given !== undefined) {
    const value = checked(flag ?? key, () => kind.parse(given));
    return kind.isPath ? mapPaths(value, (path) => against(cwd, path)) : value;
  }
  if (name === undefined) return undefined;
  const text = await readEnvironment(env, name);
  return text === undefined ? undefined : checked(name, () => (kind.parseVariable ?? kind.parse)(text));
}

/** Paths in a config file are relative to the file. */
function fromConfig(key: SettingKey, config: Config | undefined, cwd: string): unknown {
  const value = config?.settings[key];
  if (config === undefined || value === undefined || !SETTINGS[key].kind.isPath) return value;
  return mapPaths(value, fromPlaceOf(config, cwd));
}

function fromPlaceOf(config: Config, cwd: string): (path: string) => string {
  const prefix = relative(cwd, dirname(resolve(cwd, config.file)));
  return (path) => against(cwd, against(prefix, path));
}

function checked<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unexpected) throw new OptionsError(place, error.message);
    throw error;
  }
}

function mapPaths(value: unknown, map: (path: string) => string): unknown {
  return Array.isArray(value) ? value.map((path: string) => map(path)) : map(value as string);
}

/** A path or glob, resolved against a directory. `-` is standard input and stays as it is, and so does the address of a state. */
function against(directory: string, path: string): string {
  const here = directory === '' || directory === process.cwd();
  if (here || path === '-' || isAbsolute(path) || isPostgresUrl(path)) return path;
  return isDynamicPattern(path) ? `${escapePath(directory)}/${path}` : join(directory, path);
}
