import { OptionsError } from '../../core/errors.js';
import { deactivate } from '../../upload/deactivate.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import { GROUPS, type SettingKey } from '../settings/settings.js';
import { deactivateText } from '../text/deactivate-text.js';
import type { Command } from './command.js';
import type { DeactivateReport } from './command-reports.js';
import { connect } from './connect.js';
import { openCommandState } from './open-state.js';

/** More people at once are a matter for the sources and a sync, whose guard counts them. */
const MOST_IDS = 5;

/** The settings of `deactivate`. */
export const DEACTIVATE_SETTINGS: readonly SettingKey[] = ['state', 'waitLock', ...GROUPS.connection];

/** `deactivate ID...`: ends the access of single people at once, and lets the state follow. Without `--yes` it only looks. */
export const deactivateCommand: Command = async (input): Promise<ExitCode> => {
  const { resolved, flags, context, display, stopping } = input;
  const ids = flags['id'] as readonly string[];
  const send = flags['yes'] === true;
  requireFew(ids, flags['max'] as string | undefined);
  const state = await openCommandState(input, { create: false });
  try {
    const okta = await connect(resolved.settings, context, await state.target());
    try {
      const { signal } = stopping;
      const users = await stopping.finished(deactivate({ okta, state, ids, send, signal }));
      const report: DeactivateReport = { sent: send, users };
      const text = deactivateText(report);
      const code = codeOf(report);
      display.outcome({ type: 'deactivate:report', report }, text, code === EXIT.DONE ? undefined : text);
      return code;
    } finally {
      await okta.close();
    }
  } finally {
    if (!stopping.late) await state.close();
  }
};

function requireFew(ids: readonly string[], flag: string | undefined): void {
  if (flag !== undefined && !/^[1-9]\d{0,3}$/.test(flag))
    throw new OptionsError('--max', 'expected a whole number from 1 to 9999');
  const most = flag === undefined ? MOST_IDS : Number(flag);
  if (ids.length > most)
    throw new OptionsError(
      '--max',
      `${ids.length} ids are more than ${most}; remove these people from the sources and run a sync, or raise --max`,
    );
}

function codeOf({ users }: DeactivateReport): ExitCode {
  const outcomes = new Set(users.map(({ outcome }) => outcome));
  if (outcomes.has('absent') || outcomes.has('refused')) return EXIT.FAILED;
  return outcomes.has('unknown') ? EXIT.PARTIAL : EXIT.DONE;
}
