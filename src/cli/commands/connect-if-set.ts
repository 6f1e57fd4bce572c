import type { StateStore } from '../../state/store.js';
import { readCredentials } from '../settings/credentials.js';
import type { CommandInput } from './command.js';
import { connect } from './connect.js';

/** A client for a command that also works without Okta; or why there is none. */
export async function connectIfSet(
  state: StateStore,
  { resolved: { settings }, context }: CommandInput,
): Promise<Awaited<ReturnType<typeof connect>> | { readonly why: string }> {
  const known = await state.target();
  if ((settings.orgUrl ?? known?.orgUrl) === undefined) return { why: 'no org is set (--org-url)' };
  if ((settings.identitySource ?? known?.identitySourceId) === undefined)
    return { why: 'no identity source is set (--identity-source)' };
  if ((await readCredentials(context.env)) === undefined) return { why: 'no credentials are set' };
  return connect(settings, context, known);
}
