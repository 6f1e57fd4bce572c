import { OktaHttpError } from '../core/errors.js';
import type { LoadOutcome } from './lifecycle.js';
import type { PackedBatch } from './packed-batch.js';

/** The failure of a session. */
export interface SessionFailure {
  readonly sessionId: string;
  readonly reason: string;
  /** The batch whose load failed; undefined if all were loaded. */
  readonly batch?: PackedBatch | undefined;
  /** True if a record may be the cause: the response to a load was 5xx, or the import ended in ERROR. */
  readonly blames: boolean;
  /** Okta's error code, or the status of the response. */
  readonly errorCode?: string | undefined;
  /** Okta's reason, if a record may be the cause and Okta gave one. */
  readonly oktaReason?: string | undefined;
}

/** A load may have reached Okta or not. A repeated 5xx often depends on the content, so a record may be the cause. */
export function lostLoad(
  sessionId: string,
  batch: PackedBatch,
  { reason, error }: Extract<LoadOutcome, { kind: 'lost' }>,
): SessionFailure {
  const failure = { sessionId, reason, batch };
  if (!(error instanceof OktaHttpError) || error.status < 500) return { ...failure, blames: false };
  const errorCode = error.errorCode ?? `HTTP_${error.status}`;
  return { ...failure, blames: true, errorCode, oktaReason: error.reason };
}

/** The session was closed before its import was started. */
export function untriggered(sessionId: string): SessionFailure {
  return { sessionId, reason: 'the session was lost before it was triggered', blames: false };
}

/** An import ended with another status than COMPLETED. */
export function failedImport(sessionId: string, status: string): SessionFailure {
  const failure = { sessionId, reason: 'the import did not complete' };
  return status === 'ERROR'
    ? { ...failure, blames: true, errorCode: 'SESSION_ERROR' }
    : { ...failure, blames: false };
}
