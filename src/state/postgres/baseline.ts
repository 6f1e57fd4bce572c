import { ENTITIES, type Entity } from '../../core/model.js';
import { loginOf, withoutLogin } from '../../fingerprints/login-fingerprints.js';
import type { EndedParents } from '../ended-parents.js';
import { loginsAfter } from '../logins.js';
import { UNKNOWN, type AdoptedRow, type EntityCounts, type Held, type HeldRow } from '../store.js';
import { bytesArray, latin1 } from './bytes-array.js';
import type { Database, Place } from './database.js';
import { afterPrefix, groupPrefix, idOf, keyOfRow, memberOf, rowIdOf } from './row-id.js';

/** The columns of a row that contain its value. */
export const VALUE_COLUMNS = 'digest, attributes, login';
/** The columns of a row that contain its key. */
export const KEY_COLUMNS = 'id, long_key';

/** The number of an entity in the tables. */
export function entityNumber(entity: Entity): number {
  return ENTITIES.indexOf(entity);
}

/** The value of a row, from {@link VALUE_COLUMNS}. */
export function heldOfRow(row: Readonly<Record<string, unknown>>): Held {
  const { digest, attributes, login } = row as Record<string, Buffer | null>;
  if (digest === null || digest === undefined) return UNKNOWN;
  const text = (attributes?.toString('latin1') ?? '') + (login?.toString('latin1') ?? '');
  return { kind: 'confirmed', fingerprint: { digest: digest.toString('latin1'), attributes: text } };
}

/** A row, from {@link KEY_COLUMNS}, {@link VALUE_COLUMNS} and {@link loginsColumn}. */
export function heldRowOf(entity: Entity, row: Readonly<Record<string, unknown>>): HeldRow {
  const key = keyOfRow(entity, row['id'] as Buffer, row['long_key'] as Buffer | null);
  const logins = row['logins'] as readonly Buffer[] | null | undefined;
  const own = logins ? { logins: logins.map((login) => login.toString('latin1')) } : {};
  return { entity, key, held: heldOfRow(row), ...own };
}

/** The logins of a row of the baseline, whose table is `b`; NULL unless it is the row of an unknown user. */
export function loginsColumn({ schema }: Place, entity: Entity): string {
  if (entity !== 'users') return 'NULL';
  return `CASE WHEN b.digest IS NULL THEN (SELECT array_agg(l.login ORDER BY l.place) FROM ${schema}.unknown_logins l
    WHERE l.state = b.state AND l.id = b.id) END`;
}

/** The rows of the baseline of one state. Its functions run inside a transaction of the writer. */
export class BaselineWrites {
  readonly #database: Database;
  readonly #state: number;

  constructor(database: Database, state: number) {
    this.#database = database;
    this.#state = state;
  }

