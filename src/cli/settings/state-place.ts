import { resolve } from 'node:path';
import { StateError } from '../../core/errors.js';
import { openState, type OpenStateOptions } from '../../state/lmdb/open-state.js';
import { openPostgresState } from '../../state/postgres/open-postgres-state.js';
import { isPostgresUrl, shownUrl } from '../../state/postgres/postgres-url.js';
import type { StateStore } from '../../state/store.js';
import { readEnvironment, type Environment } from '../process/environment.js';
import type { CliContext } from '../process/io.js';
import { STATE_DIRECTORY } from './run-settings.js';
import type { Settings } from './settings.js';

/** Where a state is. */
export interface StatePlace {
  /** A directory, or the address of a state in PostgreSQL, which may contain a password. */
  readonly address: string;
  /** The place for messages and reports, without user and password. */
  readonly shown: string;
}

/** The place of the state: the setting `state`, or the default. */
export function statePlace(settings: Settings, { cwd }: CliContext): StatePlace {
  return placeAt(settings.state ?? STATE_DIRECTORY, cwd);
}

/** The place that a text names: a path, or an address. */
export function placeAt(text: string, cwd: string): StatePlace {
  if (isPostgresUrl(text)) return { address: text, shown: shownUrl(text) };
  const directory = resolve(cwd, text);
  return { address: directory, shown: directory };
}

/** Opens the state in a place. */
export async function openPlace(
  { address }: StatePlace,
  { clock, env }: Pick<CliContext, 'clock' | 'env'>,
  options: Omit<OpenStateOptions, 'clock'> = {},
): Promise<StateStore> {
  if (!isPostgresUrl(address)) return openState(address, { ...options, clock });
  const { create = true, moved = false } = options;
  return openPostgresState(address, { clock, create, moved, ...(await databasePassword(env)) });
}

/** Opens the state in a place; undefined if there is none. Commands that only read must not create one. */
export async function openIfExists(
  place: StatePlace,
  context: Pick<CliContext, 'clock' | 'env'>,
): Promise<StateStore | undefined> {
  try {
    return await openPlace(place, context, { create: false });
  } catch (error) {
    if (error instanceof StateError && error.code === 'ERR_ROLLCALL_STATE_MISSING') return undefined;
    throw error;
  }
}

/** The password of PostgreSQL's own variable, or of the file that its `_FILE` names. The driver reads PGPASSFILE itself. */
export async function databasePassword(
  env: Environment,
): Promise<{ readonly driverOptions?: Readonly<Record<string, unknown>> }> {
  const password = await readEnvironment(env, 'PGPASSWORD');
  return password === undefined ? {} : { driverOptions: { password } };
}
