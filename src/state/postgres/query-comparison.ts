import { ENTITIES, type Entity } from '../../core/model.js';
import { DIGEST_BYTES } from '../../fingerprints/sip-hash.js';
import { entityNumber } from './baseline.js';
import { quoted, rowName, textsOf, TEXT_FORMS, type QueriedRow, type RecordQuery } from './record-query.js';
import { idExpression } from './row-id.js';
import { WORK_MEMORY, type Statements } from './statements.js';

/** The place of a row in its query, from 1, and the row. */
export interface PlacedRow {
  readonly place: number;
  readonly row: QueriedRow;
}

/**
 * The rows of a query, compared where they are. A table of the state remembers, for each id, a keyed digest of the row that was read the last
 * time, and the digest of the record that it became. If the row has the same digest today, and the baseline has that record, then it is
 * unchanged, and does not leave the server. This table is a cache: without it, all rows are read.
 */
export class QueryComparison {
  /** The table of the rows, with their places and ids: an unchanged one has the digest of its record, any other one its text. */
  readonly table: string;
  /** Unchanged rows. */
  leftOut = 0;
  readonly #statements: Statements;
  readonly #state: number;
  readonly #entity: Entity;

  constructor(statements: Statements, state: number, entity: Entity) {
    this.table = `pg_temp.rollcall_query_${ENTITIES.indexOf(entity)}`;
    this.#statements = statements;
    this.#state = state;
    this.#entity = entity;
  }

  get #schema(): string {
    return this.#statements.database.schema;
  }

  /** Runs the query. Returns false if an unchanged row has the id of another row: the order of the rows decides which one counts. */
  async run(query: RecordQuery): Promise<boolean> {
    await this.#statements.run(
      `CREATE TEMPORARY TABLE ${this.table}
         (place integer NOT NULL, id bytea, row_digest bytea NOT NULL, digest bytea, row text) ON COMMIT DROP;
       SET LOCAL enable_seqscan = on; SET LOCAL plan_cache_mode = auto; SET LOCAL work_mem = '${WORK_MEMORY}'; ${TEXT_FORMS}`,
    );
    await this.#insert(query);
    const { rows } = await this.#statements.run(
      `SELECT count(*) FILTER (WHERE row IS NULL) AS unchanged, EXISTS (SELECT FROM ${this.table} WHERE id IS NOT NULL
         GROUP BY id HAVING count(*) > 1 AND bool_or(row IS NULL)) AS is_repeated FROM ${this.table}`,
    );
    await this.#statements.run(
      `SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL work_mem TO DEFAULT`,
    );
    if (rows[0]?.['is_repeated'] === true) return false;
    // The server has no statistics of a temporary table.
    await this.#statements.run(`ANALYZE ${this.table}`);
    this.leftOut = Number(rows[0]?.['unchanged']);
    return true;
  }

  async #insert(query: RecordQuery): Promise<void> {
    const { shape, changed } = query;
    const whole = rowName(query);
    const keys = query.key.map((name) => `${whole}.${quoted(name)}`);
    const isChanged =
      changed === undefined ? 'false' : `${keys[0]} = ANY($2::text[]) OR ${keys[1]} = ANY($3::text[])`;
    // The text of a whole row is made in half of the time of its JSON.
    await this.#statements.run(
      `INSERT INTO ${this.table}
       SELECT r.place, r.id, r.row_digest, b.digest, CASE WHEN b.digest IS NULL THEN row_to_json(r.texts) END
       FROM (
         SELECT (row_number() OVER ())::int AS place, ${whole} AS texts, ${idExpression(keys)} AS id, ${isChanged} AS is_changed,
           substring(sha256((SELECT sha256(convert_to(fingerprint_key || $1, 'UTF8')) FROM ${this.#schema}.states
             WHERE id = ${this.#state}) || convert_to(${whole}::text, 'UTF8')) FOR ${DIGEST_BYTES}) AS row_digest
         FROM (${textsOf(query)}) AS ${whole}
       ) AS r
       LEFT JOIN (${this.#schema}.query_rows k JOIN ${this.#schema}.baseline b USING (state, entity, id))
         ON state = ${this.#state} AND entity = ${entityNumber(this.#entity)} AND k.id = r.id AND k.row_digest = r.row_digest
           AND b.digest = k.digest AND NOT r.is_changed`,
      changed === undefined ? [shape] : [shape, [...changed.groups], [...changed.users]],
    );
  }

  /** The unchanged rows, as records that were compared. Places of records begin with 0. */
  get unchanged(): string {
    return `SELECT -place, id, digest FROM ${this.table} WHERE row IS NULL`;
  }

  /** The rows that are not certainly unchanged, in the order of the query. */
  async *rows(): AsyncGenerator<readonly PlacedRow[], void, undefined> {
    const others = `SELECT place, row FROM ${this.table} WHERE row IS NOT NULL ORDER BY place`;
    for await (const rows of this.#statements.pages(`rollcall_query_${this.#entity}`, others))
      yield rows.map(({ place, row }) => ({
        place: place as number,
        row: JSON.parse(row as string) as QueriedRow,
      }));
  }

  /**
   * Remembers the rows that turned out to be unchanged, and forgets those of rows of the baseline that are missing from the source.
   *
   * @param added - the table of the records that were compared
   * @param differing - the table of those that differ, and of missing rows
   */
  async remember(added: string, differing: string): Promise<void> {
    const known = `${this.#schema}.query_rows`;
    const own = `state = ${this.#state} AND entity = ${entityNumber(this.#entity)}`;
    await this.#statements.run(
      `SET LOCAL enable_seqscan = on;
       DELETE FROM ${known} k USING ${differing} d WHERE ${own} AND k.id = d.id AND d.place IS NULL;
       INSERT INTO ${known} AS k (state, entity, id, row_digest, digest)
         SELECT ${this.#state}, ${entityNumber(this.#entity)}, q.id, q.row_digest, a.digest
         FROM (SELECT id, (array_agg(row_digest))[1] AS row_digest FROM ${this.table} WHERE row IS NOT NULL AND id IS NOT NULL
           GROUP BY id HAVING count(*) = 1) q
         JOIN ${added} a ON a.id = q.id AND a.place >= 0
         WHERE NOT EXISTS (SELECT FROM ${differing} d WHERE d.id = q.id)
       ON CONFLICT (state, entity, id) DO UPDATE SET row_digest = EXCLUDED.row_digest, digest = EXCLUDED.digest`,
    );
  }
}
