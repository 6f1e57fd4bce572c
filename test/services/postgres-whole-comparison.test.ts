import { createHash } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { digests, confirmed, fingerprint } from '../../src/state/contract/rows.js';
import { postgresState } from '../../src/state/postgres/open-postgres-state.js';
import { Seen, type DifferingRecord, type StateStore, type WholeComparison } from '../../src/state/store.js';
import { describeWith, postgres, uniqueName } from './available.js';
import { cut, schemaForTests, type TestPool } from './postgres-store.js';

const service = await postgres();
const schema = uniqueName();
/** More than two statements. */
const MANY = 20_000;

const printOf = (key: string) => fingerprint(createHash('md5').update(key).digest().toString('latin1'));

/** Adds records with these keys. */
async function add(whole: WholeComparison, keys: readonly string[]): Promise<void> {
  for (let start = 0; start < keys.length; start += 500) {
    const part = keys.slice(start, start + 500);
    await whole.add(digests(...part.map(printOf)), (i) => part[i] as string);
  }
}

async function differing(whole: WholeComparison): Promise<DifferingRecord[]> {
  const all: DifferingRecord[] = [];
  for await (const chunk of whole.end()) all.push(...chunk);
  return all;
}

const keys = Array.from({ length: MANY }, (_, i) => `user ${i}`);

describeWith(service, 'a comparison as a whole in PostgreSQL that fails', () => {
  const { admin, pool } = schemaForTests(schema);
  const stores: StateStore[] = [];
  let states = 0;
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });

  const open = async (own: TestPool): Promise<StateStore> => {
    const store = await postgresState(own, { schema, name: `whole ${++states}` });
    stores.push(store);
    return store;
  };

  /** Adds records, expects the error, and then compares them again: nothing is left of the first comparison. */
  const failsOnce = async (
    store: StateStore,
    sqlState: string,
    fails: () => Promise<void>,
  ): Promise<void> => {
    await store.adopt([
      confirmed('users', 'user 7', printOf('user 7')),
      confirmed('users', 'gone', printOf('gone')),
    ]);
    const reading = await store.read();
    const whole = reading.compareAll?.('users') as WholeComparison;
    await fails();
    const message = expect.stringContaining(sqlState) as string;
    const compared = add(whole, keys).then(() => differing(whole));
    await expect(compared).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE', message });
    // Nothing may be taken for missing.
    await expect(reading.missing('users')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE',
    });
    await reading.close();
  };

  const worksAgain = async (store: StateStore): Promise<void> => {
    const reading = await store.read();
    const whole = reading.compareAll?.('users') as WholeComparison;
    await add(whole, keys);
    const found = await differing(whole);
    expect(found.length).toBe(MANY - 1);
    expect(found.every(({ place, code }) => place !== 7 && code === Seen.NEW)).toBe(true);
    expect((await reading.missing('users')[Symbol.asyncIterator]().next()).value).toEqual(['gone']);
    await reading.close();
  };

  it.each([
    ['while records are copied', 'INSERT INTO pg_temp', 2],
    ['while they are joined', 'FULL JOIN', 1],
  ])(
    'because the disk of the server is full %s: the error says so, and the next one works',
    async (...of) => {
      const [, statement, number] = of;
      const own = pool();
      const store = await open(own);
      await failsOnce(store, '53100; the disk of the server is full', async () => {
        let statements = 0;
        own.onQuery = (text) => {
          if (text.includes(statement) && ++statements === number)
            throw Object.assign(new Error('could not extend file'), { code: '53100' });
        };
      });
      own.onQuery = undefined;
      await worksAgain(store);
    },
  );

  it('because its join takes longer than statement_timeout', async () => {
    const store = await open(pool({ options: '-c statement_timeout=3000' }));
    await failsOnce(store, '57014', async () => {
      await admin.query('BEGIN');
      await admin.query(`LOCK TABLE ${schema}.baseline IN ACCESS EXCLUSIVE MODE`);
    });
    await admin.query('ROLLBACK');
    await worksAgain(store);
  });

  it('because the connection ends while records are being copied', async () => {
    const own = pool();
    const store = await open(own);
    await store.adopt([confirmed('users', 'user 7', printOf('user 7'))]);
    const reading = await store.read();
    const whole = reading.compareAll?.('users') as WholeComparison;
    await add(whole, keys.slice(0, 9000));
    await cut(admin, own);
    const compared = add(whole, keys.slice(9000)).then(() => differing(whole));
    await expect(compared).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    await expect(store.setMeta('a', 'b')).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_LOST' });
    await reading.close();
  });

  it('because the reading is closed in the middle of it', async () => {
    const store = await open(pool());
    const reading = await store.read();
    const whole = reading.compareAll?.('users') as WholeComparison;
    await add(whole, keys.slice(0, 9000));
    await reading.close();
    await expect(add(whole, keys)).rejects.toThrow('the reading of the state is closed');
    await expect(differing(whole)).rejects.toThrow('the reading of the state is closed');
    await (await store.read()).close();
  });
});
