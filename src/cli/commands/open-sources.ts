import { closeStdin, openSources, readsStdin } from '../inputs/directory-inputs.js';
import type { SourceFindings } from '../mapping/source-findings.js';
import type { MappedSources } from '../mapping/sources.js';
import type { Watermarks } from '../inputs/watermarks.js';
import type { CommandInput } from './command.js';

/**
 * Creates the sources of a command. If one of them is standard input, the first signal ends its reading.
 *
 * @param findings - sees the rows of users and groups
 * @param watermarks - from where feeds are read. @defaultValue from their beginning
 * @throws {@link OptionsError} as `openSources`
 */
export async function openCommandSources(
  { resolved, context, stopping }: Pick<CommandInput, 'resolved' | 'context' | 'stopping'>,
  findings?: SourceFindings,
  watermarks?: Watermarks,
): Promise<MappedSources> {
  const sources = await openSources(resolved, context, stopping.signal, findings, watermarks);
  if (readsStdin(resolved.settings)) stopping.onStop(() => closeStdin(context));
  return sources;
}
