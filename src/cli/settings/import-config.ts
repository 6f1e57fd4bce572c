import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OptionsError, RollcallError } from '../../core/errors.js';
import { describeFailure } from '../text/describe-failure.js';
import { refuseOtherCopy } from './code-config.js';
import { isPlainObject } from './config-value.js';

/**
 * The default export of a config in code.
 *
 * TypeScript is loaded by Node itself where it can (22.18 and newer), and otherwise by the package `tsx`, if it is installed.
 *
 * @throws {@link OptionsError} if the file is missing, fails, or exports something else than an object.
 */
export async function importConfig(file: string): Promise<object> {
  const path = resolve(file);
  await access(path).catch((error: NodeJS.ErrnoException) => {
    throw new OptionsError('--config', `${file} cannot be read: ${error.code}`);
  });
  if (/\.[cm]?ts$/.test(file) && !loadsTypeScript()) await registerTsx(path, file);
  const { default: config } = await load(path, file);
  if (!isPlainObject(config))
    throw new OptionsError(
      file,
      'has no config as its default export; write: export default defineConfig({ ... })',
    );
  refuseOtherCopy(config, file);
  return config;
}

async function load(path: string, file: string): Promise<{ readonly default?: unknown }> {
  try {
    return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as { readonly default?: unknown };
  } catch (error) {
    if (error instanceof RollcallError) throw error;
    throw new OptionsError(file, `cannot be loaded: ${describeFailure(error)}`);
  }
}

/** Whether this Node strips types, or a loader that is already there does. */
function loadsTypeScript(): boolean {
  const { typescript } = process.features as { readonly typescript?: unknown };
  return typeof typescript === 'string';
}

/** Loads the package `tsx`, found from the config file, for the rest of the process: a function may import more modules later. */
async function registerTsx(path: string, file: string): Promise<void> {
  const require = createRequire(path);
  let packageFile: string;
  try {
    packageFile = require.resolve('tsx/package.json');
  } catch {
    throw new OptionsError(
      file,
      `Node ${process.versions.node} does not read TypeScript; use Node 22.18 or newer, install tsx (npm install --save-dev tsx), or write the config in JavaScript (rollcall.config.mjs)`,
    );
  }
  // Resolved by hand: `require` finds the build for CommonJS, which cannot register a loader of modules.
  const { exports } = require(packageFile) as TsxPackage;
  const entry = new URL(exports['./esm/api'].import.default, pathToFileURL(packageFile));
  const { register } = (await import(/* @vite-ignore */ entry.href)) as { readonly register: () => unknown };
  register();
}

interface TsxPackage {
  readonly exports: { readonly './esm/api': { readonly import: { readonly default: string } } };
}
