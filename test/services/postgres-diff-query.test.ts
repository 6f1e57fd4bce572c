import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import type { Entity } from '../../src/core/model.js';
import type { Flow } from '../../src/flow/flow.js';
import { pipe } from '../../src/flow/pipe.js';
import { diffQuery } from '../../src/sources/database/diff-query.js';
import { openPostgres } from '../../src/sources/database/open-postgres.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { postgresState } from '../../src/state/postgres/open-postgres-state.js';
import type { StateStore } from '../../src/state/store.js';
import { map } from '../../src/transform/map.js';
import { userFrom } from '../../src/transform/records-from-columns.js';
import type { FlatRow } from '../../src/transform/to-records.js';
import {
  changesOf,
  anyDays,
  COLUMNS,
  commit,
  forget,
  MAPPINGS,
  type Rows,
} from '../support/directory-days.js';
import { mappingOf, withMapping, type MappingOf } from '../../src/core/declared-mapping.js';
import { runs } from '../support/runs.js';
import { runOf, unscreened, withKnownAttributes, type Way } from '../support/two-ways.js';
import { describeWith, POSTGRES, postgres, uniqueName } from './available.js';
import { schemaForTests } from './postgres-store.js';

const service = await postgres();
const schema = uniqueName();
const ENTITIES: readonly Entity[] = ['users', 'groups', 'memberships'];

/** Without rows that have the id of an earlier one: such a row turns the comparison in the database off. */
function withoutRepeats(rows: Rows): Rows {
  const first = (entity: Entity) => {
    const idOf = (row: readonly string[]) => (entity === 'memberships' ? row.join(' ') : (row[0] as string));
    return [...new Map(rows[entity].toReversed().map((row) => [idOf(row), row])).values()].toReversed();
  };
  return { users: first('users'), groups: first('groups'), memberships: first('memberships') };
}

