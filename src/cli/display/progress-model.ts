import type { WaitReason } from '../../events/events.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { changesByEntity } from '../../core/results.js';
import { formatCountdown } from '../text/duration.js';
import { count, plural } from '../text/words.js';
import type { ProgressEvent } from './display.js';
import { eventText, waitReason } from './event-text.js';
import { endText, type ExpectedEnd } from './expected-end.js';
import type { ProgressRow } from './progress-row.js';
import { SessionRows } from './session-rows.js';

interface Wait {
  readonly reason: WaitReason;
  readonly until: number;
}

/** The rows that a terminal shows of a run, computed from its events. `TerminalDisplay` draws them. */
export class ProgressModel {
  #step: { readonly label: string; readonly text: string } | undefined = { label: 'starting', text: '' };
  /** The changes of the plan, and those of them that are still to be confirmed. */
  #changes:
    | { readonly total: Readonly<Record<Entity, number>>; readonly left: Readonly<Record<Entity, number>> }
    | undefined;
  readonly #sessions = new SessionRows();
  #wait: Wait | undefined;
  #end: ExpectedEnd | undefined;

  /** Applies an event. Returns what stays above the rows: lines, and the last row of a session. */
  apply(event: ProgressEvent, now: number): readonly (string | ProgressRow)[] {
    const row = this.#apply(event, now);
    const text = isShownByRow(event) ? undefined : eventText(event, now);
    return [row, text].filter((line) => line !== undefined);
  }

  #apply(event: ProgressEvent, now: number): ProgressRow | undefined {
    switch (event.type) {
      case 'source:progress':
        this.#step = { label: 'reading', text: `${count(event.read)} ${event.entity}` };
        break;
      case 'verify:progress':
        this.#step = { label: 'reading Okta', text: `${count(event.read)} ${event.entity}` };
        break;
      case 'source:end':
        this.#step = { label: 'planning', text: '' };
        break;
      case 'plan:ready': {
        const total = changesByEntity(event.plan.entities);
        this.#step = undefined;
        this.#changes = { total, left: total };
        // One session needs no wait, and its own time is not known.
        if (event.plan.sessions > 1) this.#setEnd(event);
        break;
      }
      case 'session:created':
        this.#sessions.created(event.sessionId, event.number, event.requests);
        this.#endWait('session-cooldown');
        break;
      case 'batch:sent':
        this.#sessions.sent(event.sessionId, event.requests);
        this.#endWait('rate-limit', 'read-only', 'back-off');
        break;
      case 'session:triggered':
        this.#sessions.importing(event.sessionId, now);
        break;
      case 'state:committed':
        if (this.#changes !== undefined) this.#changes = { ...this.#changes, left: event.remainingByEntity };
        if (event.remaining > 0) this.#setEnd(event);
        else this.#end = undefined;
        return this.#sessions.confirmed(event.sessionId, event.changesByEntity);
      case 'session:replayed':
      case 'session:cancelled':
      case 'session:failed':
        return this.#sessions.notImported(event.sessionId);
      case 'wait:start':
        // The row of the session already shows that it is imported.
        if (event.reason !== 'import') this.#wait = { reason: event.reason, until: event.until.getTime() };
        break;
      case 'sample:start':
        this.#step = { label: 'reading Okta', text: plural(event.changes, 'confirmed change') };
        break;
      case 'run:done':
        this.#step = { label: 'done', text: '' };
        this.#wait = undefined;
        this.#end = undefined;
        break;
    }
    return undefined;
  }

  /** The rows at a given time; at least one. */
  rows(now: number): readonly ProgressRow[] {
    const rows: ProgressRow[] = [];
    if (this.#step !== undefined) rows.push({ ...this.#step, bar: undefined });
    rows.push(...this.#entityRows(), ...this.#sessions.rows(now));
    if (this.#wait !== undefined && this.#wait.until > now) {
      const { reason, until } = this.#wait;
      const text = `${formatCountdown(until - now)}  ${waitReason(reason)}`;
      rows.push({ label: 'waiting', bar: undefined, text });
    }
    const end = this.#end === undefined ? undefined : endText(this.#end, now);
    if (end !== undefined) rows.push({ label: 'end expected', bar: undefined, text: end });
    return rows.length > 0 ? rows : [{ label: 'nothing to send', bar: undefined, text: '' }];
  }

  /** The rows of the sessions that are open: when a run ends early, they stay. */
  openSessions(now: number): readonly ProgressRow[] {
    return this.#sessions.rows(now);
  }

  /** One row for each entity that has changes. Their numbers are never summed. */
  #entityRows(): ProgressRow[] {
    const changes = this.#changes;
    if (changes === undefined) return [];
    return ENTITIES.filter((entity) => changes.total[entity] > 0).map((entity) => {
      const total = changes.total[entity];
      const value = total - changes.left[entity];
      return {
        label: entity,
        bar: { value, total },
        text: `${count(value)} of ${count(total)} confirmed`,
      };
    });
  }

  #setEnd({ earliestEnd, estimatedEnd }: { readonly earliestEnd: Date; readonly estimatedEnd: Date }): void {
    this.#end = { earliest: earliestEnd.getTime(), latest: estimatedEnd.getTime() };
  }

  #endWait(...reasons: readonly Wait['reason'][]): void {
    if (this.#wait !== undefined && reasons.includes(this.#wait.reason)) this.#wait = undefined;
  }
}

/** Events that a row shows, so that they need no line of text. */
function isShownByRow({ type }: ProgressEvent): boolean {
  return (
    type === 'source:progress' ||
    type === 'verify:progress' ||
    type === 'session:created' ||
    type === 'session:triggered' ||
    type === 'state:committed' ||
    type === 'wait:start' ||
    type === 'sample:start'
  );
}
