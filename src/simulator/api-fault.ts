import type { ErrorCode } from './contract.js';
import type { ViolationRule } from './types.js';

/** The error with which the org answers a request. It is thrown only inside the simulator. */
export class ApiFault extends Error {
  readonly status: number;
  readonly errorCode: ErrorCode;
  readonly causes: readonly string[];
  /** The rule that the request violated; undefined if a correct client may send such a request. */
  readonly rule: ViolationRule | undefined;
  /** Headers of the response. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    errorCode: ErrorCode,
    cause?: string,
    rule?: ViolationRule,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(cause ?? errorCode);
    this.name = 'ApiFault';
    this.status = status;
    this.errorCode = errorCode;
    this.causes = cause === undefined ? [] : [cause];
    this.rule = rule;
    this.headers = headers;
  }
}

/** 400 E0000001, a code with many causes. */
export function invalid(cause: string, rule?: ViolationRule): ApiFault {
  return new ApiFault(400, 'E0000001', cause, rule);
}

/** 400 E0000003: the body is missing or malformed. */
export function malformed(cause: string): ApiFault {
  return new ApiFault(400, 'E0000003', cause, 'malformed-body');
}

/** 400 E0000001: another active user has the login. A client may not know of this user, so that it made no mistake. */
export function loginTaken(): ApiFault {
  return invalid('userName: another user of the org has it');
}
