import { faultOf, reportOf, type Check } from '../checks/check.js';
import { checkOkta } from '../checks/check-okta.js';
import type { Credentials } from '../settings/credentials.js';
import { checkCredentials, checkTarget } from '../checks/check-settings.js';
import { checkSources } from '../checks/check-sources.js';
import { checkState, type CheckedState } from '../checks/check-state.js';
import type { AttributeUses } from '../checks/attribute-use.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import { GROUPS, type SettingKey } from '../settings/settings.js';
import { checkText, faultLines } from '../text/check-text.js';
import type { Command, CommandInput } from './command.js';
import { connect } from './connect.js';

/** The settings of `check`. */
export const CHECK_SETTINGS: readonly SettingKey[] = [
  'state',
  'requireState',
  ...GROUPS.inputs,
  ...GROUPS.connection,
];

/**
 * `check`: looks at everything that a sync needs, and says what to do about each fault. It changes nothing, here and in Okta; without
 * credentials it checks all but Okta.
 */
export const checkCommand: Command = async (input): Promise<ExitCode> => {
  const report = reportOf(await input.stopping.finished(checkAll(input)));
  const faults = report.faults > 0 ? faultLines(report).join('\n') : undefined;
  input.display.outcome({ type: 'check:report', report }, checkText(report), faults);
  return report.faults > 0 ? EXIT.FAILED : EXIT.DONE;
};

async function checkAll(input: CommandInput): Promise<Check[]> {
  const {
    resolved: { settings },
    context,
  } = input;
  const state = await checkState(settings, context);
  const target = await checkTarget(settings, state.target);
  const { checks: sources, uses } = await checkSources(input);
  const { check: credentials, credentials: known } = await checkCredentials(context.env);
  const local = [target, state.check, ...sources, credentials];
  const mayAsk = target.result === 'ok' && credentials.result === 'ok';
  return mayAsk && known !== undefined ? [...local, ...(await askOkta(input, state, uses, known))] : local;
}

async function askOkta(
  { resolved: { settings }, context, stopping }: CommandInput,
  { target, sessions: ours }: CheckedState,
  uses: AttributeUses,
  credentials: Credentials,
): Promise<Check[]> {
  const isApp = !('token' in credentials);
  let okta: Awaited<ReturnType<typeof connect>>;
  try {
    okta = await connect(settings, context, target, credentials);
  } catch (error) {
    // A key that cannot be read, or a file of certificates.
    return [faultOf('connection', error)];
  }
  try {
    return await checkOkta({ okta, ours, uses, isApp, clock: context.clock, signal: stopping.signal });
  } finally {
    await okta.close();
  }
}
