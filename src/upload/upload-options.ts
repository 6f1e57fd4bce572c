import { systemClock, type Clock } from '../core/clock.js';
import { silent, type EventSink } from '../events/events.js';
import { LIMITS } from '../core/limits.js';
import { refuseUnknown, requireFunction, requireNumber, requireOneOf } from '../core/check-options.js';
import type { ChangeOutcome } from '../core/results.js';

/** Options of `upload`, and of the part of `sync` that sends. */
export interface UploadOptions {
  /**
   * The longest wait between triggering a session and creating the next, in milliseconds. If the triggered session is
   * COMPLETED earlier, the next one is tried at once.
   * @defaultValue `300_000`: Okta allows no new session within five minutes
   */
  readonly cooldownMs?: number;
  /**
   * Milliseconds between two looks at a session that is being imported.
   * @defaultValue `2_000`
   */
  readonly pollIntervalMs?: number;
  /**
   * Milliseconds after which a session that is still being imported is left to the next run.
   * @defaultValue `3_600_000`
   */
  readonly pollTimeoutMs?: number;
  /**
   * Milliseconds for which a request that was certainly not acted on (429, refused connection, unknown host, connect
   * time-out, read-only mode) is sent again, and for which a session that is being imported may go without an answer.
   * After that the run ends, and the next goes on.
   * @defaultValue `900_000`, a quarter of an hour
   */
  readonly patienceMs?: number;
  /**
   * Bulk requests of one session.
   * @defaultValue `50`, Okta's limit
   */
  readonly requestsPerSession?: number;
  /**
   * Sessions that may be loaded or imported at a time: a second one may be loaded while the first is imported.
   * @defaultValue `2`
   */
  readonly sessionsInFlight?: number;
  /**
   * What becomes of an open session that this state did not make: `fail` touches nothing and throws
   * `ERR_ROLLCALL_FOREIGN_SESSION`, `cancel` cancels it, `adopt` uses it where it is CREATED and empty.
   * @defaultValue `'fail'`
   */
  readonly foreignSession?: 'fail' | 'cancel' | 'adopt';
  /** Ends the run: the open session is cancelled, or journaled for the next run, within five seconds. */
  readonly signal?: AbortSignal | undefined;
  /** @defaultValue the system's clock */
  readonly clock?: Clock;
  /** Where events go. */
  readonly events?: EventSink;
  /** Told what became of each change, a session's at a time. What it throws ends the run. */
  readonly onOutcome?: ((outcomes: readonly ChangeOutcome[]) => void) | undefined;
}

/** {@link UploadOptions} with nothing left open. */
export interface ResolvedUploadOptions extends Required<Omit<UploadOptions, 'signal' | 'onOutcome'>> {
  readonly signal: AbortSignal | undefined;
  readonly onOutcome: UploadOptions['onOutcome'];
}

/** The names of {@link UploadOptions}. */
export const UPLOAD_OPTION_NAMES: readonly string[] = Object.freeze([
  'cooldownMs',
  'pollIntervalMs',
  'pollTimeoutMs',
  'patienceMs',
  'requestsPerSession',
  'sessionsInFlight',
  'foreignSession',
  'signal',
  'clock',
  'events',
  'onOutcome',
]);

/** Fills in the defaults and refuses what cannot be meant. */
export function resolveUploadOptions(options: UploadOptions): ResolvedUploadOptions {
  refuseUnknown('upload', options, UPLOAD_OPTION_NAMES);
  return {
    cooldownMs: requireNumber('cooldownMs', options.cooldownMs ?? LIMITS.sessionCooldownMs, {
      min: 0,
      max: LIMITS.sessionExpiryMs,
    }),
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
    foreignSession: requireOneOf('foreignSession', options.foreignSession ?? 'fail', [
      'fail',
      'cancel',
      'adopt',
    ]),
    signal: options.signal,
    clock: options.clock ?? systemClock,
    events: options.events ?? silent,
    onOutcome: options.onOutcome === undefined ? undefined : requireFunction('onOutcome', options.onOutcome),
  };
}
