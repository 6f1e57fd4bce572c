import { AbortedError, OptionsError, RollcallError } from '../../core/errors.js';
import type { Entity, Profile } from '../../core/model.js';
import type { StateStore } from '../../state/store.js';
import type { DeletedNames } from '../text/deletions-text.js';
import type { CommandInput } from './command.js';
import { connectIfSet } from './connect-if-set.js';
import type { FirstDeletions } from './planned.js';

/** The attributes that `--names` allows to be shown. @throws {@link OptionsError} if it names none */
export function nameColumns({ flags }: Pick<CommandInput, 'flags'>): readonly string[] | undefined {
  if (flags['names'] === undefined) return undefined;
  const columns = String(flags['names'])
    .split(',')
    .map((name) => name.trim());
  if (columns.includes(''))
    throw new OptionsError('--names', 'expected names of attributes in Okta, separated by commas');
  return columns;
}

/**
 * Reads the names of the listed deletions from Okta: their rows have left the source, and the state stores no values. Only the users and
 * groups that are listed are read, one by one. A failure is a note, because the plan is valid without names.
 */
export async function readDeletedNames(
  columns: readonly string[],
  deletions: FirstDeletions,
  state: StateStore,
  input: CommandInput,
): Promise<DeletedNames | undefined> {
  if (deletions.users.length + deletions.groups.length === 0) return undefined;
  const values = { users: new Map(), groups: new Map(), memberships: new Map() } as Record<
    Entity,
    Map<string, readonly string[]>
  >;
  const named = (note?: string): DeletedNames => ({ columns, values, note });
  try {
    const okta = await connectIfSet(state, input);
    if ('why' in okta) return named(`The names were not read: ${okta.why}.`);
    const options = { signal: input.stopping.signal };
    const valuesOf = (found: { readonly profile: Profile } | undefined): readonly string[] =>
      found === undefined ? ['(not in Okta)'] : columns.map((column) => found.profile[column] ?? '');
    try {
      for (const { externalId } of deletions.users)
        values.users.set(externalId, valuesOf(await okta.getUser(externalId, options)));
      for (const { externalId } of deletions.groups)
        values.groups.set(externalId, valuesOf(await okta.getGroup(externalId, options)));
    } finally {
      await okta.close();
    }
    return named();
  } catch (error) {
    if (!(error instanceof RollcallError) || error instanceof AbortedError) throw error;
    return named(`The names were not read: ${error.message}.`);
  }
}
