import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open, type Transaction } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENTITIES } from '../../../src/core/model.js';
import { EntityRows, SCANNED_ROWS, type StoredRow } from '../../../src/state/lmdb/entity-rows.js';
import { emptyHead, openTables, type Head, type Tables } from '../../../src/state/lmdb/lmdb-tables.js';
import { packRows } from '../../../src/state/lmdb/load-codec.js';
import { checkSumOf, encodeKey, encodeRow } from '../../../src/state/lmdb/row-codec.js';
import { checkedRows, verifyRows } from '../../../src/state/lmdb/verify-rows.js';
import { UNKNOWN } from '../../../src/state/store.js';
import { confirmed, gone, unknown, upserted } from '../../support/rows.js';

let directory: string;
let tables: Tables;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-rows-'));
  const root = open({
    path: join(directory, 'state.mdb'),
    noSubdir: true,
    maxDbs: 16,
    overlappingSync: false,
  });
  tables = openTables(root);
  tables.head.putSync('head', emptyHead());
});
afterEach(async () => {
  await tables.root.close();
  await rm(directory, { recursive: true });
});

const headNow = () => tables.head.get('head') as Head;
/** Changes rows and keeps what is known of them, as a state does. */
function apply(...rows: Parameters<EntityRows['apply']>[1]): void {
  for (const entity of ENTITIES) {
    const own = rows.filter((row) => row.entity === entity);
    tables.root.transactionSync(() => {
      const before = headNow();
      const after = tables.rows[entity].apply(before.entities[entity], own);
      tables.head.putSync('head', { ...before, entities: { ...before.entities, [entity]: after } });
    });
  }
}
const inSnapshot = <T>(use: (transaction: Transaction) => T): T => {
  const transaction = tables.root.useReadTransaction();
  try {
    return use(transaction);
  } finally {
    transaction.done();
  }
};
const corrupt = (what: RegExp) =>
  expect.objectContaining({
    code: 'ERR_ROLLCALL_STATE_CORRUPT',
    message: expect.stringMatching(what) as string,
  }) as Error;

describe('the rows of a state', () => {
  it('are counted, known and unknown, whatever is put in their place', () => {
    apply(confirmed('users', 'a'), unknown('users', 'b'), confirmed('groups', 'g'));
    apply(unknown('users', 'a'), confirmed('users', 'b'), confirmed('users', 'c'), gone('users', 'nobody'));
    apply(gone('users', 'c'), unknown('users', 'd'), gone('users', 'd'), confirmed('users', 'b'));
    expect(headNow().entities.users).toMatchObject({ known: 1, unknown: 1 });
    expect(headNow().entities.groups).toMatchObject({ known: 1, unknown: 0 });
    expect(headNow().entities.memberships).toMatchObject({ known: 0, unknown: 0, sum: 0 });
    expect(verifyRows(tables)).toEqual({ users: 2, groups: 1, memberships: 0 });
    apply(gone('users', 'a'), gone('users', 'b'));
    expect(headNow().entities.users).toMatchObject({ known: 0, unknown: 0, sum: 0 });
  });

  it('have another stamp after each commit that touches them, and keep it otherwise', () => {
    const stamps = [headNow().entities.users.stamp];
    for (const row of [confirmed('users', 'a'), confirmed('users', 'a'), gone('users', 'nobody')]) {
      apply(row);
      stamps.push(headNow().entities.users.stamp);
    }
    expect(new Set(stamps).size).toBe(4);
    for (const stamp of stamps) expect(stamp).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([0, 1, SCANNED_ROWS - 1, SCANNED_ROWS, SCANNED_ROWS + 1, 2 * SCANNED_ROWS])(
    'are scanned each once and in order, however many there are: %d',
    (count) => {
      const keys = Array.from({ length: count }, (_, i) => `k${String(i).padStart(5, '0')}`);
      apply(...keys.toReversed().map((key) => confirmed('users', key)));
      const chunks = inSnapshot((transaction) => [...tables.rows.users.scan(transaction)]);
      expect(chunks.flat().map(({ key }) => key.toString())).toEqual(keys);
      expect(chunks.every(({ length }) => length > 0 && length <= SCANNED_ROWS)).toBe(true);
      const after = (key: string) =>
        inSnapshot((transaction) => [...tables.rows.users.scan(transaction, encodeKey(key))])
          .flat()
          .map((row) => row.key.toString());
      expect(after('k00003')).toEqual(keys.slice(4));
      expect(after('j')).toEqual(keys);
      expect(after('l')).toEqual([]);
    },
  );

  it('are found damaged when one is missing, is there too much, or is another', () => {
    apply(confirmed('users', 'a'), confirmed('users', 'b'), unknown('users', 'c'));
    const whole = headNow();
    const wrong = {
      known: { ...whole.entities.users, known: 3 },
      unknown: { ...whole.entities.users, unknown: 0 },
      sum: { ...whole.entities.users, sum: (whole.entities.users.sum + 1) >>> 0 },
      'known as unknown': { ...whole.entities.users, known: 1, unknown: 2 },
    };
    for (const [what, users] of Object.entries(wrong)) {
      tables.head.putSync('head', { ...whole, entities: { ...whole.entities, users } });
      expect(() => verifyRows(tables), what).toThrow(corrupt(/users are not as many/));
    }
    tables.head.putSync('head', whole);
    expect(verifyRows(tables).users).toBe(3);
  });

  it('are found damaged when they stand in another order, or one of them twice', () => {
    const stored = (key: string): StoredRow => ({
      key: encodeKey(key),
      value: encodeRow(encodeKey(key), UNKNOWN),
    });
    const check = (...chunks: readonly (readonly string[])[]) => {
      const rows = {
        *scan() {
          for (const keys of chunks) yield keys.map(stored);
        },
      } as unknown as EntityRows;
      const all = chunks.flat().map(stored);
      const sum = all.reduce((total, { value }) => (total + checkSumOf(value)) >>> 0, 0);
      const head = { known: 0, unknown: all.length, sum, stamp: '' };
      return () => [...checkedRows(rows, undefined as never, head, 'groups')].length;
    };
    expect(check(['a', 'b'], ['c'])()).toBe(2);
    for (const chunks of [[['b', 'a']], [['a', 'a']], [['a', 'b'], ['b']], [['a', 'c'], ['b']]])
      expect(check(...chunks)).toThrow(corrupt(/groups are out of order/));
  });

  it('are found damaged where the head is that of something else', () => {
    for (const head of [undefined, { ...headNow(), format: 2 }]) {
      if (head === undefined) tables.head.removeSync('head');
      else tables.head.putSync('head', head);
      expect(() => verifyRows(tables)).toThrow(corrupt(/head/));
    }
  });

  it('in flight are read too', () => {
    tables.loads.putSync([1, 0], packRows([upserted('users', 'a')]));
    verifyRows(tables);
    tables.loads.putSync([1, 1], [{ entity: 'users' }] as never);
    expect(() => verifyRows(tables)).toThrow();
  });
});
