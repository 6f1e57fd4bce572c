import { resolve } from 'node:path';
import { OptionsError } from '../../core/errors.js';
import { modeOf } from '../../core/mode.js';
import { ENTITIES } from '../../core/model.js';
import { createVerifyFiles } from '../../report/verify-files.js';
import type { DirectorySources } from '../../sync/directory-changes.js';
import type { VerifyOptions } from '../../verify/verify-options.js';
import { verify } from '../../verify/verify.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import { GROUPS, type SettingKey } from '../settings/settings.js';
import { verifyText } from '../text/verify-text.js';
import { widthOf } from '../text/width.js';
import { asAborted, type Command, type CommandInput } from './command.js';
import { connect } from './connect.js';
import { openCommandSources } from './open-sources.js';
import { openCommandState } from './open-state.js';
import { showReadProgress } from './read-progress.js';

/** Settings of inputs without effect on a comparison. */
const NOT_COMPARED: readonly SettingKey[] = [
  'absenceReads',
  'absenceMinAge',
  'protect',
  'neverClear',
  'exclude',
  'deleteExcluded',
  'mixed',
];

/** The settings of `verify`. */
export const VERIFY_SETTINGS: readonly SettingKey[] = [
  'state',
  'waitLock',
  'report',
  ...GROUPS.inputs.filter((key) => !NOT_COMPARED.includes(key)),
  ...GROUPS.connection,
];

/** `verify`: reads what Okta holds, and compares it with the state, or with the sources. Sends nothing. */
export const verifyCommand: Command = async (input): Promise<ExitCode> => {
  const { resolved, context, display, stopping } = input;
  const { settings } = resolved;
  // Flags are checked before anything is opened.
  const asked = readFlags(input);
  const sources = await sourcesOf(input);
  // Without a state there is nothing to compare with; `verify` must not create one.
  const state = await openCommandState(input, { create: false });
  try {
    const okta = await connect(settings, context, await state.target());
    try {
      const { signal } = stopping;
      const files =
        settings.report === undefined ? undefined : createVerifyFiles(resolve(context.cwd, settings.report));
      const { clock, random } = context;
      const report = await stopping
        .finished(
          verify({
            ...sources,
            ...asked,
            ...(settings.onDuplicate !== undefined && { onDuplicate: settings.onDuplicate }),
            okta,
            state,
            signal,
            clock,
            random,
            onProgress: showReadProgress(display),
            ...(files && { onDifference: (difference) => files.add(difference) }),
          }),
        )
        .catch(async (error: unknown) => {
          await files?.finish(undefined);
          throw asAborted(error, stopping);
        });
      const text = verifyText(report, widthOf(context.io.stdout));
      const differs = report.differences > 0;
      display.outcome({ type: 'verify:report', report }, text, differs ? text : undefined);
      await files?.finish(report);
      return differs ? EXIT.DIFFERS : EXIT.DONE;
    } finally {
      await okta.close();
    }
  } finally {
    if (!stopping.late) await state.close();
  }
};

/** The sources, if the command line names some or has `--sources`. Those of a config file alone are not compared. */
async function sourcesOf(input: CommandInput): Promise<DirectorySources> {
  const { flags } = input;
  const isAsked = flags['sources'] === true || ENTITIES.some((entity) => flags[entity] !== undefined);
  const feed = ENTITIES.find((entity) => modeOf(input.resolved.settings.mode, entity) === 'delta');
  if (isAsked && feed !== undefined)
    throw new OptionsError(
      '--mode',
      `${feed} are a feed of changes, with which Okta cannot be compared; leave out --sources to compare it with the state`,
    );
  return isAsked ? openCommandSources(input) : {};
}

function readFlags({ flags }: CommandInput): Pick<VerifyOptions, 'sample' | 'readUsers' | 'repair'> {
  const { sample, oneByOne, repair } = flags;
  if (sample !== undefined && !/^[1-9]\d{0,8}$/.test(String(sample)))
    throw new OptionsError('--sample', 'expected a whole number of at least 1');
  return {
    ...(sample !== undefined && { sample: Number(sample) }),
    ...(oneByOne === true && { readUsers: 'single' }),
    ...(repair === true && { repair: true }),
  };
}
