import type { WaitReason } from '../events/events.js';
import type { CallOptions, OktaClient } from '../okta/wire.js';
import type { StateStore } from '../state/store.js';
import type { OwnSessions } from './own-sessions.js';
import type { ResolvedUploadOptions } from './upload-options.js';

/** What every part of an upload works with. */
export interface SessionContext {
  readonly okta: OktaClient;
  readonly state: StateStore;
  readonly options: ResolvedUploadOptions;
  readonly own: OwnSessions;
}

/**
 * The server's time as far as it is known, else this machine's: sessions are dated by the server, whose clock need
 * not agree with ours.
 */
export function serverNow({ okta, options }: Pick<SessionContext, 'okta' | 'options'>): number {
  return okta.serverDate() ?? options.clock.now();
}

/** Emits the event of a wait that begins now, and takes so long at most. */
export function emitWait(
  { clock, events }: Pick<ResolvedUploadOptions, 'clock' | 'events'>,
  reason: WaitReason,
  ms: number,
  sessionId?: string,
): void {
  events.emit({ type: 'wait:start', reason, until: new Date(clock.now() + ms), sessionId });
}

/** What every call of a run is given: its signal, its patience, and where its waits are reported. */
export function callOptions({ signal, events, patienceMs }: ResolvedUploadOptions): CallOptions {
  return {
    ...(signal && { signal }),
    patienceMs,
    onWait: ({ reason, until }) =>
      events.emit({ type: 'wait:start', reason, until: new Date(until), sessionId: undefined }),
  };
}
