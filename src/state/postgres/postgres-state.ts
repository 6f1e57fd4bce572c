import { tmpdir } from 'node:os';
import { StateError } from '../../core/errors.js';
import type { Entity } from '../../core/model.js';
import { closedState, requireSameTarget, requireUnmoved, requireWhole, retargeted } from '../checks.js';
import { endedByAdoption } from '../ended-parents.js';
import { createOutbox } from '../outbox/outbox.js';
import { createSpool } from '../outbox/spool.js';
import type { Journal } from '../journal.js';
import {
  IMPORT_UNFINISHED,
  MOVED_TO,
  type AdoptedRow,
  type EntityCounts,
  type HeldRow,
  type Outbox,
  type Reading,
  type Spool,
  type StateIdentity,
  type StateStore,
  type Target,
} from '../store.js';
import { usesEnded } from '../uses.js';
import {
  BaselineWrites,
  entityNumber,
  heldRowOf,
  KEY_COLUMNS,
  loginsColumn,
  readCounts,
  VALUE_COLUMNS,
} from './baseline.js';
import type { PostgresPool, PostgresResult } from './connection.js';
import { Database } from './database.js';
import { PostgresJournal } from './journal.js';
import { PostgresReading } from './reading.js';
import { columnsOf, rowsAsJson, TEXT_FORMS, type QueriedRow, type Run } from './record-query.js';
import { ROWS_AT_A_TIME } from './statements.js';
import { Values } from './values.js';
import type { PostgresComparison } from './whole-comparison.js';
import type { Writer } from './writer.js';

/** What a {@link PostgresState} is made of. */
export interface OpenedState {
  readonly pool: PostgresPool;
  readonly writer: Writer;
  readonly fingerprintKey: string;
  /** Called after everything is closed. */
  readonly onClose: () => Promise<void>;
}

/** The tables with rows of a state, in an order in which they can be emptied. */
const TABLES = [
  'pending',
  'loads',
  'sessions',
  'baseline',
  'unknown_logins',
  'absences',
  'query_rows',
  'meta',
];

/** The state in PostgreSQL, for its one writer. */
export class PostgresState implements StateStore {
  readonly journal: Journal;
  readonly #pool: PostgresPool;
  readonly #writer: Writer;
  readonly #baseline: BaselineWrites;
  readonly #values: Values;
  readonly #onClose: () => Promise<void>;
  /** The connections of lists of rows that are being read. */
  readonly #readers = new Set<Database>();
  #fingerprintKey: string;
  #reading: PostgresReading | 'opening' | undefined;
  #closing: Promise<void> | undefined;

  constructor({ pool, writer, fingerprintKey, onClose }: OpenedState) {
    this.#pool = pool;
    this.#writer = writer;
    this.#fingerprintKey = fingerprintKey;
    this.#onClose = onClose;
    this.#baseline = new BaselineWrites(writer.database, writer.state);
    this.#values = new Values(writer.database, writer.state);
    this.journal = new PostgresJournal(writer, this.#baseline, this.#values);
  }

  get fingerprintKey(): string {
    return this.#fingerprintKey;
  }

  get #database(): Database {
    return this.#writer.database;
  }

  async target(): Promise<Target | undefined> {
    return this.#writer.read(() => this.#readTarget());
  }

