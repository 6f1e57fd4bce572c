import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OptionsError } from '../../core/errors.js';
import { codeValue, jsonValue } from './config-value.js';
import { importConfig } from './import-config.js';
import { readConfigValues, type Config } from './read-config.js';

/** The default config file. */
export const CONFIG_FILE = 'rollcall.config.json';

/** The config files that are found by themselves. */
export const CONFIG_FILES = Object.freeze([CONFIG_FILE, 'rollcall.config.ts', 'rollcall.config.mjs']);

/** Names of files that are code, and not JSON. */
const CODE = /\.[cm]?[jt]s$/;

/**
 * The config file of a directory; undefined if there is none.
 *
 * @throws {@link OptionsError} if there are several: which of them counts would be a guess.
 */
export async function findConfigFile(directory: string): Promise<string | undefined> {
  const found: string[] = [];
  for (const name of CONFIG_FILES) {
    const exists = await access(join(directory, name)).then(
      () => true,
      () => false,
    );
    if (exists) found.push(name);
  }
  if (found.length > 1)
    throw new OptionsError(
      '--config',
      `there are ${found.join(' and ')}; remove one, or name one with --config`,
    );
  return found[0];
}

/**
 * Reads a config file: JSON with comments and trailing commas, or a module in JavaScript or TypeScript.
 *
 * @throws {@link OptionsError} with file and line (JSON) or property (code), for anything invalid.
 */
export async function readConfig(file: string): Promise<Config> {
  if (CODE.test(file)) return readConfigValues(codeValue(await importConfig(file), file), file, true);
  return parseConfig(await readText(file), file);
}

async function readText(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    throw new OptionsError('--config', `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** Parses the text of a config file in JSON; see {@link readConfig}. */
export function parseConfig(text: string, file: string): Config {
  return readConfigValues(jsonValue(text, file), file, false);
}
