import { systemClock, type Clock } from '../core/clock.js';
import type { SyncEvent } from './events.js';
import { ENTITIES, type ChangeKind } from '../core/model.js';

/** The attributes of a measurement; each has few different values, so that they suit a time series. */
export type MetricAttributes = Readonly<Record<string, string>>;

/** Receives measurements: an adapter for OpenTelemetry meters, for a Prometheus client, or for a `Map`. */
export interface MetricSink {
  /** Adds to a counter. */
  add(name: MetricName, value: number, attributes: MetricAttributes): void;
  /** Records one duration in milliseconds. */
  record(name: DurationName, milliseconds: number, attributes: MetricAttributes): void;
}

/** Counters. The names are stable. */
export type MetricName =
  /** Records read, by `entity`. */
  | 'rollcall.records.read'
  /** Records rejected, by `entity` and `code`. */
  | 'rollcall.records.rejected'
  /** Changes planned, by `entity` and `kind` (`create`, `update`, `delete`). */
  | 'rollcall.changes.planned'
  /** Changes that Okta confirmed, by `entity`. */
  | 'rollcall.changes.confirmed'
  /** Records that Okta refused, by `entity` and `kind`. */
  | 'rollcall.changes.refused'
  /** Bulk requests that Okta acknowledged, by `entity` and `kind` (`upsert`, `delete`). */
  | 'rollcall.requests'
  /** The bytes of these requests. */
  | 'rollcall.request.bytes'
  /** Sessions that ended, by `outcome` (`completed`, `cancelled`, `failed`). */
  | 'rollcall.sessions'
  /** Sessions whose content was sent again. */
  | 'rollcall.sessions.replayed'
  /** Waits that began, by `reason`. */
  | 'rollcall.waits';

/** Durations. The names are stable. */
export type DurationName =
  /** The longest possible duration of a wait, by `reason` (`session-cooldown`, `rate-limit`, `read-only`, `back-off`). */
  | 'rollcall.wait.duration'
  /** The time from the trigger of a session to its end, by `outcome` (`completed`, `failed`). */
  | 'rollcall.import.duration';

/**
 * Turns events into measurements. Pass the returned function as `onEvent`. No measurement contains an id or a profile value.
 *
 * @example
 * const counts = new Map<string, number>();
 * const add = (name: string, value: number) => counts.set(name, (counts.get(name) ?? 0) + value);
 * await sync({ ...options, onEvent: metrics({ add, record: () => undefined }) });
 */
export function metrics(sink: MetricSink, clock: Clock = systemClock): (event: SyncEvent) => void {
  const triggered = new Map<string, number>();
  const ended = (sessionId: string, outcome: 'completed' | 'failed') => {
    sink.add('rollcall.sessions', 1, { outcome });
    const since = triggered.get(sessionId);
    if (since !== undefined) sink.record('rollcall.import.duration', clock.now() - since, { outcome });
    triggered.delete(sessionId);
  };
  return (event) => {
    switch (event.type) {
      case 'source:end':
        sink.add('rollcall.records.read', event.read, { entity: event.entity });
        break;
      case 'record:rejected': {
        const { entity, code } = event.rejection;
        sink.add('rollcall.records.rejected', 1, { entity, code });
        break;
      }
      case 'plan:ready':
        for (const entity of ENTITIES) {
          const { creates, updates, deletes } = event.plan.entities[entity];
          for (const [kind, count] of Object.entries({ create: creates, update: updates, delete: deletes }))
            if (count > 0) sink.add('rollcall.changes.planned', count, { entity, kind });
        }
        break;
      case 'batch:sent':
        sink.add('rollcall.requests', 1, of(event));
        sink.add('rollcall.request.bytes', event.bytes, of(event));
        break;
      case 'batch:refused':
        sink.add('rollcall.changes.refused', event.items, of(event));
        break;
      case 'session:triggered':
        triggered.set(event.sessionId, clock.now());
        break;
      case 'session:completed':
        ended(event.sessionId, 'completed');
        break;
      case 'state:committed':
        for (const entity of ENTITIES) {
          const count = event.changesByEntity[entity];
          if (count > 0) sink.add('rollcall.changes.confirmed', count, { entity });
        }
        break;
      case 'session:failed':
        ended(event.sessionId, 'failed');
        break;
      case 'session:cancelled':
        sink.add('rollcall.sessions', 1, { outcome: 'cancelled' });
        break;
      case 'session:replayed':
        sink.add('rollcall.sessions.replayed', 1, {});
        break;
      case 'wait:start':
        sink.add('rollcall.waits', 1, { reason: event.reason });
        // The duration of an import is measured at its end.
        if (event.reason !== 'import')
          sink.record('rollcall.wait.duration', Math.max(0, event.until.getTime() - clock.now()), {
            reason: event.reason,
          });
        break;
      default:
        break;
    }
  };
}

function of({ entity, kind }: { readonly entity: string; readonly kind: ChangeKind }): MetricAttributes {
  return { entity, kind };
}
