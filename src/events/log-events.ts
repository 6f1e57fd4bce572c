import type { Rejection } from '../core/rejection.js';
import type { SyncEvent } from './events.js';

/** A structured logger, such as pino. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Options of {@link logEvents}. */
export interface LogOptions {
  /**
   * Also writes the external ids of rejected and refused records. They are personal data if a directory uses email addresses as ids.
   * @defaultValue `false`
   */
  readonly externalIds?: boolean;
}

/**
 * Writes events as structured log lines. Pass the returned function as `onEvent`. Events that need attention are
 * warnings, the others are information; progress and single requests are not logged. No line contains a profile value or
 * a secret.
 */
export function logEvents(logger: Logger, options: LogOptions = {}): (event: SyncEvent) => void {
  return (event) => {
    switch (event.type) {
      case 'record:rejected':
        logger.warn(loggedRejection(event.rejection, options), 'a record was rejected');
        break;
      case 'journal:settled':
        if (event.outcome === 'unknown')
          logger.warn(
            event,
            'the outcome of a session of an earlier run is unknown; its changes are sent again',
          );
        else logger.info(event, 'a session of an earlier run was settled');
        break;
      case 'batch:refused': {
        const rejection = loggedRejection(event.rejection, options);
        logger.warn({ ...event, rejection }, 'Okta refused a record');
        break;
      }
      case 'session:replayed':
        logger.warn(event, 'a session failed or was cancelled; its changes are sent again');
        break;
      case 'session:failed':
        logger.warn(event, 'a session did not complete');
        break;
      case 'session:status':
        logger.warn(event, 'a session has a status that this version does not know');
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

function loggedRejection({ externalId, ...rest }: Rejection, { externalIds = false }: LogOptions): object {
  return externalIds ? { ...rest, externalId } : rest;
}
