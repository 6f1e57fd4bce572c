import { accessSync, constants, mkdirSync } from 'node:fs';
import { OutputError } from '../../core/errors.js';

/** Creates the directory now, so that an error appears before the run and not after hours of sending. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    throw new OutputError(`the directory cannot be written (${String(code)})`, directory, { cause: error });
  }
}
