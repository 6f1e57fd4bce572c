import { StateError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { createdSession } from '../created-session.js';
import { DELETIONS_BY_DAY, deletionsIn, withDeletions } from '../deletions-by-day.js';
import { endedBySession } from '../ended-parents.js';
import { rowsAfter } from '../session-rows.js';
import type { Journal, JournaledSession, JournalPhase, PendingRow, SessionOutcome } from '../journal.js';
import { entityNumber, type BaselineWrites } from './baseline.js';
import { bytesArray, latin1 } from './bytes-array.js';
import type { Database } from './database.js';
import { keyOfRow, rowIdOf } from './row-id.js';
import type { Values } from './values.js';
import type { Writer } from './writer.js';

/** Rows that are read and written at once when a session is settled. A session of memberships may have 700,000. */
const ROWS_AT_A_TIME = 10_000;

/** The journal of a state in PostgreSQL. */
export class PostgresJournal implements Journal {
  readonly #writer: Writer;
  readonly #baseline: BaselineWrites;
  readonly #values: Values;

  constructor(writer: Writer, baseline: BaselineWrites, values: Values) {
    this.#writer = writer;
    this.#baseline = baseline;
    this.#values = values;
  }

  get #database(): Database {
    return this.#writer.database;
  }

  /** Runs a statement; its first parameter is the number of the state. */
  async #run(text: string, ...values: readonly unknown[]) {
    return this.#database.query(text, [this.#writer.state, ...values]);
  }

  async open(): Promise<readonly JournaledSession[]> {
    const { schema } = this.#database;
    const { rows } = await this.#writer.read(() =>
      this.#run(
        `SELECT s.*, count(l.load)::int AS loads, coalesce(sum(l.rows), 0)::int AS rows,
           coalesce(bool_or(l.has_upserts), false) AS has_upserts
         FROM ${schema}.sessions s LEFT JOIN ${schema}.loads l ON l.state = s.state AND l.session = s.id
         WHERE s.state = $1 GROUP BY s.state, s.id ORDER BY s.id`,
      ),
    );
    return rows.map(sessionOfRow);
  }

  async *pending(id: number): AsyncGenerator<readonly PendingRow[]> {
    for (const load of await this.#writer.read(() => this.#loadsOf(id))) {
      const rows = await this.#writer.read(() => this.#rowsOf(id, load, load));
      if (rows.length > 0) yield rows;
    }
  }

  creating(now: number, seen: readonly string[] = []): Promise<number> {
    const { schema } = this.#database;
    return this.#writer.write('journal:creating', async () => {
      const { rows } = await this.#run(
        `UPDATE ${schema}.states SET next_session = next_session + 1 WHERE id = $1 RETURNING next_session - 1 AS id`,
      );
      const id = Number(rows[0]?.['id']);
      const { phase, startedAt } = createdSession(id, now, seen);
      await this.#run(
        `INSERT INTO ${schema}.sessions (state, id, phase, started_at, seen) VALUES ($1, $2, $3, $4, $5)`,
        ...[id, phase, startedAt, JSON.stringify(seen)],
      );
      return id;
    });
  }

  created(id: number, sessionId: string): Promise<void> {
    return this.#update('created', id, "session_id = $3, phase = 'loading'", sessionId);
  }

  loading(id: number, rows: readonly PendingRow[]): Promise<number> {
    const { schema } = this.#database;
    return this.#writer.write('journal:loading', async () => {
      const { rows: found } = await this.#run(
        `INSERT INTO ${schema}.loads (state, session, load, rows, has_upserts)
         SELECT s.state, s.id, (SELECT coalesce(max(l.load), -1) + 1 FROM ${schema}.loads l WHERE l.state = s.state AND l.session = s.id), $3, $4
         FROM ${schema}.sessions s WHERE s.state = $1 AND s.id = $2 RETURNING load`,
        ...[id, rows.length, rows.some(({ kind }) => kind === 'upsert')],
      );
      if (found.length === 0) throw noSession(id);
      const load = Number(found[0]?.['load']);
      if (rows.length > 0) await this.#insertRows(id, load, rows);
      return load;
    });
  }

  loaded(id: number): Promise<void> {
    return this.#update('loaded', id, 'acknowledged = acknowledged + 1');
  }

  refused(id: number, load: number): Promise<void> {
    const { schema } = this.#database;
    return this.#writer.write('journal:refused', async () => {
      await this.#requireSession(id);
      await this.#run(
        `DELETE FROM ${schema}.loads WHERE state = $1 AND session = $2 AND load = $3`,
        id,
        load,
      );
    });
  }

  triggering(id: number): Promise<void> {
    return this.#update('triggering', id, "phase = 'triggering'");
  }

  triggered(id: number, now: number): Promise<void> {
    const { schema } = this.#database;
    return this.#writer.write('journal:triggered', async () => {
      await this.#change(id, "phase = 'triggered', triggered_at = $3", now);
      await this.#run(`UPDATE ${schema}.states SET last_triggered_at = $2 WHERE id = $1`, now);
    });
  }

  cancelling(id: number): Promise<void> {
    return this.#update('cancelling', id, "phase = 'cancelling'");
  }

  settle(id: number, outcome: SessionOutcome): Promise<void> {
    const { schema } = this.#database;
    return this.#writer.write('journal:settle', async () => {
      const { triggeredAt, startedAt } = await this.#requireSession(id);
      if (outcome !== 'dropped') await this.#settleRows(id, outcome, triggeredAt ?? startedAt);
      await this.#run(`DELETE FROM ${schema}.sessions WHERE state = $1 AND id = $2`, id);
    });
  }

  async #settleRows(id: number, outcome: Exclude<SessionOutcome, 'dropped'>, at: number): Promise<void> {
    const before = await this.#values.get(DELETIONS_BY_DAY);
    let byDay = before;
    const deletions: PendingRow[] = [];
    for await (const rows of this.#allRowsOf(id)) {
      await this.#baseline.apply(rowsAfter(rows, outcome));
      byDay = withDeletions(byDay, at, deletionsIn(rows));
      for (const row of rows) if (row.kind === 'delete' && row.entity !== 'memberships') deletions.push(row);
    }
    await this.#baseline.applyEnds(endedBySession(deletions, outcome));
    if (outcome === 'completed' && byDay !== undefined && byDay !== before)
      await this.#values.set(DELETIONS_BY_DAY, byDay);
  }

  lastTriggeredAt(): Promise<number | undefined> {
    return this.#writer.read(async () => {
      const { rows } = await this.#run(
        `SELECT last_triggered_at AS at FROM ${this.#database.schema}.states WHERE id = $1`,
      );
      return (rows[0]?.['at'] as number | null) ?? undefined;
    });
  }

  #update(name: string, id: number, change: string, ...values: readonly unknown[]): Promise<void> {
    return this.#writer.write(`journal:${name}`, () => this.#change(id, change, ...values));
  }

  async #change(id: number, change: string, ...values: readonly unknown[]): Promise<void> {
    const table = `${this.#database.schema}.sessions`;
    const { rowCount } = await this.#run(
      `UPDATE ${table} SET ${change} WHERE state = $1 AND id = $2`,
      id,
      ...values,
    );
    if (rowCount !== 1) throw noSession(id);
  }

  async #requireSession(id: number): Promise<Pick<JournaledSession, 'triggeredAt' | 'startedAt'>> {
    const { rows } = await this.#run(
      `SELECT triggered_at, started_at FROM ${this.#database.schema}.sessions WHERE state = $1 AND id = $2`,
      id,
    );
    const [row] = rows;
    if (row === undefined) throw noSession(id);
    return {
      triggeredAt: (row['triggered_at'] as number | null) ?? undefined,
      startedAt: row['started_at'] as number,
    };
  }

  async #loadsOf(id: number): Promise<readonly number[]> {
    const { rows } = await this.#run(
      `SELECT load FROM ${this.#database.schema}.loads WHERE state = $1 AND session = $2 ORDER BY load`,
      id,
    );
    return rows.map((row) => row['load'] as number);
  }

  /** The rows of several loads at a time. Runs inside a transaction. */
  async *#allRowsOf(id: number): AsyncGenerator<readonly PendingRow[]> {
    const { rows } = await this.#run(
      `SELECT load, rows FROM ${this.#database.schema}.loads WHERE state = $1 AND session = $2 ORDER BY load`,
      id,
    );
    let count = 0;
    let first: number | undefined;
    for (const [i, row] of rows.entries()) {
      const load = row['load'] as number;
      first ??= load;
      count += row['rows'] as number;
      if (count < ROWS_AT_A_TIME && i < rows.length - 1) continue;
      yield await this.#rowsOf(id, first, load);
      count = 0;
      first = undefined;
    }
  }

  async #rowsOf(id: number, first: number, last: number): Promise<readonly PendingRow[]> {
    const { rows } = await this.#run(
      `SELECT entity, id, long_key, digest, attributes FROM ${this.#database.schema}.pending
       WHERE state = $1 AND session = $2 AND load BETWEEN $3 AND $4 ORDER BY load, place`,
      ...[id, first, last],
    );
    return rows.map(pendingOfRow);
  }

  async #insertRows(id: number, load: number, rows: readonly PendingRow[]): Promise<void> {
    const ids = rows.map(({ entity, key }) => rowIdOf(entity, key));
    const prints = rows.map((row) => (row.kind === 'upsert' ? row.fingerprint : undefined));
    const bytes = (text: string | undefined) => (text === undefined ? undefined : latin1(text));
    await this.#run(
      `INSERT INTO ${this.#database.schema}.pending (state, session, load, entity, id, long_key, digest, attributes, place)
       SELECT $1, $2, $3, * FROM unnest($4::smallint[], $5::bytea[], $6::bytea[], $7::bytea[], $8::bytea[]) WITH ORDINALITY`,
      ...[id, load, rows.map(({ entity }) => entityNumber(entity))],
      bytesArray(ids.map((row) => row.id)),
      bytesArray(ids.map(({ longKey }) => longKey)),
      bytesArray(prints.map((print) => bytes(print?.digest))),
      bytesArray(prints.map((print) => bytes(print?.attributes))),
    );
  }
}

function noSession(id: number): StateError {
  return new StateError(`the journal knows no session ${id}`);
}

function sessionOfRow(row: Readonly<Record<string, unknown>>): JournaledSession {
  return {
    id: Number(row['id']),
    sessionId: (row['session_id'] as string | null) ?? undefined,
    phase: row['phase'] as JournalPhase,
    startedAt: row['started_at'] as number,
    seen: JSON.parse(row['seen'] as string) as string[],
    triggeredAt: (row['triggered_at'] as number | null) ?? undefined,
    loads: row['loads'] as number,
    acknowledged: row['acknowledged'] as number,
    rows: row['rows'] as number,
    hasUpserts: row['has_upserts'] as boolean,
  };
}

function pendingOfRow(row: Readonly<Record<string, unknown>>): PendingRow {
  const entity = ENTITIES[row['entity'] as number] as Entity;
  const key = keyOfRow(entity, row['id'] as Buffer, row['long_key'] as Buffer | null);
  const digest = row['digest'] as Buffer | null;
  if (digest === null) return { entity, kind: 'delete', key };
  const attributes = (row['attributes'] as Buffer).toString('latin1');
  return { entity, kind: 'upsert', key, fingerprint: { digest: digest.toString('latin1'), attributes } };
}
