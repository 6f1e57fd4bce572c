import { createHash } from 'node:crypto';
import { lastResult, type PostgresConnection, type PostgresPool, type PostgresResult } from './connection.js';
import { postgresFailure } from './failure.js';

/** Where a state is: the schema, and the server and database as errors name them. */
export interface Place {
  /** The quoted name of the schema. */
  readonly schema: string;
  readonly place: string;
}

/**
 * One connection with the schema of a state. Its errors are {@link StateError}s. After the connection has ended, every call fails.
 */
export class Database implements Place {
  readonly schema: string;
  readonly place: string;
  readonly #connection: PostgresConnection;
  #lost: Error | undefined;
  #isReleased = false;
  /** Set when the end of a transaction failed, so that it is not known what the connection is in. */
  #isUnclear = false;
  /** One connection may be used for several schemas, and each has prepared statements of its own. */
  readonly #suffix: string;
  readonly #onError = (error?: Error) => {
    if (this.#lost !== undefined || this.#isReleased) return;
    this.#lost = error ?? new Error('Connection terminated');
  };

  private constructor(connection: PostgresConnection, { schema, place }: Place) {
    this.#connection = connection;
    this.schema = schema;
    this.place = place;
    this.#suffix = createHash('sha256').update(schema).digest('hex').slice(0, 8);
    connection.on('error', this.#onError);
    connection.on('end', this.#onError);
  }

  /** Takes a connection of a pool. @throws {@link StateError} if there is none */
  static async connect(pool: PostgresPool, place: Place): Promise<Database> {
    try {
      return new Database(await pool.connect(), place);
    } catch (cause) {
      throw postgresFailure('the state cannot be reached', place.place, cause);
    }
  }

  /** True if the connection has ended, or is in a transaction whose end failed. */
  get isLost(): boolean {
    return this.#lost !== undefined || this.#isUnclear;
  }

  /**
   * @param name - the name of the prepared statement, for a statement that runs often
   * @throws {@link StateError} for every failure
   */
  async query(text: string, values?: readonly unknown[], name?: string): Promise<PostgresResult> {
    if (this.#lost !== undefined) throw postgresFailure('the connection has ended', this.place, this.#lost);
    const query =
      values === undefined
        ? text
        : { text, values: [...values], name: name === undefined ? undefined : `${name}_${this.#suffix}` };
    try {
      return lastResult(await this.#connection.query(query));
    } catch (cause) {
      throw postgresFailure('the state could not be used', this.place, cause);
    }
  }

  /** Runs work in a transaction. If anything fails, nothing of it is written. */
  async transaction<T>(begin: string, work: (result: PostgresResult) => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await work(await this.query(begin));
    } catch (error) {
      await this.#rollBack();
      throw error;
    }
    try {
      await this.query('COMMIT');
    } catch (error) {
      await this.#rollBack();
      throw error;
    }
    return result;
  }

  async #rollBack(): Promise<void> {
    try {
      await this.query('ROLLBACK');
    } catch {
      this.#isUnclear = true;
    }
  }

  /** Ends the use of the connection. May be called again. @param destroy - closes the connection */
  release(destroy = false): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#connection.removeListener('error', this.#onError);
    this.#connection.removeListener('end', this.#onError);
    // The connection may report its end later.
    if (destroy || this.isLost) this.#connection.on('error', () => undefined);
    this.#connection.release(destroy || this.isLost);
  }
}
