import { OktaHttpError } from '../../core/errors.js';

/**
 * What to do for an error, by its code, as `docs/operations.md` has it. Codes that are not here have messages that say it themselves, or need
 * nothing but another run.
 */
export const REMEDIES: Readonly<Record<string, string>> = Object.freeze({
  ERR_ROLLCALL_OUTPUT: 'free space on the disk, or correct the permissions',
  ERR_ROLLCALL_RECORD: 'look at the rejected records; usually the mapping is wrong',
  ERR_ROLLCALL_OKTA_HTTP: "run again; if it fails again, give the request id to Okta's support",
  ERR_ROLLCALL_OKTA_AUTH:
    'check the token and its rights, and renew it if it has expired; the next run settles sessions in flight',
  ERR_ROLLCALL_SESSION: "run again; contact Okta's support if the error remains",
  ERR_ROLLCALL_FOREIGN_SESSION:
    'find out who created it; or run with --foreign-session cancel, or --foreign-session adopt',
  ERR_ROLLCALL_STATE:
    'free the disk, correct the permissions, or raise the limit; then run again: the state has all changes that were confirmed before',
  ERR_ROLLCALL_STATE_TARGET:
    'use the state of this org, or a new one (--state); if only the address of the org has changed, run rollcall state retarget',
  ERR_ROLLCALL_STATE_MISSING:
    'restore a copy; without one, a sync makes a new state (with --no-require-state, if one is required)',
  ERR_ROLLCALL_STATE_CORRUPT: 'restore a copy, or adopt what Okta holds',
  ERR_ROLLCALL_STATE_NOT_EMPTY: 'import into a new directory',
  ERR_ROLLCALL_STATE_MOVED: 'set --state, ROLLCALL_STATE or the config file to the new place',
  ERR_ROLLCALL_BUSY: 'wait, or check the process and host that the message names',
});

/** What to do for an answer of Okta that says more than its code; undefined for all others. */
export function remedyForAnswer(error: unknown): string | undefined {
  if (!(error instanceof OktaHttpError) || error.errorCode === undefined) return undefined;
  if (error.errorCode === 'E0000015')
    return "the org does not have this feature, which is a part of Okta's Lifecycle Management: ask your account manager";
  // Both calls name the identity source only.
  const isOfSource = /^(create|list)IdentitySourceSessions?$/.test(error.operation);
  return error.status === 404 && isOfSource
    ? 'correct --identity-source (OKTA_IDENTITY_SOURCE_ID): the id of an identity source is that of its app in Okta, in the address of its page in the Admin Console'
    : undefined;
}

/** Codes whose messages say themselves what to do. */
export const SAID_BY_MESSAGE: readonly string[] = [
  'ERR_ROLLCALL_OPTIONS',
  'ERR_ROLLCALL_SOURCE',
  'ERR_ROLLCALL_GUARD',
  'ERR_ROLLCALL_OKTA_GATEWAY',
  'ERR_ROLLCALL_OKTA_UNREACHABLE',
  'ERR_ROLLCALL_OKTA_RESPONSE',
  'ERR_ROLLCALL_READ_BACK',
  'ERR_ROLLCALL_STATE_FORMAT',
];

/** Codes for which another run, or nothing, is what to do. The last line of their text says so. */
export const SETTLED_BY_NEXT_RUN: readonly string[] = [
  'ERR_ROLLCALL_OKTA_NETWORK',
  'ERR_ROLLCALL_POLL_TIMEOUT',
  'ERR_ROLLCALL_STATE_LOST',
  'ERR_ROLLCALL_ABORTED',
];
