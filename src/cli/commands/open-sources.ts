import { closeStdin, openSources, readsStdin } from '../inputs/directory-inputs.js';
import type { ConditionValues } from '../mapping/condition-values.js';
import type { MappedSources } from '../mapping/sources.js';
import type { CommandInput } from './command.js';

/**
 * Creates the sources of a command. If one of them is standard input, the first signal ends its reading.
 *
 * @param values - counts the values that the conditions of the mapping meet
 * @throws {@link OptionsError} as `openSources`
 */
export async function openCommandSources(
  { resolved, context, stopping }: Pick<CommandInput, 'resolved' | 'context' | 'stopping'>,
  values?: ConditionValues,
): Promise<MappedSources> {
  const sources = await openSources(resolved, context, stopping.signal, values);
  if (readsStdin(resolved.settings)) stopping.onStop(() => closeStdin(context));
  return sources;
}
