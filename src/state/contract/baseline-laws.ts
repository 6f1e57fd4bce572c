import assert from 'node:assert/strict';
import { Seen, UNKNOWN } from '../store.js';
import { compare, confirmedRow, heldOf, missingOf, print, settled, upsert } from './fixtures.js';
import type { Laws } from './laws.js';
import { deleted, fingerprint, gone, heldRows, unknown } from './rows.js';

/** Laws of the rows of the baseline. */
export const baselineLaws: Laws = {
  'a row whose outcome is unknown is that everywhere, and a confirmation ends it': async (store, under) => {
    await store.adopt([confirmedRow('users', 'a')]);
    await settled(store, [upsert('users', 'a', print('a', 'z')), deleted('users', 'b')], 'unknown');
    const again = await under.reopen();
    assert.deepEqual(await heldRows(again.store, 'users'), { a: UNKNOWN, b: UNKNOWN });
    const reading = await again.store.read();
    assert.deepEqual(await reading.held('users', ['a', 'b']), [UNKNOWN, UNKNOWN]);
    assert.deepEqual(await compare(reading, 'users', ['a']), [Seen.UNKNOWN]);
    assert.deepEqual(await missingOf(reading, 'users'), ['b']);
    await reading.close();
    await settled(again.store, [upsert('users', 'a'), deleted('users', 'b')], 'completed');
    assert.deepEqual(await heldRows(again.store, 'users'), heldOf('a'));
    assert.deepEqual((await again.store.counts()).users, { known: 1, unknown: 0 });
    await again.dispose();
  },

  'rows of very many attributes are committed and come back equal': async (store, under) => {
    const attributes = (count: number) =>
      Array.from({ length: count }, (_, i) => String.fromCharCode(i & 255, i >> 8, 7, 255)).join('');
    const rows = [0, 1, 500, 16_383, 16_384, 65_536].map((count, i) =>
      upsert('users', `u${i}`, fingerprint(`u${i}`, attributes(count))),
    );
    await settled(store, rows, 'completed');
    const again = await under.reopen();
    const held = await heldRows(again.store, 'users');
    for (const row of rows)
      assert.deepEqual(held[row.key], {
        kind: 'confirmed',
        fingerprint: row.kind === 'upsert' ? row.fingerprint : undefined,
      });
    await again.dispose();
  },

  'rows may be forgotten, and forgetting what is not there is no fault': async (store) => {
    await store.adopt([confirmedRow('users', 'a'), unknown('users', 'b'), confirmedRow('users', 'c')]);
    await store.adopt([gone('users', 'a'), gone('users', 'b'), gone('users', 'nobody')]);
    assert.deepEqual(await heldRows(store, 'users'), heldOf('c'));
    assert.deepEqual((await store.counts()).users, { known: 1, unknown: 0 });
  },

  'rows that were removed may come again, and no key is mistaken for another': async (store, under) => {
    const keys = Array.from({ length: 300 }, (_, i) => `k${i}`);
    await store.adopt(keys.map((key) => confirmedRow('users', key)));
    await store.adopt(keys.slice(50, 250).map((key) => gone('users', key)));
    let again = await under.reopen();
    await again.store.adopt(keys.slice(0, 150).map((key) => confirmedRow('users', `n${key}`)));
    again = await again.reopen();
    const held = await heldRows(again.store, 'users');
    const expected = [
      ...keys.slice(0, 50),
      ...keys.slice(250),
      ...keys.slice(0, 150).map((key) => `n${key}`),
    ];
    assert.deepEqual(held, heldOf(...expected));
    const reading = await again.store.read();
    const asked = [...keys, ...keys.slice(0, 150).map((key) => `n${key}`)];
    const codes = await compare(reading, 'users', asked);
    for (const [i, key] of asked.entries()) assert.equal(codes[i], key in held ? Seen.SAME : Seen.NEW);
    await reading.close();
  },
};
