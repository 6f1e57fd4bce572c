import { ENTITIES } from '../../core/model.js';
import { adopt } from '../../sync/adopt.js';
import { showAdopted } from './adopted.js';
import { openCommandSources } from './open-sources.js';
import { openCommandState } from './open-state.js';
import { targetOf } from './connect.js';
import type { ExitCode } from '../process/exit-codes.js';
import { comparisonOptions } from '../settings/library-options.js';
import { asAborted, type CommandInput } from './command.js';

/** `sync --adopt HASH`: records the plan with that hash as already done in Okta, and sends nothing. */
export async function adoptCommand(input: CommandInput, confirm: string): Promise<ExitCode> {
  const {
    resolved: { settings },
    stopping,
  } = input;
  const sources = await openCommandSources(input);
  const target = await targetOf(settings);
  const state = await openCommandState(input);
  try {
    const { signal } = stopping;
    const options = { ...sources, ...comparisonOptions(settings), state, target, confirm, signal };
    const { adopted, sources: read, rejections } = await stopping.finished(adopt(options));
    const rejected = ENTITIES.reduce((total, entity) => total + (read[entity]?.rejected ?? 0), 0);
    return showAdopted({ adopted, rejected, rejections, unit: 'change' }, input);
  } catch (error) {
    throw asAborted(error, stopping);
  } finally {
    if (!stopping.late) await state.close();
  }
}