  async #readTarget(): Promise<Target | undefined> {
    const { rows } = await this.#database.query(
      `SELECT target FROM ${this.#database.schema}.states WHERE id = $1`,
      [this.#writer.state],
    );
    const target = rows[0]?.['target'] as string | null;
    return target === null ? undefined : (JSON.parse(target) as Target);
  }

  async bind(target: Target): Promise<void> {
    await this.#writer.write('bind', async () => {
      const bound = await this.#readTarget();
      if (bound === undefined) await this.#writeTarget(target);
      else requireSameTarget(bound, target);
    });
  }

  async retarget(orgUrl: string): Promise<void> {
    await this.#writer.write('retarget', async () =>
      this.#writeTarget(retargeted(await this.#readTarget(), orgUrl)),
    );
  }

  async #writeTarget({ orgUrl, identitySourceId }: Target): Promise<void> {
    await this.#database.query(`UPDATE ${this.#database.schema}.states SET target = $2 WHERE id = $1`, [
      this.#writer.state,
      JSON.stringify({ orgUrl, identitySourceId }),
    ]);
  }

  async counts(): Promise<Readonly<Record<Entity, EntityCounts>>> {
    return this.#writer.read(() => readCounts(this.#database, this.#writer.state));
  }

  async read(): Promise<Reading> {
    if (this.#reading !== undefined) throw new StateError('a reading is open already');
    this.#reading = 'opening';
    try {
      requireWhole(await this.getMeta('import'));
      requireUnmoved(await this.getMeta(MOVED_TO));
      const database = await Database.connect(this.#pool, this.#database);
      try {
        this.#requireOpen();
        const reading = await PostgresReading.open(
          database,
          this.#writer.state,
          () => (this.#reading = undefined),
        );
        this.#reading = reading;
        return reading;
      } catch (error) {
        database.release(true);
        throw error;
      }
    } catch (error) {
      this.#reading = undefined;
      throw error;
    }
  }

  async outbox(): Promise<Outbox> {
    this.#requireOpen();
    // The directory belongs to no state, so nobody would remove the file of a process that was killed.
    return createOutbox(tmpdir(), { isUnlinked: true });
  }

  async spool(): Promise<Spool> {
    this.#requireOpen();
    return createSpool(tmpdir(), { isUnlinked: true });
  }

  async adopt(rows: readonly AdoptedRow[]): Promise<void> {
    // A copy, so that an iterator that throws writes nothing.
    const copies = rows.map((row) => ({ ...row }));
    await this.#writer.write('adopt', async () => {
      await this.#baseline.apply(copies);
      await this.#baseline.applyEnds(endedByAdoption(copies));
    });
  }

  async *rows(entity: Entity): AsyncGenerator<readonly HeldRow[], void, undefined> {
    // After the writes that were begun.
    await this.#writer.read(async () => undefined);
    const { schema } = this.#database;
    const query = async () =>
      `SELECT ${KEY_COLUMNS}, ${VALUE_COLUMNS}, ${loginsColumn(this.#database, entity)} AS logins
       FROM ${schema}.baseline b WHERE b.state = ${this.#writer.state} AND b.entity = ${entityNumber(entity)}`;
    for await (const rows of this.#pages(query)) yield rows.map((row) => heldRowOf(entity, row));
  }

  /** The rows of a query of any tables of the database, each as the texts of its columns. */
  async *rowsOfQuery(
    sql: string,
    check: (columns: readonly string[]) => void,
  ): AsyncGenerator<readonly QueriedRow[], void, undefined> {
    const query = async (run: Run) => {
      await run(TEXT_FORMS);
      const columns = await columnsOf(run, sql);
      check(columns);
      return rowsAsJson({ sql, columns });
    };
    for await (const rows of this.#pages(query))
      yield rows.map(({ row }) => JSON.parse(row as string) as QueriedRow);
  }

  /** The comparison, if it is one of the reading of this state that is open. */
  comparisonOf(comparison: unknown): PostgresComparison | undefined {
    return this.#reading instanceof PostgresReading ? this.#reading.comparisonOf(comparison) : undefined;
  }

  /** The rows of a query, on a connection of its own. */
  async *#pages(
    query: (run: Run) => Promise<string>,
  ): AsyncGenerator<PostgresResult['rows'], void, undefined> {
    const database = await Database.connect(this.#pool, this.#database);
    this.#readers.add(database);
    try {
      await database.query(
        'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0',
      );
      const text = await query((...statement) => database.query(...statement));
      await database.query(`DECLARE rollcall_rows NO SCROLL CURSOR FOR ${text}`);
      for (;;) {
        this.#requireOpen();
        const { rows } = await database.query(`FETCH ${ROWS_AT_A_TIME} FROM rollcall_rows`);
        if (rows.length > 0) yield rows;
        if (rows.length < ROWS_AT_A_TIME) break;
      }
    } finally {
      await this.#endReader(database);
    }
  }

  async #endReader(database: Database): Promise<void> {
    if (!this.#readers.delete(database)) return;
    await database.query('ROLLBACK').catch(() => undefined);
    database.release();
  }

  async absences(entity: Entity): Promise<ReadonlyMap<string, number>> {
    return this.#writer.read(() => this.#values.absences(entity));
  }

  async setAbsences(entity: Entity, counts: ReadonlyMap<string, number>): Promise<void> {
    const copy = new Map(counts);
    await this.#writer.write('absences', () => this.#values.setAbsences(entity, copy));
  }

  async restore(identity: StateIdentity): Promise<void> {
    const { fingerprintKey, target, lastTriggeredAt } = identity;
    const { schema } = this.#database;
    const own = [this.#writer.state];
    await this.#writer.write('restore', async () => {
      for (const table of TABLES)
        await this.#database.query(`DELETE FROM ${schema}.${table} WHERE state = $1`, own);
      await this.#database.query(`UPDATE ${schema}.counts SET known = 0, unknown = 0 WHERE state = $1`, own);
      await this.#database.query(
        `UPDATE ${schema}.states SET fingerprint_key = $2, target = $3, last_triggered_at = $4 WHERE id = $1`,
        [
          ...own,
          fingerprintKey,
          target === undefined ? null : JSON.stringify(target),
          lastTriggeredAt ?? null,
        ],
      );
      await this.#values.set('import', IMPORT_UNFINISHED);
    });
    this.#fingerprintKey = fingerprintKey;
  }

  async getMeta(name: string): Promise<string | undefined> {
    return this.#writer.read(() => this.#values.get(name));
  }

  async setMeta(name: string, value: string): Promise<void> {
    await this.#writer.write('meta', () => this.#values.set(name, value));
  }

  async metaNames(): Promise<readonly string[]> {
    return this.#writer.read(() => this.#values.names());
  }

  close(): Promise<void> {
    const ended = usesEnded(this);
    return ended === undefined ? (this.#closing ??= this.#close()) : ended.then(() => this.close());
  }

  async #close(): Promise<void> {
    await this.#writer.close();
    for (const reader of this.#readers) await this.#endReader(reader);
    if (this.#reading instanceof PostgresReading) await this.#reading.close();
    await this.#onClose();
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw closedState();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
