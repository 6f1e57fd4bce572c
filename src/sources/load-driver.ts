import { SourceError } from '../core/errors.js';

/**
 * Loads a driver when it is first used. Drivers are optional peer dependencies: only who reads such a source installs one.
 *
 * @throws {@link SourceError} with the command that installs the packages, if one of them is missing.
 */
export async function loadDriver<T>(packages: readonly string[], load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const names = packages.join(' ');
    throw new SourceError(
      `this source needs ${packages.length === 1 ? 'the package' : 'the packages'} ${packages.join(' and ')}, which rollcall does not install; run: npm install ${names}`,
      {},
      { cause: error },
    );
  }
}
