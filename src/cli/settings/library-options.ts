import type { DirectoryOptions } from '../../sync/directory-changes.js';
import type { GuardOptions } from '../../guard/guard.js';
import { OptionsError } from '../../core/errors.js';
import type { SelectionOptions } from '../../sync/sync.js';
import type { GuardLimits } from '../../guard/guard-limits.js';
import type { UploadOptions } from '../../upload/upload-options.js';
import type { ClientOptions } from '../../okta/client-options.js';
import type { ValidateOptions } from '../../validate/validate-options.js';
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
): Pick<DirectoryOptions, 'onDuplicate' | 'mixed' | 'mode' | 'completeFor' | 'absence'> {
  const { onDuplicate, mixed, mode, completeFor } = settings;
  return {
    ...(onDuplicate !== undefined && { onDuplicate }),
    ...(mixed !== undefined && { mixed }),
    ...(mode !== undefined && { mode }),
    ...(completeFor !== undefined && { completeFor }),
    absence: absenceOptions(settings),
  };
}

function absenceOptions(settings: Settings): NonNullable<DirectoryOptions['absence']> {
  const { absenceReads: reads, absenceMinAge: minAgeMs, protect = [], exclude, deleteExcluded } = settings;
  if (deleteExcluded === true && exclude === undefined)
    throw new OptionsError('--delete-excluded', 'has no effect without --exclude');
  return {
    protect: idsAndPrefixes(protect),
    ...(reads !== undefined && { reads }),
    ...(minAgeMs !== undefined && { minAgeMs }),
    ...(exclude !== undefined && { exclude: isOneOf(exclude) }),
    ...(deleteExcluded !== undefined && { deleteExcluded }),
  };
}

/** Ids, and prefixes, which end in `*`. */
function idsAndPrefixes(given: readonly string[]): { ids: readonly string[]; prefixes: readonly string[] } {
  return {
    ids: given.filter((id) => !id.endsWith('*')),
    prefixes: given.filter((id) => id.endsWith('*')).map((id) => id.slice(0, -1)),
  };
}

function isOneOf(given: readonly string[]): (externalId: string) => boolean {
  const { ids, prefixes } = idsAndPrefixes(given);
  const all = new Set(ids);
  return (id) => all.has(id) || prefixes.some((prefix) => id.startsWith(prefix));
}

/** The options of `validate` for users and groups. */
export function validateOptions(settings: Settings, entity: 'users' | 'groups'): ValidateOptions {
  const { required, coerce, unsupportedCharacters } = settings;
  const names = required?.[entity];
  const isCoerced = (type: 'numbers' | 'booleans') => coerce === type || coerce === 'all';
  return {
    ...(names !== undefined && { required: names }),
    ...(coerce !== undefined && {
      coerce: { numbers: isCoerced('numbers'), booleans: isCoerced('booleans') },
    }),
    ...(unsupportedCharacters !== undefined && { unsupportedCharacters }),
  };
}

/** The options that decide how changes are sent. */
export function sendingOptions(settings: Settings): UploadOptions {
  const { cooldown, cooldownMin, poll, pollTimeout, patience, foreignSession } = settings;
  const { sessionsInFlight, requestsPerSession, loadsInFlight } = settings;
  return {
    ...(cooldown !== undefined && { cooldownMs: cooldown }),
    ...(cooldownMin !== undefined && { cooldownMinMs: cooldownMin }),
    ...(poll !== undefined && { pollIntervalMs: poll }),
    ...(pollTimeout !== undefined && { pollTimeoutMs: pollTimeout }),
    ...(patience !== undefined && { patienceMs: patience }),
    ...(foreignSession !== undefined && { foreignSession }),
    ...(sessionsInFlight !== undefined && { sessionsInFlight }),
    ...(requestsPerSession !== undefined && { requestsPerSession }),
    ...(loadsInFlight !== undefined && { loadsInFlight }),
  };
}

/** The options of the client that settings have. */
export function clientOptions(
  settings: Settings,
): Pick<
  ClientOptions,
  | 'concurrency'
  | 'rateLimitShare'
  | 'requestTimeoutMs'
  | 'connectTimeoutMs'
  | 'maxAttempts'
  | 'maxResponseBytes'
> {
  const { concurrency, rateLimitShare, requestTimeout, connectTimeout, maxAttempts, maxResponseBytes } =
    settings;
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(rateLimitShare !== undefined && { rateLimitShare }),
    ...(requestTimeout !== undefined && { requestTimeoutMs: requestTimeout }),
    ...(connectTimeout !== undefined && { connectTimeoutMs: connectTimeout }),
    ...(maxAttempts !== undefined && { maxAttempts }),
    ...(maxResponseBytes !== undefined && { maxResponseBytes }),
  };
}
