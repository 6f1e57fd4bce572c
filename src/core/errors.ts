import type { Entity } from './model.js';
import type { GuardTrip, UploadReport } from './results.js';

/** The base of every error that rollcall throws on purpose. Branch on the class or on `code`, never on the message. */
export class RollcallError extends Error {
  /** Stable, and documented in `docs/operations.md`. */
  readonly code: string;
  /** What was done before an upload failed; set by `upload` and `sync` only. */
  report?: UploadReport;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An option has a value that cannot work; thrown when the operator or client is made, naming option and value. */
export class OptionsError extends RollcallError {
  /** The option's name. */
  readonly option: string;
  constructor(option: string, message: string) {
    super('ERR_ROLLCALL_OPTIONS', `${option}: ${message}`);
    this.option = option;
  }
}

/** The source could not be read to its end, or does not hold what it should. */
export class SourceError extends RollcallError {
  /** File name or other name of the source, where it has one. */
  readonly file: string | undefined;
  /** 1-based line, where it is known. */
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

/** A file or stream could not be written. What was there before is untouched. */
export class OutputError extends RollcallError {
  /** The path, where it is a file. */
  readonly file: string | undefined;
  constructor(message: string, file: string | undefined, options?: { cause?: unknown }) {
    super('ERR_ROLLCALL_OUTPUT', file === undefined ? message : `${file}: ${message}`, options);
    this.file = file;
  }
}

/** Records were refused where refusing is not allowed: `onDuplicate: 'fail'`, or more rejects than the limit. */
export class RecordError extends RollcallError {
  readonly entity: Entity;
  constructor(entity: Entity, message: string) {
    super('ERR_ROLLCALL_RECORD', message);
    this.entity = entity;
  }
}

/** The plan exceeds the guard's limits; nothing was sent. */
export class GuardError extends RollcallError {
  readonly trips: readonly GuardTrip[];
  /** The hash that, given as `approve`, lets exactly this plan pass. */
  readonly planHash: string;
  constructor(trips: readonly GuardTrip[], planHash: string) {
    const reasons = trips.map(
      (t) =>
        `${t.entity}: ${t.rule} is ${round(t.actual)}, the limit is ${round(t.limit)} (of ${t.population})`,
    );
    const why = reasons.length > 0 ? reasons.join('; ') : 'it is not the plan that was approved';
    super(
      'ERR_ROLLCALL_GUARD',
      `the guard stopped this plan, and nothing was sent: ${why}. Plan hash: ${planHash}`,
    );
    this.trips = trips;
    this.planHash = planHash;
  }
}

function round(n: number): number {
  return Math.round(n * 100) / 100;
}

/** Okta answered with an error status. Carries no headers and no body. */
export class OktaHttpError extends RollcallError {
  readonly status: number;
  /** Okta's `errorCode`, e.g. `E0000001`. */
  readonly errorCode: string | undefined;
  /** `x-okta-request-id`, for Okta's support. */
  readonly requestId: string | undefined;
  /** Okta's name of the operation. */
  readonly operation: string;
  constructor(
    operation: string,
    status: number,
    errorCode?: string,
    requestId?: string,
    code = 'ERR_ROLLCALL_OKTA_HTTP',
  ) {
    const details = [errorCode, requestId && `request ${requestId}`].filter(Boolean).join(', ');
    super(code, `${operation}: Okta answered ${status}${details === '' ? '' : ` (${details})`}`);
    this.operation = operation;
    this.status = status;
    this.errorCode = errorCode;
    this.requestId = requestId;
  }
}

/** Okta answered 401 or 403: the token is invalid, expired or not allowed to. Nothing more is sent. */
export class OktaAuthError extends OktaHttpError {
  constructor(operation: string, status: number, errorCode?: string, requestId?: string) {
    super(operation, status, errorCode, requestId, 'ERR_ROLLCALL_OKTA_AUTH');
  }
}

/** No usable answer came. `sent` says whether the request may have been acted on. */
export class OktaNetworkError extends RollcallError {
  readonly operation: string;
  /** False when the request certainly never reached Okta (refused, DNS, connect timeout): it may be sent again. */
  readonly sent: boolean;
  /** True when the reason does not pass by itself, e.g. a certificate that is not trusted or an unknown host name. */
  readonly lasting: boolean;
  constructor(operation: string, sent: boolean, reason: string, lasting = false) {
    super(
      'ERR_ROLLCALL_OKTA_NETWORK',
      `${operation}: ${reason}${sent ? '; Okta may have processed the request' : ''}`,
    );
    this.operation = operation;
    this.sent = sent;
    this.lasting = lasting;
  }
}

/** Okta answered with something that is not what its API describes (HTML, truncated, too large, a redirect). */
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

/** A session cannot be used: it ended in ERROR again and again, or its loads were lost too often. */
export class SessionError extends RollcallError {
  readonly sessionId: string | undefined;
  readonly status: string | undefined;
  constructor(message: string, sessionId?: string, status?: string, code = 'ERR_ROLLCALL_SESSION') {
    super(code, message);
    this.sessionId = sessionId;
    this.status = status;
  }
}

/** The source has an active session that this state did not open. It is not touched. */
export class ForeignSessionError extends SessionError {
  /** Milliseconds since it was created, where Okta says. */
  readonly ageMs: number | undefined;
  /** @param doubt - A creation of this state got no answer, and may have made the session. */
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

/** A session was not final within the poll limit. Its outcome is unknown; nothing was cancelled; the next run settles it. */
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

/** The state cannot be read or written, or belongs to another org or identity source. */
export class StateError extends RollcallError {
  constructor(
    message: string,
    options?: {
      cause?: unknown;
      code?:
        | 'ERR_ROLLCALL_STATE'
        | 'ERR_ROLLCALL_STATE_TARGET'
        | 'ERR_ROLLCALL_STATE_FORMAT'
        | 'ERR_ROLLCALL_STATE_LOST'
        | 'ERR_ROLLCALL_STATE_CORRUPT'
        | 'ERR_ROLLCALL_STATE_NOT_EMPTY';
    },
  ) {
    super(options?.code ?? 'ERR_ROLLCALL_STATE', message, options);
  }
}

/** Another process is writing this state. */
export class BusyError extends RollcallError {
  readonly pid: number;
  readonly host: string;
  /** When the holder opened the state. */
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

/** The run was stopped by its `AbortSignal`. */
export class AbortedError extends RollcallError {
  constructor(message = 'the run was aborted') {
    super('ERR_ROLLCALL_ABORTED', message);
  }
}