  /** Writes rows in their order: of several rows of a key the last one stays. */
  async apply(rows: readonly AdoptedRow[]): Promise<void> {
    for (const entity of ENTITIES) {
      const own = rows.filter((row) => row.entity === entity);
      if (own.length === 0) continue;
      const last = new Map(own.map((row) => [row.key, row]));
      if (entity === 'users') await this.#writeLogins(own);
      await this.#upsert(
        entity,
        [...last.values()].filter(({ held }) => held !== undefined),
      );
      const removed = [...last.values()].filter(({ held }) => held === undefined);
      await this.#remove(
        entity,
        removed.map(({ key }) => key),
      );
    }
  }

  /** Writes the memberships of removed users and groups, after {@link apply}. */
  async applyEnds({ users, groups, isCertain }: EndedParents): Promise<void> {
    const { schema } = this.#database;
    const own = `b.state = $1 AND b.entity = ${entityNumber('memberships')}`;
    const toUnknown = `UPDATE ${schema}.baseline b SET digest = NULL, attributes = NULL, login = NULL`;
    const prefixes = Array.from(groups, groupPrefix);
    if (prefixes.length > 0) {
      const ranges = [bytesArray(prefixes), bytesArray(prefixes.map(afterPrefix))];
      const inGroup = `unnest($2::bytea[], $3::bytea[]) AS g(first, after) WHERE ${own} AND b.id >= g.first AND b.id < g.after`;
      if (isCertain) await this.#countRemoved('memberships', `USING ${inGroup}`, ranges);
      else await this.#countDoubted(`${toUnknown} FROM ${inGroup} AND b.digest IS NOT NULL`, ranges);
    }
    if (users.size > 0) {
      // Only memberships have a member. A condition for their entity would let the server choose the index of all keys.
      const ofUser = `unnest($2::bytea[]) AS u(member) WHERE b.state = $1 AND b.member = u.member AND b.digest IS NOT NULL`;
      await this.#countDoubted(`${toUnknown} FROM ${ofUser}`, [bytesArray(Array.from(users, memberOf))]);
    }
  }

  async #upsert(entity: Entity, rows: readonly AdoptedRow[]): Promise<void> {
    if (rows.length === 0) return;
    const ids = rows.map(({ key }) => rowIdOf(entity, key));
    const values = rows.map(({ held }) => columnsOf(entity, held));
    const columns = [
      ids.map(({ id }) => id),
      ids.map(({ longKey }) => longKey),
      ids.map(({ member }) => member),
      values.map(({ digest }) => digest),
      values.map(({ attributes }) => attributes),
      values.map(({ login }) => login),
    ].map(bytesArray);
    const { schema } = this.#database;
    const number = entityNumber(entity);
    const { rows: found } = await this.#database.query(
      `WITH input AS (
         SELECT * FROM unnest($2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[])
           AS t(id, long_key, member, digest, attributes, login)
       ), written AS (
         INSERT INTO ${schema}.baseline AS b (state, entity, ${KEY_COLUMNS}, member, ${VALUE_COLUMNS})
         SELECT $1, ${number}, ${KEY_COLUMNS}, member, ${VALUE_COLUMNS} FROM input
         ON CONFLICT (state, entity, id) DO UPDATE
           SET digest = EXCLUDED.digest, attributes = EXCLUDED.attributes, login = EXCLUDED.login
       )
       SELECT count(b.digest)::int AS known, count(*)::int AS rows FROM input i
       JOIN ${schema}.baseline b ON b.state = $1 AND b.entity = ${number} AND b.id = i.id`,
      // Without a name it is planned each time: the table may have grown from nothing to a million rows since.
      [this.#state, ...columns],
    );
    const { known, rows: before } = found[0] as { known: number; rows: number };
    const knownNow = values.filter(({ digest }) => digest !== undefined).length;
    await this.#count(entity, knownNow - known, rows.length - knownNow - (before - known));
  }

  async #remove(entity: Entity, keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const own = `b.state = $1 AND b.entity = ${entityNumber(entity)} AND b.id = i.id`;
    await this.#countRemoved(entity, `USING unnest($2::bytea[]) AS i(id) WHERE ${own}`, [
      bytesArray(keys.map((key) => idOf(entity, key))),
    ]);
  }

  /** @param which - what follows the table in a DELETE; the state is its first parameter */
  async #countRemoved(entity: Entity, which: string, parameters: readonly Buffer[]): Promise<void> {
    const { rows } = await this.#database.query(
      `WITH removed AS (DELETE FROM ${this.#database.schema}.baseline b ${which} RETURNING b.digest)
       SELECT count(digest)::int AS known, count(*)::int AS rows FROM removed`,
      [this.#state, ...parameters],
    );
    const { known, rows: all } = rows[0] as { known: number; rows: number };
    await this.#count(entity, -known, known - all);
  }

  /** @param update - makes confirmed memberships unknown; the state is its first parameter */
  async #countDoubted(update: string, parameters: readonly Buffer[]): Promise<void> {
    const { rowCount } = await this.#database.query(update, [this.#state, ...parameters]);
    await this.#count('memberships', -(rowCount ?? 0), rowCount ?? 0);
  }

  async #count(entity: Entity, known: number, unknown: number): Promise<void> {
    if (known === 0 && unknown === 0) return;
    await this.#database.query(
      `UPDATE ${this.#database.schema}.counts SET known = known + $3, unknown = unknown + $4 WHERE state = $1 AND entity = $2`,
      [this.#state, entityNumber(entity), known, unknown],
    );
  }

  /** Writes the logins that unknown users may have. Must be called before their rows are written. */
  async #writeLogins(rows: readonly AdoptedRow[]): Promise<void> {
    const { schema } = this.#database;
    const keys = [...new Set(rows.map(({ key }) => key))];
    const ids = bytesArray(keys.map((key) => idOf('users', key)));
    const logins = new Map<string, readonly string[]>();
    const doubted = new Set(rows.filter(({ held }) => held?.kind === 'unknown').map(({ key }) => key));
    if (doubted.size > 0) {
      const before = await this.#loginsBefore(ids);
      for (const [place, found] of before) logins.set(keys[place] as string, found);
    }
    for (const row of rows) logins.set(row.key, loginsAfter(logins.get(row.key) ?? [], row));
    await this.#database.query(
      `DELETE FROM ${schema}.unknown_logins l USING unnest($2::bytea[]) AS i(id) WHERE l.state = $1 AND l.id = i.id`,
      [this.#state, ids],
    );
    const last = new Map(rows.map((row) => [row.key, row]));
    const written = [...last.values()]
      .filter(({ held }) => held?.kind === 'unknown')
      .flatMap(({ key }) =>
        (logins.get(key) ?? []).map((login, place) => ({ id: idOf('users', key), login, place })),
      );
    if (written.length === 0) return;
    await this.#database.query(
      `INSERT INTO ${schema}.unknown_logins (state, id, login, place)
       SELECT $1, * FROM unnest($2::bytea[], $3::bytea[], $4::int[])`,
      [
        this.#state,
        bytesArray(written.map(({ id }) => id)),
        bytesArray(written.map(({ login }) => latin1(login))),
        written.map(({ place }) => place),
      ],
    );
  }

  /** The logins of the rows with these ids, by their places among the ids. */
  async #loginsBefore(ids: Buffer): Promise<ReadonlyMap<number, readonly string[]>> {
    const { schema } = this.#database;
    const users = entityNumber('users');
    const { rows } = await this.#database.query(
      `SELECT i.n::int AS n, b.login AS login, 0 AS place FROM unnest($2::bytea[]) WITH ORDINALITY AS i(id, n)
         JOIN ${schema}.baseline b ON b.state = $1 AND b.entity = ${users} AND b.id = i.id AND b.login IS NOT NULL
       UNION ALL
       SELECT i.n::int, l.login, l.place FROM unnest($2::bytea[]) WITH ORDINALITY AS i(id, n)
         JOIN ${schema}.unknown_logins l ON l.state = $1 AND l.id = i.id
       ORDER BY n, place`,
      [this.#state, ids],
    );
    const found = new Map<number, string[]>();
    for (const row of rows) {
      const place = Number(row['n']) - 1;
      found.set(place, [...(found.get(place) ?? []), (row['login'] as Buffer).toString('latin1')]);
    }
    return found;
  }
}

