import type { ViolationRule } from './types.js';

/** The error for a request for a token, or with a token, that the org refuses. It is thrown only inside the simulator. */
export class OAuthFault extends Error {
  readonly status: number;
  /** The error code of OAuth. */
  readonly error: string;
  /** The rule that the request violated; undefined if a correct client may send such a request. */
  readonly rule: ViolationRule | undefined;

  constructor(status: number, error: string, description: string, rule?: ViolationRule) {
    super(description);
    this.name = 'OAuthFault';
    this.status = status;
    this.error = error;
    this.rule = rule;
  }
}
