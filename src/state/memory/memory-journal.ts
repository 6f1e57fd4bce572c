import { StateError } from '../../core/errors.js';
import { DELETIONS_BY_DAY, deletionsIn, withDeletions } from '../deletions-by-day.js';
import { endedBySession } from '../ended-parents.js';
import { createdSession } from '../created-session.js';
import { rowsAfter } from '../session-rows.js';
import type { Journal, PendingRow } from '../journal.js';
import { apply, type DiskContent, type PendingLoad, type StoredSession } from './memory-disk.js';

/** Makes one atomic change; the name is that of the write. */
export type Write = <T>(name: string, change: (content: DiskContent) => T) => Promise<T>;

/** The journal of a memory state. `read` returns the content, or throws if the state is closed. */
export function memoryJournal(read: () => DiskContent, write: Write): Journal {
  const update = (name: string, id: number, change: (session: StoredSession) => Partial<StoredSession>) =>
    write(`journal:${name}`, (content) => {
      const at = content.sessions.findIndex((session) => session.id === id);
      const session = content.sessions[at];
      if (session === undefined) throw new StateError(`the journal knows no session ${id}`);
      content.sessions[at] = { ...session, ...change(session) };
    });
  return {
    open: async () => read().sessions.map(({ pending: _pending, ...session }) => ({ ...session })),
    pending: (id) => pendingRows(read().sessions, id),
    creating: (now, seen = []) =>
      write('journal:creating', (content) => {
        const id = content.nextSession++;
        content.sessions.push({ ...createdSession(id, now, seen), pending: [] });
        return id;
      }),
    created: (id, sessionId) => update('created', id, () => ({ sessionId, phase: 'loading' })),
    loading: async (id, rows) => {
      let load = 0;
      await update('loading', id, ({ pending }) => {
        load = (pending.at(-1)?.load ?? -1) + 1;
        return withLoads([...pending, { load, rows }]);
      });
      return load;
    },
    loaded: (id) => update('loaded', id, (session) => ({ acknowledged: session.acknowledged + 1 })),
    refused: (id, refused) =>
      update('refused', id, ({ pending }) => withLoads(pending.filter(({ load }) => load !== refused))),
    triggering: (id) => update('triggering', id, () => ({ phase: 'triggering' })),
    triggered: (id, now) =>
      write('journal:triggered', (content) => {
        const at = content.sessions.findIndex((session) => session.id === id);
        const session = content.sessions[at];
        if (session === undefined) throw new StateError(`the journal knows no session ${id}`);
        content.sessions[at] = { ...session, phase: 'triggered', triggeredAt: now };
        content.lastTriggeredAt = now;
      }),
    cancelling: (id) => update('cancelling', id, () => ({ phase: 'cancelling' })),
    settle: (id, outcome) =>
      write('journal:settle', (content) => {
        const session = content.sessions.find((candidate) => candidate.id === id);
        if (session === undefined) throw new StateError(`the journal knows no session ${id}`);
        if (outcome !== 'dropped') {
          const rows = session.pending.flatMap((load) => load.rows);
          apply(content, rowsAfter(rows, outcome), endedBySession(rows, outcome));
          if (outcome === 'completed') {
            const before = content.meta.get(DELETIONS_BY_DAY);
            const at = session.triggeredAt ?? session.startedAt;
            const byDay = withDeletions(before, at, deletionsIn(rows));
            if (byDay !== undefined) content.meta.set(DELETIONS_BY_DAY, byDay);
          }
        }
        content.sessions = content.sessions.filter((candidate) => candidate.id !== id);
      }),
    lastTriggeredAt: async () => read().lastTriggeredAt,
  };
}

async function* pendingRows(
  sessions: readonly StoredSession[],
  id: number,
): AsyncGenerator<readonly PendingRow[]> {
  for (const { rows } of sessions.find((session) => session.id === id)?.pending ?? []) yield rows;
}

/** A session with these loads. */
function withLoads(pending: readonly PendingLoad[]): Partial<StoredSession> {
  const rows = pending.flatMap((load) => load.rows);
  return {
    pending,
    loads: pending.length,
    rows: rows.length,
    hasUpserts: rows.some((row) => row.kind === 'upsert'),
  };
}
