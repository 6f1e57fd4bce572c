import type { DirectoryOptions } from '../../sync/directory-changes.js';
import type { GuardOptions } from '../../guard/guard.js';
import { OptionsError } from '../../core/errors.js';
import type { SelectionOptions } from '../../sync/sync.js';
import type { GuardLimits } from '../../guard/guard-rules.js';
import type { UploadOptions } from '../../upload/upload-options.js';
import type { Flags, Resolved } from './resolve-settings.js';
import { GROUPS, type Settings } from './settings.js';

/** The options of `guard`: the common limits, and the limits for one entity. */
export function guardOptions({
  settings,
  guard,
}: Resolved): Omit<GuardOptions, 'approve' | 'clock' | 'onPlan'> {
  const common: Record<string, unknown> = {};
  for (const key of GROUPS.guard) if (settings[key] !== undefined) common[key] = settings[key];
  return { ...(common as GuardLimits), ...guard };
}

/** The option `leaveSession` from the flag `--leave-session`. */
export function leaveOption(flag: Flags[string]): Pick<UploadOptions, 'leaveSession'> {
  return flag === true ? { leaveSession: true } : {};
}

/** The option `resend` from the flag `--resend`. */
export function resendOption(flag: Flags[string]): Pick<DirectoryOptions, 'resend'> {
  return Array.isArray(flag) ? { resend: flag as readonly string[] } : {};
}

/** The options `only` and `first` from the flags. @throws {@link OptionsError} if `--first` is not a number */
export function selectionOption({ only, first }: Flags): SelectionOptions {
  if (Array.isArray(only)) return { only: only as readonly string[] };
  if (first === undefined) return {};
  if (!/^[1-9]\d{0,8}$/.test(String(first)))
    throw new OptionsError('--first', 'expected a whole number of at least 1');
  return { first: Number(first) };
}

/** The options that decide how the directory is compared. */
export function comparisonOptions(
  settings: Settings,
): Pick<DirectoryOptions, 'onDuplicate' | 'mixed' | 'absence'> {
  const { onDuplicate, mixed, absenceReads: reads, absenceMinAge: minAgeMs, protect = [] } = settings;
  const prefixes = protect.filter((id) => id.endsWith('*')).map((id) => id.slice(0, -1));
  const ids = protect.filter((id) => !id.endsWith('*'));
  return {
    ...(onDuplicate !== undefined && { onDuplicate }),
    ...(mixed !== undefined && { mixed }),
    absence: {
      protect: { ids, prefixes },
      ...(reads !== undefined && { reads }),
      ...(minAgeMs !== undefined && { minAgeMs }),
    },
  };
}

/** The options that decide how changes are sent. */
export function sendingOptions(settings: Settings): UploadOptions {
  const { cooldown, cooldownMin, poll, pollTimeout, patience, foreignSession } = settings;
  return {
    ...(cooldown !== undefined && { cooldownMs: cooldown }),
    ...(cooldownMin !== undefined && { cooldownMinMs: cooldownMin }),
    ...(poll !== undefined && { pollIntervalMs: poll }),
    ...(pollTimeout !== undefined && { pollTimeoutMs: pollTimeout }),
    ...(patience !== undefined && { patienceMs: patience }),
    ...(foreignSession !== undefined && { foreignSession }),
  };
}
