import { entityList } from '../../core/entity-list.js';
import type { Entity } from '../../core/model.js';
import { formatCountdown } from '../text/duration.js';
import { plural } from '../text/words.js';
import type { ProgressRow } from './progress-row.js';

interface OpenSession {
  readonly label: string;
  /** The requests that it is to have. */
  readonly requests: number;
  sent: number;
  /** The time at which Okta began to import it; undefined while it is loaded. */
  importingSince: number | undefined;
}

/** The rows of the sessions that are open: one each, with the requests of that session. A session that has ended leaves its last row. */
export class SessionRows {
  readonly #open = new Map<string, OpenSession>();

  created(sessionId: string, number: number, requests: number): void {
    this.#open.set(sessionId, { label: `session ${number}`, requests, sent: 0, importingSince: undefined });
  }

  /** @param requests - those of the session so far */
  sent(sessionId: string, requests: number): void {
    const session = this.#open.get(sessionId);
    if (session !== undefined) session.sent = requests;
  }

  importing(sessionId: string, now: number): void {
    const session = this.#open.get(sessionId);
    if (session !== undefined) session.importingSince = now;
  }

  /** The last row of a session whose changes Okta confirmed; undefined if the session is not known. */
  confirmed(sessionId: string, changes: Readonly<Record<Entity, number>>): ProgressRow | undefined {
    const session = this.#take(sessionId);
    if (session === undefined) return undefined;
    const list = entityList((entity) => changes[entity]) ?? 'nothing';
    return {
      label: session.label,
      bar: { value: 1, total: 1 },
      text: `${plural(session.sent, 'request')}: ${list} confirmed`,
    };
  }

  /** The last row of a session that Okta did not import, as far as is known; undefined if the session is not known, or has ended. */
  notImported(sessionId: string | undefined): ProgressRow | undefined {
    const session = sessionId === undefined ? undefined : this.#take(sessionId);
    if (session === undefined) return undefined;
    return {
      label: session.label,
      bar: barOf(session),
      text: `${plural(session.sent, 'request')}, not confirmed`,
    };
  }

  rows(now: number): ProgressRow[] {
    return Array.from(this.#open.values(), (session) => rowOf(session, now));
  }

  #take(sessionId: string): OpenSession | undefined {
    const session = this.#open.get(sessionId);
    this.#open.delete(sessionId);
    return session;
  }
}

function rowOf(session: OpenSession, now: number): ProgressRow {
  const { label, sent, importingSince } = session;
  const bar = barOf(session);
  if (importingSince === undefined) return { label, bar, text: `${sent} of ${plural(bar.total, 'request')}` };
  return {
    label,
    bar,
    text: `${plural(sent, 'request')}, importing for ${formatCountdown(now - importingSince)}`,
  };
}

/** A refused request is split, which takes more requests than were planned. */
function barOf({ requests, sent, importingSince }: OpenSession): { value: number; total: number } {
  const total = importingSince === undefined ? Math.max(requests, sent) : sent;
  return { value: sent, total };
}
