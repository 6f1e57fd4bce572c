import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { CliContext } from '../process/io.js';
import { STATE_DIRECTORY, type Settings } from './settings.js';

/** The directory of the state: as set, or the usual one. */
export function stateDirectory(settings: Settings, { cwd }: CliContext): string {
  return resolve(cwd, settings.state ?? STATE_DIRECTORY);
}

/** Whether a state is there: commands that only look must not make one. */
export async function stateExists(directory: string): Promise<boolean> {
  try {
    await access(join(directory, 'state.mdb'));
    return true;
  } catch {
    return false;
  }
}
