import type { OktaClient } from '../okta/wire.js';
import type { StateStore } from '../state/store.js';
import type { ResolvedUploadOptions } from './options.js';

/** What every part of an upload works with. */
export interface SessionContext {
  readonly okta: OktaClient;
  readonly state: StateStore;
  readonly options: ResolvedUploadOptions;
}

/**
 * The server's time as far as it is known, else this machine's: sessions are dated by the server, whose clock need
 * not agree with ours.
 */
export function serverNow({ okta, options }: SessionContext): number {
  return okta.serverDate() ?? options.clock.now();
}

/** Call options with the run's signal. */
export function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}
