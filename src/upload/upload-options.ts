import { systemClock, type Clock } from '../core/clock.js';
import { silent, type EventSink } from '../events/events.js';
import { LIMITS } from '../core/limits.js';
import {
  refuseUnknown,
  requireBoolean,
  requireFunction,
  requireNumber,
  requireOneOf,
} from '../core/check-options.js';
import type { ChangeOutcome } from '../core/results.js';

/** Options of `upload`, and of the part of `sync` that sends. */
export interface UploadOptions {
  /**
   * The longest wait between triggering a session and trying to create the next, in milliseconds. The wait is learned: a session is
   * tried as soon as it was created before for this source, and again at short steps if Okta refuses it.
   * @defaultValue `300_000`: Okta documents that it allows no new session within five minutes
   */
  readonly cooldownMs?: number;
  /**
   * The shortest wait between triggering a session and trying to create the next, in milliseconds; at most `cooldownMs`.
   * @defaultValue `0`: the next session is tried as soon as the import is over
   */
  readonly cooldownMinMs?: number;
  /**
   * The fewest milliseconds between two requests for the status of a session that is being imported. They are further apart if Okta's
   * rate limit requires it, while nobody waits for the answer, and before the moment at which earlier imports ended.
   * @defaultValue `2_000`
   */
  readonly pollIntervalMs?: number;
  /**
   * Milliseconds after which the run stops waiting for an import, with `ERR_ROLLCALL_POLL_TIMEOUT`. The next run settles it.
   * @defaultValue `3_600_000`
   */
  readonly pollTimeoutMs?: number;
  /**
   * Milliseconds for which a request is repeated on which Okta certainly did not act (429, refused connection, unknown host,
   * connect timeout, read-only mode), and for which requests for the status of an import may fail. After that the run ends;
   * the next run continues.
   * @defaultValue `900_000`, a quarter of an hour
   */
  readonly patienceMs?: number;
  /**
   * The most bulk requests of one session.
   * @defaultValue `50`, Okta's limit
   */
  readonly requestsPerSession?: number;
  /**
   * The most sessions that are loaded or imported at the same time. With 2, one is loaded while another is imported.
   * @defaultValue `2`
   */
  readonly sessionsInFlight?: number;
  /**
   * The most bulk requests of a session that are in flight at once. Okta promises no order inside a session. The client sends
   * no more at once than its `concurrency` and Okta's rate limits allow.
   * @defaultValue `4`
   */
  readonly loadsInFlight?: number;
  /**
   * For an open session that this state did not create: `fail` changes nothing and throws `ERR_ROLLCALL_FOREIGN_SESSION`;
   * `cancel` cancels it; `adopt` uses it if it is CREATED, which means that it is empty, and fails otherwise.
   * @defaultValue `'fail'`
   */
  readonly foreignSession?: 'fail' | 'cancel' | 'adopt';
  /**
   * Gives up a session, of this run or of an earlier one, that Okta still imports `pollTimeoutMs` after it was triggered. Its rows
   * become unknown, and their changes are sent again in new sessions, which Okta imports after it. A run gives up one session of
   * its own at most, and none after one of an earlier run. By default, the run ends with `ERR_ROLLCALL_POLL_TIMEOUT`.
   * @defaultValue `false`
   */
  readonly leaveSession?: boolean;
  /** Aborts the run within five seconds. The open session is cancelled, or the next run settles it. */
  readonly signal?: AbortSignal | undefined;
  /** @defaultValue the system's clock */
  readonly clock?: Clock;
  /** Receives the events of the run. */
  readonly events?: EventSink;
  /** Called with the outcomes of changes, mostly those of one session. An error that it throws ends the run. */
  readonly onOutcome?: ((outcomes: readonly ChangeOutcome[]) => void) | undefined;
}

/** {@link UploadOptions} with all defaults. */
export interface ResolvedUploadOptions extends Required<Omit<UploadOptions, 'signal' | 'onOutcome'>> {
  readonly signal: AbortSignal | undefined;
  readonly onOutcome: UploadOptions['onOutcome'];
}

/** The names of {@link UploadOptions}. */
export const UPLOAD_OPTION_NAMES: readonly string[] = Object.freeze([
  'cooldownMs',
  'cooldownMinMs',
  'pollIntervalMs',
  'pollTimeoutMs',
  'patienceMs',
  'requestsPerSession',
  'sessionsInFlight',
  'loadsInFlight',
  'foreignSession',
  'leaveSession',
  'signal',
  'clock',
  'events',
  'onOutcome',
]);

/** Checks the options and sets the defaults. @throws {@link OptionsError} for an invalid option */
export function resolveUploadOptions(options: UploadOptions): ResolvedUploadOptions {
  refuseUnknown('upload', options, UPLOAD_OPTION_NAMES);
  const cooldownMs = requireNumber('cooldownMs', options.cooldownMs ?? LIMITS.sessionCooldownMs, {
    min: 0,
    max: LIMITS.sessionExpiryMs,
  });
  return {
    cooldownMs,
    cooldownMinMs: requireNumber('cooldownMinMs', options.cooldownMinMs ?? 0, { min: 0, max: cooldownMs }),
    pollIntervalMs: requireNumber('pollIntervalMs', options.pollIntervalMs ?? 2000, {
      min: 1,
      max: 3_600_000,
    }),
    pollTimeoutMs: requireNumber('pollTimeoutMs', options.pollTimeoutMs ?? 3_600_000, { min: 0 }),
    patienceMs: requireNumber('patienceMs', options.patienceMs ?? 900_000, { min: 0 }),
    requestsPerSession: requireNumber(
      'requestsPerSession',
      options.requestsPerSession ?? LIMITS.requestsPerSession,
      {
        min: 1,
        max: LIMITS.requestsPerSession,
        integer: true,
      },
    ),
    sessionsInFlight: requireNumber('sessionsInFlight', options.sessionsInFlight ?? 2, {
      min: 1,
      max: 10,
      integer: true,
    }),
    loadsInFlight: requireNumber('loadsInFlight', options.loadsInFlight ?? 4, {
      min: 1,
      max: LIMITS.requestsPerSession,
      integer: true,
    }),
    foreignSession: requireOneOf('foreignSession', options.foreignSession ?? 'fail', [
      'fail',
      'cancel',
      'adopt',
    ]),
    leaveSession: requireBoolean('leaveSession', options.leaveSession ?? false),
    signal: options.signal,
    clock: options.clock ?? systemClock,
    events: options.events ?? silent,
    onOutcome: options.onOutcome === undefined ? undefined : requireFunction('onOutcome', options.onOutcome),
  };
}
