import { createdSession } from '../created-session.js';
import { StateError } from '../../core/errors.js';
import type { Journal, JournaledSession, PendingRow } from '../journal.js';
import type { AdoptedRow } from '../store.js';
import { endedBySession, type EndedParents } from '../ended-parents.js';
import { DELETIONS_BY_DAY, deletionsIn, withDeletions } from '../deletions-by-day.js';
import { rowsAfter } from '../session-rows.js';
import { packRows, unpackRows } from './load-codec.js';
import type { Head, Tables } from './lmdb-tables.js';

/** Runs a change of the tables in a durable transaction. Fails if this process is not the writer any more. */
export type Write = <T>(name: string, change: (head: Head) => Changed<T>) => Promise<T>;

/** The result of a change, and the values of the head that it replaces. */
export interface Changed<T> {
  readonly head?: Partial<Head>;
  readonly result: T;
}

/** The parts of the state that the journal uses. */
export interface JournalState {
  readonly tables: Tables;
  readonly write: Write;
  /** Reads the head. Throws if the state is closed. */
  readonly head: () => Head;
  /** Writes rows to the baseline. Runs inside a write. Returns the new heads of all entities. */
  readonly apply: (head: Head, rows: readonly AdoptedRow[]) => Head['entities'];
  /** Writes the memberships of removed users and groups, after `apply` and inside the same write. */
  readonly applyEnds: (head: Head, ended: EndedParents) => Head['entities'];
}

/** Greater than the number of any load. */
const MAX_LOAD = 2 ** 31;

/** The journal of a state in LMDB. */
export function lmdbJournal({ tables, write, head: readHead, apply, applyEnds }: JournalState): Journal {
  const { journal, loads } = tables;
  const sessionOf = (id: number): JournaledSession => {
    const session = journal.get(id);
    if (session === undefined) throw new StateError(`the journal knows no session ${id}`);
    return session;
  };
  const update = (
    name: string,
    id: number,
    change: (session: JournaledSession) => Partial<JournaledSession>,
  ) =>
    write(`journal:${name}`, () => {
      const session = sessionOf(id);
      journal.putSync(id, { ...session, ...change(session) });
      return { result: undefined };
    });
  const loadsOf = (id: number): number[] =>
    Array.from(loads.getKeys({ start: [id, 0], end: [id + 1, 0] }), ([, load]) => load);
  const rowsOf = (id: number): PendingRow[] =>
    Array.from(loads.getRange({ start: [id, 0], end: [id + 1, 0] }), ({ value }) => unpackRows(value)).flat();
  return {
    open: async () => {
      readHead();
      return Array.from(journal.getRange(), ({ value }) => value);
    },
    pending: async function* (id) {
      readHead();
      for (const load of loadsOf(id)) yield unpackRows(loads.get([id, load]) ?? []);
    },
    creating: (now, seen = []) =>
      write('journal:creating', ({ nextSession: id }) => {
        journal.putSync(id, createdSession(id, now, seen));
        return { head: { nextSession: id + 1 }, result: id };
      }),
    created: (id, sessionId) => update('created', id, () => ({ sessionId, phase: 'loading' })),
    loading: (id, rows) =>
      write('journal:loading', () => {
        const session = sessionOf(id);
        const [last] = loads.getKeys({ start: [id, MAX_LOAD], end: [id, -1], reverse: true, limit: 1 });
        const load = (last?.[1] ?? -1) + 1;
        loads.putSync([id, load], packRows(rows));
        const hasUpserts = session.hasUpserts || rows.some((row) => row.kind === 'upsert');
        journal.putSync(id, {
          ...session,
          loads: session.loads + 1,
          rows: session.rows + rows.length,
          hasUpserts,
        });
        return { result: load };
      }),
    loaded: (id) => update('loaded', id, (session) => ({ acknowledged: session.acknowledged + 1 })),
    refused: (id, load) =>
      update('refused', id, (session) => {
        loads.removeSync([id, load]);
        const rest = rowsOf(id);
        return {
          loads: session.loads - 1,
          rows: rest.length,
          hasUpserts: rest.some((row) => row.kind === 'upsert'),
        };
      }),
    triggering: (id) => update('triggering', id, () => ({ phase: 'triggering' })),
    triggered: (id, now) =>
      write('journal:triggered', () => {
        journal.putSync(id, { ...sessionOf(id), phase: 'triggered', triggeredAt: now });
        return { head: { lastTriggeredAt: now }, result: undefined };
      }),
    cancelling: (id) => update('cancelling', id, () => ({ phase: 'cancelling' })),
    settle: (id, outcome) =>
      write('journal:settle', (head) => {
        const { triggeredAt, startedAt } = sessionOf(id);
        let { entities } = head;
        const deletions: PendingRow[] = [];
        const name = `meta:${DELETIONS_BY_DAY}`;
        let byDay = tables.head.get(name) as string | undefined;
        // Load by load: a session of memberships may have 700,000 rows.
        for (const load of loadsOf(id)) {
          const rows = unpackRows(loads.get([id, load]) ?? []);
          if (outcome !== 'dropped') entities = apply({ ...head, entities }, rowsAfter(rows, outcome));
          byDay = withDeletions(byDay, triggeredAt ?? startedAt, deletionsIn(rows));
          for (const row of rows)
            if (row.kind === 'delete' && row.entity !== 'memberships') deletions.push(row);
          loads.removeSync([id, load]);
        }
        if (outcome !== 'dropped')
          entities = applyEnds({ ...head, entities }, endedBySession(deletions, outcome));
        if (outcome === 'completed' && byDay !== undefined) tables.head.putSync(name, byDay);
        journal.removeSync(id);
        return { head: { entities }, result: undefined };
      }),
    lastTriggeredAt: async () => readHead().lastTriggeredAt,
  };
}
