import type { SyncEvent } from './events.js';

/** Where log lines go: pino and its like, as they are. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Options of {@link logEvents}. */
export interface LogOptions {
  /**
   * Writes the external ids of rejected records too. They are personal where a directory uses addresses as ids.
   * @defaultValue `false`
   */
  readonly externalIds?: boolean;
}

/**
 * Writes events as structured log lines: give the result as `onEvent`. What needs a person's attention is a warning, the
 * rest is for information. No line holds a value of a profile or a secret; progress and single requests are left out.
 */
export function logEvents(logger: Logger, options: LogOptions = {}): (event: SyncEvent) => void {
  return (event) => {
    switch (event.type) {
      case 'record:rejected': {
        const { externalId, ...rest } = event.rejection;
        const fields = { ...rest, ...(options.externalIds === true && { externalId }) };
        logger.warn(fields, 'a record was rejected');
        break;
      }
      case 'journal:settled':
        if (event.outcome === 'unknown')
          logger.warn(event, 'what became of an earlier session is unknown; it is sent again');
        else logger.info(event, 'a session of an earlier run was settled');
        break;
      case 'batch:refused':
        logger.warn(event, 'Okta refused a record');
        break;
      case 'session:replayed':
        logger.warn(event, 'a session was given up, and is sent again');
        break;
      case 'session:failed':
        logger.warn(event, 'a session did not complete');
        break;
      case 'plan:ready': {
        const { entities, requests, sessions, hash } = event.plan;
        logger.info({ type: event.type, entities, requests, sessions, hash }, 'the plan is complete');
        break;
      }
      case 'source:end':
      case 'session:created':
      case 'session:triggered':
      case 'session:completed':
      case 'session:cancelled':
      case 'state:committed':
      case 'wait:start':
      case 'run:done':
        logger.info(event, event.type);
        break;
      default:
        break;
    }
  };
}
