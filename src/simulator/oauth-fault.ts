import type { ViolationRule } from './types.js';

/** A request for a token, or with one, that the org refuses. Thrown inside the simulator only; never leaves it. */
export class OAuthFault extends Error {
  readonly status: number;
  /** OAuth's name of the error. */
  readonly error: string;
  /** The rule the request broke, when a careful client would not have sent it. */
  readonly rule: ViolationRule | undefined;

  constructor(status: number, error: string, description: string, rule?: ViolationRule) {
    super(description);
    this.name = 'OAuthFault';
    this.status = status;
    this.error = error;
    this.rule = rule;
  }
}
