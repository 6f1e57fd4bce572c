import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { CliContext } from '../process/io.js';
import { STATE_DIRECTORY } from './run-settings.js';
import type { Settings } from './settings.js';

/** The directory of the state: the setting `state`, or the default. */
export function stateDirectory(settings: Settings, { cwd }: CliContext): string {
  return resolve(cwd, settings.state ?? STATE_DIRECTORY);
}

/** Whether the directory contains a state. Commands that only read must not create one. */
export async function stateExists(directory: string): Promise<boolean> {
  try {
    await access(join(directory, 'state.mdb'));
    return true;
  } catch {
    return false;
  }
}
