import type { WaitReason } from '../../events/events.js';
import { LIMITS } from '../../core/limits.js';
import { changesOf } from '../../core/results.js';
import { formatCountdown } from '../text/duration.js';
import { count, plural } from '../text/words.js';
import type { ProgressEvent } from './display.js';
import { eventText, waitReason } from './event-text.js';

/** One row of the progress: text, and a bar if the total is known. */
export interface ProgressRow {
  readonly label: string;
  readonly bar: { readonly value: number; readonly total: number } | undefined;
  readonly text: string;
}

interface OpenSession {
  readonly label: string;
  readonly requests: number;
  sent: number;
  /** The time at which Okta began to import it; undefined while it is loaded. */
  importingSince: number | undefined;
  isOver: boolean;
}

/** The most sessions that are over and still have a row. */
const MOST_OVER = 5;

interface Wait {
  readonly reason: WaitReason;
  readonly until: number;
}

/** The rows that a terminal shows of a run, computed from its events. `TerminalDisplay` draws them. */
export class ProgressModel {
  #step: { readonly label: string; readonly text: string } | undefined = { label: 'starting', text: '' };
  #changes: { readonly total: number; done: number } | undefined;
  #requestsLeft = 0;
  readonly #sessions = new Map<string, OpenSession>();
  #wait: Wait | undefined;

  /** Applies an event. Returns the line to write above the rows, if the event has one. */
  apply(event: ProgressEvent, now: number): string | undefined {
    switch (event.type) {
      case 'source:progress':
        this.#step = { label: 'reading', text: `${count(event.read)} ${event.entity}` };
        return undefined;
      case 'verify:progress':
        this.#step = { label: 'reading Okta', text: `${count(event.read)} ${event.entity}` };
        return undefined;
      case 'source:end':
        this.#step = { label: 'planning', text: '' };
        break;
      case 'plan:ready':
        this.#step = undefined;
        this.#changes = { total: changesOf(event.plan.entities), done: 0 };
        this.#requestsLeft = event.plan.requests;
        break;
      case 'session:created':
        this.#open(event.sessionId, event.number);
        this.#endWait('session-cooldown');
        // The new row already shows it.
        return undefined;
      case 'batch:sent': {
        const session = this.#sessions.get(event.sessionId);
        if (session !== undefined) session.sent = event.requests;
        this.#endWait('rate-limit', 'read-only', 'back-off');
        return undefined;
      }
      case 'session:triggered':
        this.#importing(event.sessionId, now);
        return undefined;
      case 'state:committed':
        this.#over(event.sessionId);
        if (this.#changes !== undefined) this.#changes.done = this.#changes.total - event.remaining;
        break;
      case 'session:replayed':
      case 'session:cancelled':
      case 'session:failed':
        this.#removeSession(event.sessionId);
        break;
      case 'wait:start':
        // The row of the session already shows that it is imported.
        if (event.reason !== 'import') this.#wait = { reason: event.reason, until: event.until.getTime() };
        return undefined;
      case 'sample:start':
        this.#step = { label: 'reading Okta', text: plural(event.changes, 'confirmed change') };
        return undefined;
      case 'run:done':
        this.#step = { label: 'done', text: '' };
        this.#wait = undefined;
        return undefined;
    }
    return eventText(event, now);
  }

  /** The rows at a given time; at least one. */
  rows(now: number): readonly ProgressRow[] {
    const rows: ProgressRow[] = [];
    if (this.#step !== undefined) rows.push({ ...this.#step, bar: undefined });
    if (this.#changes !== undefined) {
      const { done, total } = this.#changes;
      rows.push({
        label: 'confirmed',
        bar: { value: done, total },
        text: `${count(done)} of ${count(total)} changes`,
      });
    }
    for (const session of this.#sessions.values()) rows.push(sessionRow(session, now));
    if (this.#wait !== undefined && this.#wait.until > now) {
      const { reason, until } = this.#wait;
      rows.push({
        label: 'waiting',
        bar: undefined,
        text: `${formatCountdown(until - now)}  ${waitReason(reason)}`,
      });
    }
    return rows;
  }

  #open(sessionId: string, number: number): void {
    const requests = Math.max(1, Math.min(this.#requestsLeft, LIMITS.requestsPerSession));
    this.#requestsLeft -= requests;
    this.#sessions.set(sessionId, {
      label: `session ${number}`,
      requests,
      sent: 0,
      importingSince: undefined,
      isOver: false,
    });
  }

  /** Keeps the row of a session whose import is completed; those of the first ones go if there are many. */
  #over(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) session.isOver = true;
    const over = [...this.#sessions].filter(([, { isOver }]) => isOver);
    for (const [id] of over.slice(0, -MOST_OVER)) this.#sessions.delete(id);
  }

  #importing(sessionId: string, now: number): void {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) session.importingSince = now;
  }

  /** Removes a session whose content is sent again in another one. */
  #removeSession(sessionId: string | undefined): void {
    const session = sessionId === undefined ? undefined : this.#sessions.get(sessionId);
    if (session === undefined) return;
    this.#requestsLeft += session.requests;
    this.#sessions.delete(sessionId as string);
  }

  #endWait(...reasons: readonly Wait['reason'][]): void {
    if (this.#wait !== undefined && reasons.includes(this.#wait.reason)) this.#wait = undefined;
  }
}

function sessionRow(
  { label, requests, sent, importingSince, isOver }: OpenSession,
  now: number,
): ProgressRow {
  // A refused request is split, which takes more requests than were planned.
  const total = Math.max(requests, sent);
  if (isOver)
    return { label, bar: { value: 1, total: 1 }, text: `${plural(sent, 'request')}, import completed` };
  const bar = { value: sent, total };
  if (importingSince === undefined) return { label, bar, text: `${sent} of ${plural(total, 'request')}` };
  return {
    label,
    bar,
    text: `${plural(sent, 'request')}, importing for ${formatCountdown(now - importingSince)}`,
  };
}
