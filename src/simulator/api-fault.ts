import type { ErrorCode } from './contract.js';
import type { ViolationRule } from './types.js';

/** A request that the org answers with an error. Thrown inside the simulator only; never leaves it. */
export class ApiFault extends Error {
  readonly status: number;
  readonly errorCode: ErrorCode;
  readonly causes: readonly string[];
  /** The rule the request broke, when a careful client would not have sent it. */
  readonly rule: ViolationRule | undefined;
  /** Headers of the answer. */
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

/** 400 E0000001, the code with many causes. */
export function invalid(cause: string, rule?: ViolationRule): ApiFault {
  return new ApiFault(400, 'E0000001', cause, rule);
}

/** 400 E0000003: no body, or not one of this form. */
export function malformed(cause: string): ApiFault {
  return new ApiFault(400, 'E0000003', cause, 'malformed-body');
}
