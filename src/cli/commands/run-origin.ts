import { hostname } from 'node:os';
import { ENTITIES } from '../../core/model.js';
import type { RunOrigin } from '../../report/origin.js';
import type { StateStore } from '../../state/store.js';
import { approvalWords, commandWords } from '../text/approval.js';
import { shellCommand } from '../text/shell.js';
import type { CommandInput } from './command.js';
import { lastRun } from './last-run.js';

/** Where a command runs, for the first lines of its report. */
export async function originOf(
  command: 'plan' | 'sync',
  { resolved: { settings, sources }, flags }: CommandInput,
  state: StateStore,
): Promise<RunOrigin> {
  const target = await state.target();
  const orgUrl = settings.orgUrl ?? target?.orgUrl;
  const identitySourceId = settings.identitySource ?? target?.identitySourceId;
  const last = await lastRun(state);
  return {
    ...(orgUrl !== undefined && { orgUrl }),
    ...(identitySourceId !== undefined && { identitySourceId }),
    sources: ENTITIES.flatMap((entity) => {
      const declared = sources[entity];
      return settings[entity] ?? (declared === undefined ? [] : [`${entity} (${declared.kind})`]);
    }),
    command: shellCommand(commandWords(command, flags), undefined),
    approval: shellCommand(approvalWords(flags, '').slice(0, -1), undefined),
    host: hostname(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...(last?.entities && { lastRun: { endedAt: last.endedAt.toISOString(), entities: last.entities } }),
  };
}