interface ValueColumns {
  readonly digest: Buffer | undefined;
  readonly attributes: Buffer | undefined;
  readonly login: Buffer | undefined;
}

/** The columns of a value. The login of a user has a column of its own, because there is an index of it. */
function columnsOf(entity: Entity, held: Held | undefined): ValueColumns {
  if (held?.kind !== 'confirmed') return { digest: undefined, attributes: undefined, login: undefined };
  const { digest, attributes } = held.fingerprint;
  const login = entity === 'users' ? loginOf(attributes) : undefined;
  return {
    digest: latin1(digest),
    attributes: latin1(login === undefined ? attributes : withoutLogin(attributes)),
    login: login === undefined ? undefined : latin1(login),
  };
}

/** The number of rows of each entity. */
export async function readCounts(
  database: Database,
  state: number,
): Promise<Readonly<Record<Entity, EntityCounts>>> {
  const { rows } = await database.query(
    `SELECT entity, known, unknown FROM ${database.schema}.counts WHERE state = $1`,
    [state],
  );
  const of = (entity: Entity): EntityCounts => {
    const row = rows.find((candidate) => candidate['entity'] === entityNumber(entity));
    return { known: Number(row?.['known'] ?? 0), unknown: Number(row?.['unknown'] ?? 0) };
  };
  return { users: of('users'), groups: of('groups'), memberships: of('memberships') };
}
