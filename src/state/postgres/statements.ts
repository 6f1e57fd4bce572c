import { StateError } from '../../core/errors.js';
import type { PostgresResult } from './connection.js';
import type { Database } from './database.js';

/** Memory of the server for one sort or hash table. What does not fit is written to temporary files. */
export const WORK_MEMORY = '64MB';

/** Rows of one answer of a cursor. */
export const ROWS_AT_A_TIME = 4096;

/** The statements of a reading, one after another on one connection. The last one may be under way while its caller prepares the next. */
export class Statements {
  readonly database: Database;
  /** The statement that was begun last. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(database: Database) {
    this.database = database;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async run(text: string, values?: readonly unknown[], name?: string): Promise<PostgresResult> {
    await this.#last;
    this.#requireOpen();
    return this.database.query(text, values, name);
  }

  /**
   * Begins a statement, and resolves when the one that was begun before it has ended. If it fails, every later statement fails with its
   * error: the transaction is then aborted, and the error that the server returns from then on does not say why.
   */
  async begin(text: string, values: readonly unknown[], name: string): Promise<void> {
    await this.#last;
    this.#requireOpen();
    this.#last = this.database.query(text, values, name);
    // The next statement reports the failure. This only prevents an unhandled rejection until then.
    this.#last.catch(() => undefined);
  }

  /**
   * The rows of a query, some thousands at a time, while other statements run between them.
   * @param cursor - a name that no other query has at the same time
   */
  async *pages(cursor: string, query: string): AsyncGenerator<PostgresResult['rows'], void, undefined> {
    // A cursor is planned when it is declared. It reads tables as a whole.
    await this.run(
      `SET LOCAL enable_seqscan = on; DECLARE ${cursor} NO SCROLL CURSOR FOR ${query}; SET LOCAL enable_seqscan = off`,
    );
    try {
      for (;;) {
        const { rows } = await this.run(`FETCH ${ROWS_AT_A_TIME} FROM ${cursor}`);
        if (rows.length > 0) yield rows;
        if (rows.length < ROWS_AT_A_TIME) return;
      }
    } finally {
      if (!this.#isClosed && !this.database.isLost) await this.run(`CLOSE ${cursor}`).catch(() => undefined);
    }
  }

  /** Waits for the statement that is under way. Every later one fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last.catch(() => undefined);
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new StateError('the reading of the state is closed');
  }
}
