import { OptionsError, RollcallError } from '../../core/errors.js';
import type { DirectoryClient } from '../../okta/directory-client.js';
import { allPages } from '../../okta/read-back.js';
import type { StateStore } from '../../state/store.js';
import { holdersOf, idsWithLogin } from '../../sync/trace/find-login.js';
import { hasSources, readsStdin } from '../inputs/directory-inputs.js';
import type { CommandInput } from './command.js';
import { connectIfSet } from './connect-if-set.js';
import type { LoginPlace } from './explanation.js';
import { openCommandSources } from './open-sources.js';

/** The user who has a login, and where that was found; or why nobody was found. */
export type LoginOwner =
  | { readonly id: string; readonly loginIn: readonly LoginPlace[] }
  | { readonly id: undefined; readonly loginIn: readonly []; readonly why: string };

/**
 * Finds the external id of the user who has a login: in the sources and the state, and, if neither has it, in the pages of Okta's users.
 *
 * @throws {@link OptionsError} if several ids have it, or if standard input would be read twice
 */
export async function findLogin(login: string, state: StateStore, input: CommandInput): Promise<LoginOwner> {
  const { resolved } = input;
  if (readsStdin(resolved.settings))
    throw new OptionsError('--login', 'standard input cannot be read twice: use files, or explain the id');
  const found = new Map<string, Set<LoginPlace>>();
  const add = (id: string, place: LoginPlace) => void found.set(id, (found.get(id) ?? new Set()).add(place));
  const { users } = hasSources(resolved) ? await openCommandSources(input) : {};
  if (users !== undefined) for (const id of await idsWithLogin(users, login)) add(id, 'sources');
  for (const id of await holdersOf(state, login)) add(id, 'state');
  let okta = '';
  if (found.size === 0) {
    const { id, why } = await askOkta(login, state, input);
    if (id !== undefined) add(id, 'Okta');
    okta = why === undefined ? ', nor of Okta,' : ` (Okta was not read: ${why})`;
  }
  const [owner, ...others] = found;
  if (owner === undefined)
    return { id: undefined, loginIn: [], why: `No user of the sources and the state${okta} has this login.` };
  if (others.length > 0) {
    const places = Array.from(found, ([id, where]) => `${JSON.stringify(id)} (${[...where].join(', ')})`);
    throw new OptionsError(
      '--login',
      `several ids have this login: ${places.join(', ')}; explain one of them by its id`,
    );
  }
  return { id: owner[0], loginIn: [...owner[1]] };
}

async function askOkta(
  login: string,
  state: StateStore,
  input: CommandInput,
): Promise<{ readonly id?: string | undefined; readonly why?: string }> {
  const okta = await connectIfSet(state, input);
  if ('why' in okta) return okta;
  try {
    return { id: await idAtOkta(okta, login, input.stopping.signal) };
  } catch (error) {
    if (input.stopping.signal.aborted || !(error instanceof RollcallError)) throw error;
    return { why: error.message };
  } finally {
    await okta.close();
  }
}

async function idAtOkta(
  okta: DirectoryClient,
  login: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const wanted = login.toLowerCase();
  for await (const page of allPages('listApplicationUsers', okta.listAppUsers.bind(okta), { signal }))
    for (const { externalId, profile } of page)
      if (externalId !== undefined && profile['userName']?.toLowerCase() === wanted) return externalId;
  return undefined;
}
