import { describeTrip } from './describe-trip.js';
import type { Entity } from './model.js';
import type { GuardTrip, UploadReport } from './results.js';

/** The base class of the errors of rollcall. Check the class or `code`; messages may change. */
export class RollcallError extends Error {
  /** A stable code; `docs/operations.md` lists all of them. */
  readonly code: string;
  /** The result up to the error, if the error ended an upload; set by `upload` and `sync` only. */
  report?: UploadReport;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * An option is invalid. It is thrown when the operator or client is created.
 * Code: `ERR_ROLLCALL_OPTIONS`.
 * @example
 * try {
 *   createClient({ orgUrl: 'not an address', identitySourceId: 'source', auth: { token: 'token' } });
 * } catch (error) {
 *   if (error instanceof OptionsError) console.log('wrong option:', error.option);
 * }
 */
export class OptionsError extends RollcallError {
  /** The name of the option. */
  readonly option: string;
  constructor(option: string, message: string) {
    super('ERR_ROLLCALL_OPTIONS', `${option}: ${message}`);
    this.option = option;
  }
}

/** The source could not be read to its end, or its content is not valid. Code: `ERR_ROLLCALL_SOURCE`. */
export class SourceError extends RollcallError {
  /** The file, or another name of the source; undefined if it has no name. */
  readonly file: string | undefined;
  /** The line, beginning with 1; undefined if it is not known. */
  readonly line: number | undefined;
  constructor(
    message: string,
    place: { file?: string | undefined; line?: number | undefined } = {},
    options?: { cause?: unknown },
  ) {
    const where = [place.file, place.line].filter((part) => part !== undefined).join(':');
    super('ERR_ROLLCALL_SOURCE', where === '' ? message : `${where}: ${message}`, options);
    this.file = place.file;
    this.line = place.line;
  }
}

/**
 * A file or stream could not be written. A file that existed before is unchanged.
 * Code: `ERR_ROLLCALL_OUTPUT`.
 * @example
 * const fileOf = (error: unknown) => (error instanceof OutputError ? error.file : undefined);
 */
export class OutputError extends RollcallError {
  /** The path of the file; undefined for a stream. */
  readonly file: string | undefined;
  constructor(message: string, file: string | undefined, options?: { cause?: unknown }) {
    super('ERR_ROLLCALL_OUTPUT', file === undefined ? message : `${file}: ${message}`, options);
    this.file = file;
  }
}

/**
 * The run ended because of its records: a duplicate with `onDuplicate: 'fail'`, or too many rejected or refused records.
 * Code: `ERR_ROLLCALL_RECORD`.
 * @example
 * const entityOf = (error: unknown) => (error instanceof RecordError ? error.entity : undefined);
 */
export class RecordError extends RollcallError {
  readonly entity: Entity;
  constructor(entity: Entity, message: string) {
    super('ERR_ROLLCALL_RECORD', message);
    this.entity = entity;
  }
}

/** The plan exceeds limits of the guard. Nothing was sent. Code: `ERR_ROLLCALL_GUARD`. */
export class GuardError extends RollcallError {
  readonly trips: readonly GuardTrip[];
  /** The hash of the plan. With the option `approve` set to it, exactly this plan passes. */
  readonly planHash: string;
  constructor(trips: readonly GuardTrip[], planHash: string) {
    const why =
      trips.length > 0 ? trips.map(describeTrip).join('; ') : 'it is not the plan that was approved';
    super(
      'ERR_ROLLCALL_GUARD',
      `the guard stopped this plan, and nothing was sent: ${why}. Plan hash: ${planHash}`,
    );
    this.trips = trips;
    this.planHash = planHash;
  }
}

/**
 * Okta returned an error status. The error contains neither headers nor body, but Okta's reason without profile values.
 * Code: `ERR_ROLLCALL_OKTA_HTTP`.
 */
export class OktaHttpError extends RollcallError {
  readonly status: number;
  /** Okta's `errorCode`, e.g. `E0000001`. */
  readonly errorCode: string | undefined;
  /** `x-okta-request-id`, for Okta's support. */
  readonly requestId: string | undefined;
  /** Okta's name of the operation. */
  readonly operation: string;
  /**
   * Okta's `errorSummary` and `errorCauses`, at most 500 characters. Profile values of the request are replaced by `…`. Undefined
   * if the response did not contain Okta's error.
   */
  readonly reason: string | undefined;
  constructor(
    operation: string,
    status: number,
    errorCode?: string,
    requestId?: string,
    reason?: string,
    code = 'ERR_ROLLCALL_OKTA_HTTP',
    host?: string,
  ) {
    const details = [errorCode, requestId && `request ${requestId}`].filter(Boolean).join(', ');
    const why = reason === undefined ? '' : `: ${reason}`;
    const who = host === undefined ? 'Okta' : `Okta at ${host}`;
    super(code, `${operation}: ${who} answered ${status}${details === '' ? '' : ` (${details})`}${why}`);
    this.operation = operation;
    this.status = status;
    this.errorCode = errorCode;
    this.requestId = requestId;
    this.reason = reason;
  }
}

/**
 * Okta returned 401 or 403: the credentials are invalid or expired, or lack a permission. Nothing more is sent.
 * Code: `ERR_ROLLCALL_OKTA_AUTH`.
 * @example
 * await sync(options).catch((error: unknown) => {
 *   if (error instanceof OktaAuthError) console.log(`${error.operation}: look at the token`, error.status);
 *   throw error;
 * });
 */
export class OktaAuthError extends OktaHttpError {
  /** @param host - the host of the org, so that a token of another org is noticed */
  constructor(
    operation: string,
    status: number,
    errorCode?: string,
    requestId?: string,
    reason?: string,
    host?: string,
  ) {
    super(operation, status, errorCode, requestId, reason, 'ERR_ROLLCALL_OKTA_AUTH', host);
  }
}

/**
 * Something between this machine and Okta, such as a proxy or a firewall, answered with an error status: the response has neither
 * Okta's error code nor its request id.
 * Code: `ERR_ROLLCALL_OKTA_GATEWAY`.
 * @example
 * const isGateway = (error: unknown) => error instanceof OktaGatewayError;
 */
export class OktaGatewayError extends OktaHttpError {
  constructor(operation: string, status: number, reason: string) {
    super(operation, status, undefined, undefined, undefined, 'ERR_ROLLCALL_OKTA_GATEWAY');
    this.message = `${operation}: ${reason}`;
  }
}

/**
 * There is no complete response. If `sent` is true, Okta may have processed the request.
 * Codes: `ERR_ROLLCALL_OKTA_NETWORK`, `ERR_ROLLCALL_OKTA_UNREACHABLE`.
 * @example
 * const mayHaveArrived = (error: unknown) => error instanceof OktaNetworkError && error.sent;
 */
export class OktaNetworkError extends RollcallError {
  readonly operation: string;
  /** False if the request certainly did not reach Okta (refused, DNS, connect timeout), so that it can be repeated. */
  readonly sent: boolean;
  /**
   * True if the cause does not end by itself, such as a certificate that is not trusted, or an unknown host name. The code is
   * `ERR_ROLLCALL_OKTA_UNREACHABLE` then.
   */
  readonly lasting: boolean;
  constructor(operation: string, sent: boolean, reason: string, lasting = false) {
    super(
      lasting ? 'ERR_ROLLCALL_OKTA_UNREACHABLE' : 'ERR_ROLLCALL_OKTA_NETWORK',
      `${operation}: ${reason}${sent ? '; Okta may have processed the request' : ''}`,
    );
    this.operation = operation;
    this.sent = sent;
    this.lasting = lasting;
  }
}

/**
 * The response is not as the API describes it: HTML, truncated, too large, or a redirect.
 * Code: `ERR_ROLLCALL_OKTA_RESPONSE`.
 * @example
 * const requestOf = (error: unknown) => (error instanceof OktaResponseError ? error.requestId : undefined);
 */
export class OktaResponseError extends RollcallError {
  readonly operation: string;
  readonly status: number;
  readonly requestId: string | undefined;
  constructor(operation: string, status: number, reason: string, requestId?: string) {
    super('ERR_ROLLCALL_OKTA_RESPONSE', `${operation}: unusable response with status ${status}: ${reason}`);
    this.operation = operation;
    this.status = status;
    this.requestId = requestId;
  }
}

/**
 * Okta does not let these credentials list what it holds, or does not offer the list for this identity source.
 * Code: `ERR_ROLLCALL_READ_BACK`.
 * @example
 * await verify({ okta, state }).catch((error: unknown) => {
 *   if (error instanceof ReadBackError) console.log(`${error.operation} is not possible: ${error.status}`);
 * });
 */
export class ReadBackError extends RollcallError {
  /** Okta's name of the operation. */
  readonly operation: string;
  /** 403: a scope or right is missing. 404: not offered for this identity source. */
  readonly status: number;
  constructor(operation: string, status: number, message: string) {
    super('ERR_ROLLCALL_READ_BACK', message);
    this.operation = operation;
    this.status = status;
  }
}

/**
 * A session cannot be created, triggered or cancelled, or the same changes failed in too many sessions.
 * Code: `ERR_ROLLCALL_SESSION`.
 * @example
 * const sessionOf = (error: unknown) => (error instanceof SessionError ? error.sessionId : undefined);
 */
export class SessionError extends RollcallError {
  readonly sessionId: string | undefined;
  readonly status: string | undefined;
  constructor(message: string, sessionId?: string, status?: string, code = 'ERR_ROLLCALL_SESSION') {
    super(code, message);
    this.sessionId = sessionId;
    this.status = status;
  }
}

/**
 * The identity source has an active session that this state did not create. The session is unchanged.
 * Code: `ERR_ROLLCALL_FOREIGN_SESSION`.
 * @example
 * await sync(options).catch((error: unknown) => {
 *   if (error instanceof ForeignSessionError) console.log('another program has the session', error.sessionId);
 *   throw error;
 * });
 */
export class ForeignSessionError extends SessionError {
  /** Milliseconds since the session was created; undefined if it is not known. */
  readonly ageMs: number | undefined;
  /** @param doubt - true if the response to a creation by this state was lost, so that it may be that session */
  constructor(sessionId: string, status: string, ageMs?: number, doubt = false) {
    const age = ageMs === undefined ? 'of unknown age' : `${Math.round(ageMs / 1000)} s old`;
    const whose = doubt ? 'it is not certain that this state created it' : 'this state did not create it';
    super(
      `session ${sessionId} (${status}, ${age}) is open, and ${whose}; cancel it, or allow rollcall to adopt it`,
      sessionId,
      status,
      'ERR_ROLLCALL_FOREIGN_SESSION',
    );
    this.ageMs = ageMs;
  }
}

/**
 * An import did not end within `pollTimeoutMs`. Its outcome is unknown. It was not cancelled, and the next run settles it.
 * Code: `ERR_ROLLCALL_POLL_TIMEOUT`.
 * @example
 * const isRunAgain = (error: unknown) => error instanceof PollTimeoutError; // the next run settles the session
 */
export class PollTimeoutError extends SessionError {
  constructor(sessionId: string, status: string | undefined, waitedMs: number) {
    super(
      `session ${sessionId} is still ${status ?? 'unknown'} after ${Math.round(waitedMs / 1000)} s; its outcome is unknown, and the next run settles it`,
      sessionId,
      status,
      'ERR_ROLLCALL_POLL_TIMEOUT',
    );
  }
}

/**
 * The state cannot be read or written, or belongs to another org or identity source.
 * Codes: `ERR_ROLLCALL_STATE`, `ERR_ROLLCALL_STATE_TARGET`, `ERR_ROLLCALL_STATE_FORMAT`, `ERR_ROLLCALL_STATE_MISSING`,
 * `ERR_ROLLCALL_STATE_LOST`, `ERR_ROLLCALL_STATE_CORRUPT`, `ERR_ROLLCALL_STATE_NOT_EMPTY`, `ERR_ROLLCALL_STATE_MOVED`.
 * @example
 * await openState('./state').catch((error: unknown) => {
 *   if (error instanceof StateError) console.log(error.code);
 *   throw error;
 * });
 */
export class StateError extends RollcallError {
  constructor(
    message: string,
    options?: {
      cause?: unknown;
      code?:
        | 'ERR_ROLLCALL_STATE'
        | 'ERR_ROLLCALL_STATE_TARGET'
        | 'ERR_ROLLCALL_STATE_FORMAT'
        | 'ERR_ROLLCALL_STATE_MISSING'
        | 'ERR_ROLLCALL_STATE_LOST'
        | 'ERR_ROLLCALL_STATE_CORRUPT'
        | 'ERR_ROLLCALL_STATE_NOT_EMPTY'
        | 'ERR_ROLLCALL_STATE_MOVED';
    },
  ) {
    super(options?.code ?? 'ERR_ROLLCALL_STATE', message, options);
  }
}

/**
 * Another process, or this one, has the state open.
 * Code: `ERR_ROLLCALL_BUSY`.
 * @example
 * await sync(options).catch((error: unknown) => {
 *   if (error instanceof BusyError) console.log(`process ${error.pid} on ${error.host} uses the state`);
 *   throw error;
 * });
 */
export class BusyError extends RollcallError {
  readonly pid: number;
  readonly host: string;
  /** The time at which the state was opened. */
  readonly since: Date;
  constructor(pid: number, host: string, since: Date) {
    super(
      'ERR_ROLLCALL_BUSY',
      `the state is in use by process ${pid} on ${host} since ${since.toISOString()}`,
    );
    this.pid = pid;
    this.host = host;
    this.since = since;
  }
}

/**
 * The run or call was aborted by its `AbortSignal`, or its client was closed.
 * Code: `ERR_ROLLCALL_ABORTED`.
 * @example
 * const stop = AbortSignal.timeout(60_000);
 * await sync({ ...options, signal: stop }).catch((error: unknown) => {
 *   if (!(error instanceof AbortedError)) throw error;
 * });
 */
export class AbortedError extends RollcallError {
  constructor(message = 'the run was aborted') {
    super('ERR_ROLLCALL_ABORTED', message);
  }
}
