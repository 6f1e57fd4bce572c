import assert from 'node:assert/strict';
import { ENTITIES } from '../../core/model.js';
import { Reference, Seen, UNKNOWN } from '../store.js';
import { compare, confirmedRow, missingOf, print, settled, upsert } from './fixtures.js';
import type { Laws } from './laws.js';
import { confirmed, fingerprint } from './rows.js';

/** Laws of a reading: the comparison of a source with the baseline. */
export const readingLaws: Laws = {
  'tells new, same and changed records apart': async (store) => {
    await settled(store, [upsert('users', 'a'), upsert('users', 'b')], 'completed');
    const reading = await store.read();
    const codes = await compare(
      reading,
      'users',
      ['a', 'b', 'c'],
      [print('a'), print('b', 'x'), print('c', 'y')],
    );
    assert.deepEqual(codes, [Seen.SAME, Seen.CHANGED, Seen.NEW]);
    await reading.close();
  },

  'a key that is compared twice is a duplicate, in one call or in two': async (store) => {
    await settled(store, [upsert('users', 'a')], 'completed');
    const reading = await store.read();
    const [a, n] = [print('a'), print('n')];
    assert.deepEqual(await compare(reading, 'users', ['a', 'a', 'n', 'n'], [a, a, n, n]), [
      Seen.SAME,
      Seen.DUPLICATE,
      Seen.NEW,
      Seen.DUPLICATE,
    ]);
    assert.deepEqual(await compare(reading, 'users', ['n', 'a'], [n, a]), [Seen.DUPLICATE, Seen.DUPLICATE]);
    await reading.close();
  },

  'what was neither compared nor kept is missing': async (store) => {
    await settled(
      store,
      ['a', 'b', 'c', 'd'].map((key) => upsert('groups', key)),
      'completed',
    );
    const reading = await store.read();
    await compare(reading, 'groups', ['a'], [print('a', 'z')]);
    await reading.keep('groups', ['c', 'nobody']);
    assert.deepEqual(await missingOf(reading, 'groups'), ['b', 'd']);
    assert.deepEqual(await compare(reading, 'groups', ['c'], [print('c')]), [Seen.SAME]);
    await reading.close();
  },

  'keys of any length may be kept and looked up: rejected records may have any': async (store) => {
    await store.adopt([confirmedRow('users', 'a')]);
    const reading = await store.read();
    const long = ['汉'.repeat(1024), 'x'.repeat(100_000), '\ud83d'.repeat(5000)];
    await reading.keep('users', ['a', ...long]);
    assert.deepEqual(await reading.held('users', ['a', ...long]), [
      confirmedRow('users', 'a').held,
      ...long.map(() => undefined),
    ]);
    assert.deepEqual(
      [...(await reading.refer('users', long))],
      long.map(() => Reference.ABSENT),
    );
    assert.deepEqual(await missingOf(reading, 'users'), []);
    await reading.close();
  },

  'entities do not mix': async (store) => {
    await settled(
      store,
      [upsert('users', 'x'), upsert('groups', 'y'), upsert('memberships', '1:yx')],
      'completed',
    );
    const reading = await store.read();
    assert.deepEqual(await compare(reading, 'groups', ['x'], [print('x')]), [Seen.NEW]);
    assert.deepEqual(await missingOf(reading, 'users'), ['x']);
    assert.deepEqual(await missingOf(reading, 'memberships'), ['1:yx']);
    await reading.close();
  },

  'an unknown row is unknown to a comparison, and missing when it left the source': async (store) => {
    await settled(store, [upsert('users', 'a')], 'unknown');
    assert.deepEqual((await store.counts()).users, { known: 0, unknown: 1 });
    const reading = await store.read();
    assert.deepEqual(await missingOf(reading, 'users'), ['a']);
    assert.deepEqual(await compare(reading, 'users', ['a'], [print('a')]), [Seen.UNKNOWN]);
    await reading.close();
  },

  'references are held, new or absent': async (store) => {
    await settled(
      store,
      [upsert('users', 'held'), upsert('users', 'gone'), upsert('users', 'rejected')],
      'completed',
    );
    await settled(store, [upsert('users', 'unsure')], 'unknown');
    const reading = await store.read();
    const keys = ['held', 'gone', 'rejected', 'unsure', 'fresh', 'nobody'];
    await compare(reading, 'users', ['held', 'unsure', 'fresh']);
    await reading.keep('users', ['rejected', 'nobody']);
    const { HELD, NEW, ABSENT } = Reference;
    assert.deepEqual([...(await reading.refer('users', keys))], [HELD, HELD, HELD, NEW, NEW, ABSENT]);
    const complete = () => ENTITIES.filter((entity) => reading.isComplete(entity));
    assert.deepEqual(complete(), []);
    reading.complete('users');
    assert.deepEqual(complete(), ['users']);
    assert.deepEqual([...(await reading.refer('users', keys))], [HELD, ABSENT, HELD, NEW, NEW, ABSENT]);
    await reading.close();
  },

  'an unknown row that the reading does not send is no reference, but it is known': async (store) => {
    await settled(store, [upsert('users', 'held')], 'completed');
    await settled(store, [upsert('users', 'unsure')], 'unknown');
    const reading = await store.read();
    await reading.keep('users', ['unsure']);
    assert.deepEqual(
      [...(await reading.refer('users', ['held', 'unsure']))],
      [Reference.HELD, Reference.ABSENT],
    );
    assert.deepEqual(await reading.held('users', ['held', 'unsure', 'nobody']), [
      confirmedRow('users', 'held').held,
      UNKNOWN,
      undefined,
    ]);
    await reading.close();
  },

  'a commit while a reading is open does not touch it': async (store) => {
    await settled(store, [upsert('users', 'a')], 'completed');
    const reading = await store.read();
    await compare(reading, 'users', ['a', 'b'], [print('a'), print('b')]);
    await settled(store, [upsert('users', 'b')], 'completed');
    assert.deepEqual(await missingOf(reading, 'users'), []);
    assert.deepEqual(await compare(reading, 'users', ['b'], [print('b')]), [Seen.DUPLICATE]);
    await reading.close();
  },

  'what is sent while its reading is open stays something to refer to': async (store) => {
    await settled(store, [upsert('users', 'a'), upsert('users', 'gone')], 'completed');
    const reading = await store.read();
    await compare(reading, 'users', ['a', 'b'], [print('a', 'z'), print('b')]);
    reading.complete('users');
    await settled(store, [upsert('users', 'a', print('a', 'z')), upsert('users', 'b')], 'completed');
    const [changed, created, gone] = await reading.refer('users', ['a', 'b', 'gone']);
    assert.deepEqual([changed, gone], [Reference.HELD, Reference.ABSENT]);
    assert.notEqual(created, Reference.ABSENT);
    await reading.close();
  },

  'one reading is open at a time': async (store) => {
    const reading = await store.read();
    await assert.rejects(store.read(), { code: 'ERR_ROLLCALL_STATE' });
    await reading.close();
    await (await store.read()).close();
  },

  'attribute fingerprints are held, and do not count in a comparison': async (store) => {
    const [user, group] = [fingerprint('a', 'attributes'), fingerprint('g')];
    await store.adopt([confirmed('users', 'a', user), confirmed('groups', 'g', group)]);
    const reading = await store.read();
    assert.deepEqual(await compare(reading, 'users', ['a'], [fingerprint('a', 'other')]), [Seen.SAME]);
    assert.deepEqual(await reading.held('users', ['a', 'nobody']), [
      { kind: 'confirmed', fingerprint: user },
      undefined,
    ]);
    assert.deepEqual(await reading.held('groups', ['g']), [{ kind: 'confirmed', fingerprint: group }]);
    await reading.close();
  },

  'what is held of a changed record is what was held before it, asked once or again': async (store) => {
    await store.adopt([confirmedRow('users', 'a'), confirmedRow('users', 'b')]);
    const reading = await store.read();
    await compare(reading, 'users', ['a', 'n'], [print('a', 'z'), print('n')]);
    const held = [confirmedRow('users', 'a').held, undefined, confirmedRow('users', 'b').held];
    assert.deepEqual(await reading.held('users', ['a', 'n', 'b']), held);
    assert.deepEqual(await reading.held('users', ['a', 'n', 'b']), held);
    await reading.close();
  },
};
