import { StateError } from '../../core/errors.js';
import type { Entity } from '../../core/model.js';
import type { LmdbBaseline } from './lmdb-baseline.js';
import { applyRows, packRows, unpackRows } from './lmdb-rows.js';
import type { Head, Tables } from './lmdb-tables.js';
import type { Journal, JournaledSession, PendingRow } from '../store.js';

/** Runs a change of the tables: durable, in one transaction, and only while this process is the writer. */
export type Write = <T>(
  change: (head: Head) => { readonly head?: Partial<Head>; readonly result: T },
) => Promise<T>;

/** The journal over LMDB. */
export function lmdbJournal(
  tables: Tables,
  baselines: () => Readonly<Record<Entity, LmdbBaseline>>,
  write: Write,
  readHead: () => Head,
): Journal {
  const { journal, loads } = tables;
  const sessionOf = (id: number): JournaledSession => {
    const session = journal.get(id);
    if (session === undefined) throw new StateError(`the journal knows no session ${id}`);
    return session;
  };
  const update = (id: number, change: (session: JournaledSession) => Partial<JournaledSession>) =>
    write(() => {
      const session = sessionOf(id);
      void journal.put(id, { ...session, ...change(session) });
      return { result: undefined };
    });
  const rowsOf = (id: number): PendingRow[][] =>
    Array.from(loads.getRange({ start: [id, 0], end: [id + 1, 0] }), ({ value }) => unpackRows(value));
  return {
    open: async () => Array.from(journal.getRange(), ({ value }) => value),
    creating: (now, seen = []) =>
      write((head) => {
        const id = head.nextSession;
        void journal.put(id, {
          id,
          sessionId: undefined,
          phase: 'creating',
          startedAt: now,
          seen: [...seen],
          triggeredAt: undefined,
          loads: 0,
          acknowledged: 0,
          rows: 0,
          hasUpserts: false,
        });
        return { head: { nextSession: id + 1 }, result: id };
      }),
    created: (id, sessionId) => update(id, () => ({ sessionId, phase: 'loading' })),
    loading: (id, rows) =>
      update(id, (session) => {
        void loads.put([id, session.loads], packRows(rows));
        const hasUpserts = session.hasUpserts || rows.some((row) => row.kind === 'upsert');
        return { loads: session.loads + 1, rows: session.rows + rows.length, hasUpserts };
      }),
    loaded: (id) => update(id, (session) => ({ acknowledged: session.acknowledged + 1 })),
    refused: (id) =>
      update(id, (session) => {
        void loads.remove([id, session.loads - 1]);
        const rest = rowsOf(id)
          .slice(0, session.loads - 1)
          .flat();
        return {
          loads: session.loads - 1,
          rows: rest.length,
          hasUpserts: rest.some((row) => row.kind === 'upsert'),
        };
      }),
    triggering: (id) => update(id, () => ({ phase: 'triggering' })),
    triggered: (id, now) =>
      write(() => {
        void journal.put(id, { ...sessionOf(id), phase: 'triggered', triggeredAt: now });
        return { head: { lastTriggeredAt: now }, result: undefined };
      }),
    cancelling: (id) => update(id, () => ({ phase: 'cancelling' })),
    settle: (id, outcome) =>
      write((head) => {
        const session = sessionOf(id);
        const counts =
          outcome === 'dropped'
            ? head.counts
            : applyRows(baselines(), head.counts, rowsOf(id).flat(), outcome === 'unknown');
        for (let load = 0; load < session.loads; load++) void loads.remove([id, load]);
        void journal.remove(id);
        return { head: { counts }, result: undefined };
      }),
    lastTriggeredAt: async () => readHead().lastTriggeredAt,
  };
}
