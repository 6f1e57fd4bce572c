import { StateError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { DIGEST_BYTES, DIGEST_WORDS } from '../../fingerprints/sip-hash.js';
import { Seen, type DifferingRecord, type SeenCode, type WholeComparison } from '../store.js';
import { entityNumber } from './baseline.js';
import { BytesArrayWriter } from './bytes-array.js';
import { QueryComparison } from './query-comparison.js';
import { columnsOf, type RecordQuery } from './record-query.js';
import { addId } from './row-id.js';
import { WORK_MEMORY, type Statements } from './statements.js';

/** Records of one statement. Larger ones save nothing. */
const BATCH = 8192;
const ID_BYTES = 32;

/**
 * The comparison of all records of an entity. Their ids and digests are copied to a temporary table of the server without an index, and one
 * join with the baseline finds what differs: the records that are not SAME, and the rows that are missing from the source. These are in a
 * second temporary table until the reading ends.
 */
export class PostgresComparison implements WholeComparison {
  /** The table of records that differ, with their place and code, and of missing rows, without a place. */
  readonly differing: string;
  readonly #statements: Statements;
  readonly #state: number;
  readonly #entity: Entity;
  readonly #rows: string;
  readonly #added: string;
  /** The records that are added now. The others are those of the statement that is under way. */
  #batch = new Batch();
  #otherBatch = new Batch();
  /** Records that were sent to the server. */
  #sent = 0;
  #hasTable = false;
  #isEnded = false;
  #isIndexed = false;
  /** The query whose unchanged rows were left out. */
  #query: QueryComparison | undefined;

  constructor(statements: Statements, state: number, entity: Entity) {
    this.#state = state;
    const number = ENTITIES.indexOf(entity);
    this.differing = `pg_temp.rollcall_differing_${number}`;
    this.#added = `pg_temp.rollcall_added_${number}`;
    this.#rows = `(SELECT id, long_key, digest FROM ${statements.database.schema}.baseline
      WHERE state = ${state} AND entity = ${entityNumber(entity)})`;
    this.#statements = statements;
    this.#entity = entity;
  }

  // A hot loop: it runs for every record of the source.
  async add(digests: Uint32Array, keyAt: (place: number) => string): Promise<void> {
    const count = digests.length / DIGEST_WORDS;
    for (let i = 0; i < count; i++) {
      const { ids, digests: own } = this.#batch;
      const at = ids.count * DIGEST_WORDS;
      for (let word = 0; word < DIGEST_WORDS; word++)
        own[at + word] = digests[i * DIGEST_WORDS + word] as number;
      addId(ids, this.#entity, keyAt(i));
      if (ids.count === BATCH) await this.#send();
    }
  }

  /** Sends the records since the last call. While the server writes them, the next are read. */
  async #send(): Promise<void> {
    const { ids, digests } = this.#batch;
    const { count } = ids;
    const values = [this.#sent, ids.end(), Buffer.from(digests.buffer, 0, count * DIGEST_BYTES)];
    this.#sent += count;
    await this.#create();
    await this.#statements.begin(
      `INSERT INTO ${this.#added} (place, id, digest)
       SELECT $1::int + n::int - 1, id, substring($3::bytea FROM (n::int - 1) * ${DIGEST_BYTES} + 1 FOR ${DIGEST_BYTES})
       FROM unnest($2::bytea[]) WITH ORDINALITY AS t(id, n)`,
      values,
      `rollcall_add_${this.#entity}`,
    );
    // The statement before has ended, so its memory can be used again.
    [this.#batch, this.#otherBatch] = [this.#otherBatch, this.#batch];
    this.#batch.ids.clear();
  }

  async #create(): Promise<void> {
    if (this.#hasTable) return;
    this.#hasTable = true;
    await this.#statements.run(
      `CREATE TEMPORARY TABLE ${this.#added} (place integer NOT NULL, id bytea NOT NULL, digest bytea NOT NULL) ON COMMIT DROP`,
    );
  }

  /** The names of the columns of a query in this database. */
  columnsOf(sql: string): Promise<readonly string[]> {
    return columnsOf((...statement) => this.#statements.run(...statement), sql);
  }

  /**
   * Leaves out the unchanged rows of a query in this database: they count as compared and unchanged. Before any record is added.
   *
   * @returns the other rows; undefined if two rows have the same id, so that all of them must be compared
   */
  async leaveOut(query: RecordQuery): Promise<QueryComparison | undefined> {
    const compared = new QueryComparison(this.#statements, this.#state, this.#entity);
    if (!(await compared.run(query))) return undefined;
    this.#query = compared;
    return compared;
  }

  /** Remembers the rows of the query that turned out to be unchanged, so that they can be left out the next time. Returns false without one. */
  async remember(): Promise<boolean> {
    if (!this.#isEnded || this.#query === undefined) return false;
    await this.#query.remember(this.#added, this.differing);
    return true;
  }

  /** @throws {@link StateError} if {@link end} has not compared the records yet */
  requireEnded(): void {
    if (!this.#isEnded)
      throw new StateError(
        `the comparison of ${this.#entity} has not ended, so it is not known what is missing`,
      );
  }

  /** Of the id `i.id` of a join: `is_present` if its row is not missing, and `is_sent` if a record has it that is not unchanged. */
  get presence(): string {
    return `SELECT d.id IS NULL OR d.place IS NOT NULL AS is_present, d.place IS NOT NULL AS is_sent FROM (SELECT) AS one
      LEFT JOIN LATERAL (SELECT d.id, d.place FROM ${this.differing} d WHERE d.id = i.id LIMIT 1) d ON true`;
  }

  async *end(): AsyncGenerator<readonly DifferingRecord[], void, undefined> {
    if (this.#batch.ids.count > 0) await this.#send();
    await this.#create();
    await this.#compare();
    this.#isEnded = true;
    const differing = `SELECT place, code FROM ${this.differing} WHERE place IS NOT NULL ORDER BY place`;
    for await (const rows of this.#statements.pages(`rollcall_differing_${this.#entity}`, differing))
      yield rows.map((row) => ({ place: row['place'] as number, code: row['code'] as SeenCode }));
  }

  /** The records that were added, and the unchanged rows of the query. */
  get #compared(): string {
    if (this.#query === undefined) return this.#added;
    return `(SELECT place, id, digest FROM ${this.#added} UNION ALL ${this.#query.unchanged})`;
  }

  async #compare(): Promise<void> {
    // Here tables are read as a whole. The server has no statistics of a temporary table.
    await this.#statements.run(
      `SET LOCAL enable_seqscan = on; SET LOCAL work_mem = '${WORK_MEMORY}'; ANALYZE ${this.#added};
       CREATE TEMPORARY TABLE ${this.differing} ON COMMIT DROP AS
         SELECT a.place, coalesce(a.id, b.id) AS id, b.long_key, CASE WHEN a.id IS NULL THEN NULL WHEN b.id IS NULL THEN ${Seen.NEW}
           WHEN b.digest IS NULL THEN ${Seen.UNKNOWN} ELSE ${Seen.CHANGED} END AS code
         FROM ${this.#compared} a FULL JOIN ${this.#rows} b ON b.id = a.id
         WHERE a.digest IS DISTINCT FROM b.digest OR b.digest IS NULL`,
    );
    if (await this.#hasDuplicates()) await this.#markDuplicates();
    const drop = this.#query === undefined ? `DROP TABLE ${this.#added};` : '';
    await this.#statements.run(`${drop} SET LOCAL work_mem TO DEFAULT; SET LOCAL enable_seqscan = off`);
  }

  /** Prepares {@link differing} for {@link presence}. */
  async index(): Promise<void> {
    if (this.#isIndexed) return;
    this.#isIndexed = true;
    await this.#statements.run(`CREATE INDEX ON ${this.differing} (id); ANALYZE ${this.differing}`);
  }

  /**
   * Without duplicates, as many records have a row as rows are not missing, and every new record has an id of its own. To count that is
   * quicker than to group all records by their id.
   */
  async #hasDuplicates(): Promise<boolean> {
    const { rows } = await this.#statements.run(
      `SELECT count(*) FILTER (WHERE place IS NULL) AS missing, count(*) FILTER (WHERE code = ${Seen.NEW}) AS new,
         (SELECT count(*) FROM (SELECT FROM ${this.differing} WHERE code = ${Seen.NEW} GROUP BY id) AS ids) AS ids,
         (SELECT count(*) FROM ${this.#rows} AS b) AS rows
       FROM ${this.differing}`,
    );
    const count = (name: string): number => Number(rows[0]?.[name]);
    const compared = this.#sent + (this.#query?.leftOut ?? 0);
    return compared - count('new') !== count('rows') - count('missing') || count('new') !== count('ids');
  }

  /** The first record of each id keeps its code. */
  async #markDuplicates(): Promise<void> {
    const repeated = `${this.differing}_repeated`;
    await this.#statements.run(
      `CREATE TEMPORARY TABLE ${repeated} ON COMMIT DROP AS
         SELECT id, min(place) AS first FROM ${this.#added} GROUP BY id HAVING count(*) > 1;
       ANALYZE ${repeated}; ANALYZE ${this.differing};
       UPDATE ${this.differing} d SET code = ${Seen.DUPLICATE} FROM ${repeated} r WHERE d.id = r.id AND d.place > r.first;
       INSERT INTO ${this.differing} (place, id, code)
         SELECT a.place, a.id, ${Seen.DUPLICATE} FROM ${this.#added} a JOIN ${repeated} r ON a.id = r.id AND a.place > r.first
         WHERE NOT EXISTS (SELECT FROM ${this.differing} d WHERE d.place = a.place);
       DROP TABLE ${repeated}`,
    );
  }
}

/** The records of one statement. */
class Batch {
  readonly ids = new BytesArrayWriter(BATCH * ID_BYTES);
  readonly digests = new Uint32Array(BATCH * DIGEST_WORDS);
}