describeWith(service, 'diffQuery', () => {
  const { admin, pool } = schemaForTests(schema);
  const stores: StateStore[] = [];
  let names = 0;
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  const open = async (): Promise<StateStore> => {
    const store = await postgresState(pool(), { schema, name: `query ${++names}` });
    stores.push(store);
    await withKnownAttributes(store);
    return store;
  };

  /** Rows of queries that the last state remembers. */
  const remembered = async () => {
    const { rows } = await admin.query<{ count: number }>(
      `SELECT count(*)::int FROM ${schema}.query_rows q JOIN ${schema}.states s ON s.id = q.state WHERE s.name = $1`,
      [`query ${names}`],
    );
    return rows[0]?.count;
  };

  const tableOf = (entity: Entity) => `${schema}.source_${entity}`;
  const createTables = async () => {
    for (const entity of ENTITIES)
      await admin.query(
        `DROP TABLE IF EXISTS ${tableOf(entity)};
         CREATE TABLE ${tableOf(entity)} (n serial, ${COLUMNS[entity].map((name) => `${name} text`).join(', ')})`,
      );
  };
  const fill = async (rows: Rows) => {
    for (const entity of ENTITIES) {
      const columns = COLUMNS[entity].map((_, i) => rows[entity].map((row) => row[i]));
      await admin.query(`TRUNCATE ${tableOf(entity)} RESTART IDENTITY`);
      await admin.query(
        `INSERT INTO ${tableOf(entity)} (${COLUMNS[entity].join(', ')})
         SELECT * FROM unnest(${columns.map((_, i) => `$${i + 1}::text[]`).join(', ')})`,
        columns,
      );
    }
  };
  /** The sources of a directory in tables; `called` is called for every row that becomes a record. */
  const sourcesOf = (state: StateStore, called: () => void = () => undefined) => {
    const source = (entity: Entity) => {
      const sql = `SELECT ${COLUMNS[entity].join(', ')} FROM ${tableOf(entity)} ORDER BY n`;
      const toRecord = MAPPINGS[entity] as (row: FlatRow) => never;
      const counted = (row: FlatRow) => {
        called();
        return toRecord(row);
      };
      return pipe(
        diffQuery(state, sql, { name: entity }),
        map(withMapping(counted, mappingOf(toRecord) as MappingOf)),
      );
    };
    return { users: source('users'), groups: source('groups'), memberships: source('memberships') };
  };

  it('has the same result as without the comparison in the database, for any two days of a directory', async () => {
    await createTables();
    const state = await open();
    let all = 0;
    let leftOut = 0;
    await fc.assert(
      fc.asyncProperty(anyDays, fc.boolean(), async ({ yesterday, today }, mayRepeat) => {
        const [before, after] = mayRepeat ? [yesterday, today] : [yesterday, today].map(withoutRepeats);
        await forget(state);
        await fill(before as Rows);
        await commit(state, (await changesOf(sourcesOf(state), state, false)).changes);
        // This run finds that all rows are unchanged, and remembers them.
        const same = await changesOf(sourcesOf(state), state);
        expect(same).toEqual(await changesOf(sourcesOf(state), state, false));
        await fill(after as Rows);
        let records = 0;
        const compared = await changesOf(
          sourcesOf(state, () => records++),
          state,
        );
        leftOut += ENTITIES.reduce((sum, entity) => sum + (after as Rows)[entity].length, 0) - records;
        all += records;
        expect(compared).toEqual(await changesOf(sourcesOf(state), state, false));
      }),
      { numRuns: runs(24) },
    );
    expect(leftOut).toBeGreaterThan(all / 10);
  });

  const columns = ['"Größe"', 'active', 'born', 'note', 'id'];
  const way: Way<'users'> = {
    entity: 'users',
    toRecord: userFrom({
      externalId: 'id',
      profile: { userName: 'note', email: 'note', nickName: 'Größe', title: 'active', born: 'born' },
    }),
    validate: { required: [] },
  };
  const anyText = fc.oneof(
    fc.constantFrom(null, '', ' ', '"', '\\', ',', '(', 'null', 'NULL', 'Zoë', '👩‍💻', '\u2028', '\t\n\u0001'),
    fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
  );
  const anyRow = fc.record({
    number: fc.option(fc.constantFrom('0', '-0', '007', '1.50', '1e3', 'NaN', '12345678901234567890.12345')),
    active: fc.option(fc.boolean()),
    born: fc.option(fc.constantFrom('2026-01-31', '0001-01-01', 'infinity')),
    note: anyText,
    id: fc.oneof(
      fc.nat(6).map((i) => `u${i}`),
      anyText,
    ),
  });

  it('reads values of any type and text as openPostgres does, and recognises those that are as they were', async () => {
    await admin.query(
      `CREATE TABLE ${schema}.typed (n serial, "Größe" numeric, active boolean, born date, note text, id text)`,
    );
    const state = await open();
    const sql = `SELECT ${columns.join(', ')} FROM ${schema}.typed ORDER BY n`;
    const rows = (): Flow<FlatRow> => diffQuery(state, `${sql};  `);
    const insert = async (people: readonly (typeof anyRow extends fc.Arbitrary<infer T> ? T : never)[]) => {
      await admin.query(`TRUNCATE ${schema}.typed RESTART IDENTITY`);
      for (const { number, active, born, note, id } of people)
        await admin.query(
          `INSERT INTO ${schema}.typed ("Größe", active, born, note, id) VALUES ($1, $2, $3, $4, $5)`,
          [number, active, born, note, id],
        );
    };
    const { user, host, port, database } = POSTGRES;
    const url = `postgres://${user}@${encodeURIComponent(host)}:${port}/${database}`;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRow, { maxLength: 8 }),
        fc.array(anyRow, { maxLength: 2 }),
        async (people, others) => {
          await forget(state);
          await insert(people);
          await using database = openPostgres({ url });
          const direct = await runOf(database.rows(sql), way, state);
          const first = await runOf(rows(), way, state);
          expect(first).toEqual(direct);
          await commit(state, first.changes);
          await runOf(rows(), way, state);
          await insert([...people, ...others]);
          expect(await runOf(rows(), way, state)).toEqual(await runOf(rows(), unscreened(way), state));
        },
      ),
      { numRuns: runs(20) },
    );
  });

  const people = (...rows: readonly (readonly [string, string])[]): Rows => ({
    users: rows.map(([id, name]) => [id, `${id}@x.example`, name]),
    groups: [],
    memberships: [],
  });
  /** Runs a day over the users alone, makes its changes part of the baseline, and returns how many rows became records. */
  const day = async (state: StateStore, rows: Rows, validation: Way<'users'>['validate'] = {}) => {
    await fill(rows);
    let records = 0;
    const toUser = MAPPINGS.users;
    const counted = withMapping((row: FlatRow) => (records++, toUser(row)), mappingOf(toUser) as MappingOf);
    // Columns may have any name.
    const others = ['texts', 'texts_', 'query', 'r', 'row', 'place', 'a "" b'].map(
      (name) => `id AS "${name}"`,
    );
    const sql = `SELECT id, mail, name, ${others.join(', ')} FROM ${tableOf('users')} ORDER BY n`;
    const flow = diffQuery(state, sql);
    const run = await runOf(flow, { entity: 'users', toRecord: counted, validate: validation }, state);
    await commit(state, run.changes);
    return { records, run };
  };

  it('leaves out a row from the second run on that finds it unchanged', async () => {
    await createTables();
    const state = await open();
    const two = people(['a', 'Ann'], ['b', 'Ben']);
    expect((await day(state, two)).records).toBe(2);
    expect((await day(state, two)).records).toBe(2);
    const third = await day(state, two);
    expect(third).toMatchObject({ records: 0, run: { changes: [], counts: { read: 2, accepted: 2 } } });
    const changed = await day(state, people(['a', 'Ann'], ['b', 'Bob']));
    expect(changed.records).toBe(1);
    expect(changed.run.changes.map(({ key, kind }) => [key, kind])).toEqual([['b', 'upsert']]);
    // Back to a value that was remembered once.
    expect((await day(state, two)).run.changes.map(({ key }) => key)).toEqual(['b']);
    const removed = await day(state, people(['b', 'Ben']));
    expect(removed.run.changes.map(({ key, kind }) => [key, kind])).toEqual([['a', 'delete']]);
    expect(await remembered()).toBe(1);
  });

  it('reads every row again if the records are checked in another way, and if Okta’s version of a row is doubted', async () => {
    await createTables();
    const state = await open();
    const two = people(['a', 'Ann'], ['b', 'Ben']);
    for (let run = 0; run < 3; run++) await day(state, two);
    await state.adopt([{ entity: 'users', key: 'a', held: { kind: 'unknown' } }]);
    const doubted = await day(state, two);
    expect(doubted.records).toBe(1);
    expect(doubted.run.changes.map(({ key, isResend }) => [key, isResend])).toEqual([['a', true]]);
    const limited = await day(state, two, { attributes: { firstName: { min: 1, max: 2, nullable: false } } });
    expect(limited.records).toBe(2);
    expect(limited.run.rejections.map(({ code }) => code)).toEqual(['TOO_LONG', 'TOO_LONG']);
  });

  it('remembers no row whose id another one has too, because only one of them becomes the record', async () => {
    await createTables();
    const state = await open();
    const [valid] = people(['a', 'Ann']).users as [readonly string[]];
    const invalid = ['a', 'no address', 'Ann'];
    const users = (...rows: Rows['users']): Rows => ({ users: rows, groups: [], memberships: [] });
    await day(state, users(valid));
    for (const rows of [users(invalid, valid), users(valid, invalid)]) {
      const both = await day(state, rows);
      expect(both).toMatchObject({
        records: 2,
        run: { rejections: [{ code: 'NOT_AN_EMAIL' }], changes: [] },
      });
      expect(await remembered()).toBe(0);
      const alone = await day(state, users(invalid));
      expect(alone).toMatchObject({
        records: 1,
        run: { rejections: [{ code: 'NOT_AN_EMAIL' }], changes: [] },
      });
    }
    for (let run = 0; run < 2; run++) await day(state, users(valid));
    expect(await remembered()).toBe(1);
    expect((await day(state, users(valid, invalid))).records).toBe(2);
  });

  it('remembers nothing of a run that fails, and fails with the SQLSTATE and no value', async () => {
    await createTables();
    const state = await open();
    await day(state, people(['a', 'Ann']));
    const secret = 'Ann-Secret';
    await fill(people(['a', secret]));
    for (const screening of [true, false]) {
      const flow = diffQuery(state, `SELECT id, mail, name::int AS name FROM ${tableOf('users')}`);
      const failed = changesOf({ users: pipe(flow, map(MAPPINGS.users)) }, state, screening);
      const error = (await failed.catch((thrown: unknown) => thrown)) as Error & { code: string };
      expect(error).toMatchObject({
        code: 'ERR_ROLLCALL_SOURCE',
        message: expect.stringContaining('22P02') as string,
      });
      expect(JSON.stringify([error.message, error.cause])).not.toContain(secret);
    }
    const missing = diffQuery(state, 'SELECT id FROM nobody', { name: 'people' });
    await expect(changesOf({ users: pipe(missing, map(MAPPINGS.users)) }, state)).rejects.toThrow(
      /people.*42P01.*nobody/,
    );
    expect(await remembered()).toBe(0);
  });

  it('refuses a state that is elsewhere, and what is no query', async () => {
    const state = await open();
    expect(() => diffQuery(memoryState(), 'SELECT 1')).toThrow(/state in PostgreSQL/);
    expect(() => diffQuery(state, ' ')).toThrow(/SELECT/);
    expect(() => diffQuery(state, 'SELECT 1', { nam: 'a' } as never)).toThrow(/nam/);
  });
});
