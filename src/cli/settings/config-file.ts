import { readFile } from 'node:fs/promises';
import { getNodeValue, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { OptionsError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { minPopulationReplaced, type GuardLimits } from '../../guard/guard-rules.js';
import { Unexpected } from './setting-kinds.js';
import { readSource, type SourceSpec } from './source-spec.js';
import { GROUPS, SETTING_KEYS, SETTINGS, type SettingKey, type Settings } from './settings.js';
import { nearest } from '../text/nearest.js';

/** The default config file. */
export const CONFIG_FILE = 'rollcall.config.json';

/** The content of a config file. */
export interface Config {
  /** The file's name, as it was given. */
  readonly file: string;
  readonly settings: Settings;
  /** Sources that are not files. */
  readonly sources: Readonly<Partial<Record<Entity, SourceSpec>>>;
  /** Limits of the guard for one entity; they override the common limits. */
  readonly guard: Readonly<Partial<Record<Entity, GuardLimits>>>;
}

/** The keys of a config file that have no flag. */
export const CONFIG_ONLY = Object.freeze(['$schema', 'guard']);

/** Keys under which people try to store a secret. The error for them says where secrets belong. */
const SECRETS = /^(api_?)?token$|private_?key|secret|password/i;

/**
 * Reads a config file: JSON with comments and trailing commas.
 *
 * @throws {@link OptionsError} with file and line, for anything invalid.
 */
export async function readConfig(file: string): Promise<Config> {
  return parseConfig(await readText(file), file);
}

async function readText(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    throw new OptionsError('--config', `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** Parses the text of a config file; see {@link readConfig}. */
export function parseConfig(text: string, file: string): Config {
  const fail = failAt(text, file);
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) fail(error.offset, `not valid JSON: ${printParseErrorCode(error.error)}`);
  if (root?.type !== 'object') return fail(0, 'expected an object');
  const settings: Partial<Record<SettingKey, unknown>> = {};
  const sources: Partial<Record<Entity, SourceSpec>> = {};
  let guard: Config['guard'] = {};
  eachMember(root, fail, (key, value) => {
    if (key === '$schema') return;
    if (key === 'guard') guard = readGuard(value, fail);
    else if (value.type === 'object' && isEntity(key)) sources[key] = readSourceNode(key, value, fail);
    else
      settings[requireKey(key, value, SETTING_KEYS, fail, CONFIG_ONLY)] = readSetting(
        key as SettingKey,
        value,
        fail,
      );
  });
  return { file, settings: settings as Settings, sources, guard };
}

type Fail = (offset: number, message: string) => never;

/** Errors name the line and never quote the file, because somebody may have written a secret into it. */
function failAt(text: string, file: string): Fail {
  return (offset, message) => {
    const line = text.slice(0, offset).split('\n').length;
    throw new OptionsError(`${file}:${line}`, message);
  };
}

function eachMember(node: Node, fail: Fail, visit: (key: string, value: Node) => void): void {
  const seen = new Set<string>();
  for (const property of node.children ?? []) {
    const [name, value] = property.children ?? [];
    if (name === undefined || value === undefined) continue;
    const key = String(name.value);
    if (seen.has(key)) fail(name.offset, `${key} is set twice`);
    seen.add(key);
    visit(key, value);
  }
}

function readGuard(node: Node, fail: Fail): Config['guard'] {
  if (node.type !== 'object') return fail(node.offset, 'guard: expected an object');
  const guard: Partial<Record<Entity, GuardLimits>> = {};
  eachMember(node, fail, (entity, limits) => {
    requireKey(entity, limits, ENTITIES, fail);
    if (limits.type !== 'object') fail(limits.offset, `guard.${entity}: expected an object`);
    const read: Record<string, unknown> = {};
    eachMember(limits, fail, (key, value) => {
      read[requireKey(key, value, GROUPS.guard, fail)] = readSetting(key as SettingKey, value, fail);
    });
    guard[entity as Entity] = read;
  });
  return guard;
}

function readSetting(key: SettingKey, node: Node, fail: Fail): unknown {
  return explained(key, node, fail, () => SETTINGS[key].kind.read(getNodeValue(node)));
}

function readSourceNode(entity: Entity, node: Node, fail: Fail): SourceSpec {
  return explained(entity, node, fail, () => readSource(getNodeValue(node)));
}

function isEntity(key: string): key is Entity {
  return (ENTITIES as readonly string[]).includes(key);
}

/** Reads a value; its error names the key and the line. */
function explained<T>(key: string, node: Node, fail: Fail, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unexpected) return fail(node.offset, `${key}: ${error.message}`);
    throw error;
  }
}

function requireKey<K extends string>(
  key: string,
  node: Node,
  known: readonly K[],
  fail: Fail,
  alsoKnown: readonly string[] = [],
): K {
  if ((known as readonly string[]).includes(key)) return key as K;
  if (key === 'minPopulation')
    return fail(node.offset, `minPopulation ${minPopulationReplaced('minDeletes', 'minUpdates')}`);
  if (SECRETS.test(key)) {
    return fail(
      node.offset,
      `${key}: a config file must not contain secrets; set OKTA_CLIENT_TOKEN or OKTA_CLIENT_PRIVATEKEY, or set OKTA_CLIENT_TOKEN_FILE or OKTA_CLIENT_PRIVATEKEY_FILE to a file with the secret`,
    );
  }
  return fail(node.offset, `unknown key ${JSON.stringify(key)}${nearest(key, [...known, ...alsoKnown])}`);
}
