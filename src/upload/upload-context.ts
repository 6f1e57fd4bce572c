import type { Batch } from '../core/model.js';
import type { WaitReason } from '../events/events.js';
import type { CallOptions, OktaClient } from '../okta/wire.js';
import type { StateStore } from '../state/store.js';
import type { OwnSessions } from './own-sessions.js';
import type { ResolvedUploadOptions } from './upload-options.js';

/** The objects that all parts of an upload share. */
export interface SessionContext {
  readonly okta: OktaClient;
  readonly state: StateStore;
  readonly options: ResolvedUploadOptions;
  readonly own: OwnSessions;
}

/**
 * The time of the server; before its first response, the time of this machine. It is compared with the times of sessions, which
 * are the server's.
 */
export function serverNow({ okta, options }: Pick<SessionContext, 'okta' | 'options'>): number {
  return okta.serverDate() ?? options.clock.now();
}

/** Milliseconds of the monotonic clock. */
export function elapsedMs({ clock }: Pick<ResolvedUploadOptions, 'clock'>): number {
  return clock.elapsed?.() ?? clock.now();
}

/** Emits the event of a wait that begins now and takes at most `ms`. */
export function emitWait(
  { clock, events }: Pick<ResolvedUploadOptions, 'clock' | 'events'>,
  reason: WaitReason,
  ms: number,
  sessionId?: string,
): void {
  events.emit({ type: 'wait:start', reason, until: new Date(clock.now() + ms), sessionId });
}

/** Emits the event of a batch that Okta acknowledged, as the given request of its session. */
export function emitSent(
  { events }: Pick<ResolvedUploadOptions, 'events'>,
  sessionId: string,
  { entity, kind, items, bytes }: Batch,
  requests: number,
): void {
  events.emit({ type: 'batch:sent', sessionId, entity, kind, items, bytes, requests });
}

/** The options of every call of a run. Waits of the client are emitted as events. */
export function callOptions({ signal, events, patienceMs }: ResolvedUploadOptions): CallOptions {
  return {
    ...(signal && { signal }),
    patienceMs,
    onWait: ({ reason, until }) =>
      events.emit({ type: 'wait:start', reason, until: new Date(until), sessionId: undefined }),
  };
}
