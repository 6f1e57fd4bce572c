import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ENTITIES, type Entity, type Fingerprint } from '../../core/model.js';
import { Reference, Seen, type AdoptedRow, type Held, type Reading } from '../store.js';
import {
  AWKWARD_KEYS,
  AWKWARD_PAIRS,
  compare,
  compareWhole,
  confirmedRow,
  missingOf,
  print,
} from './fixtures.js';
import type { Laws } from './laws.js';
import { fingerprint, unknown } from './rows.js';
import { inRounds, type Seeded } from './seeded.js';

const { NEW, SAME, CHANGED, DUPLICATE } = Seen;
const ROUNDS = 8;
/** More than a store writes in one statement. */
const MANY = 9_000;

/**
 * Laws of a comparison of all records of an entity at once: its codes are those of a comparison one by one. A reading that has no such
 * comparison must keep them with `compare`.
 */
export const wholeComparisonLaws: Laws = {
  'records that are compared as a whole have the codes that they have one by one': async (store) => {
    await store.adopt([
      confirmedRow('users', 'a'),
      confirmedRow('users', 'b'),
      confirmedRow('users', 'gone'),
    ]);
    await store.adopt([unknown('users', 'u'), unknown('users', 'left')]);
    const reading = await store.read();
    const keys = ['n', 'b', 'a', 'u', 'a', 'n', 'b', 'u', 'm'];
    const prints = [print('n'), print('b', 'x'), ...keys.slice(2).map((key) => print(key))];
    const codes = await compareWhole(reading, 'users', keys, prints, 2);
    assert.deepEqual(codes, [
      ...[NEW, CHANGED, SAME, Seen.UNKNOWN],
      ...[DUPLICATE, DUPLICATE, DUPLICATE, DUPLICATE, NEW],
    ]);
    assert.deepEqual(await missingOf(reading, 'users'), ['gone', 'left']);
    await reading.close();
  },

  'a comparison as a whole that got no record finds all rows missing': async (store) => {
    await store.adopt([confirmedRow('groups', 'a'), unknown('groups', 'u'), confirmedRow('users', 'a')]);
    const reading = await store.read();
    assert.deepEqual(await compareWhole(reading, 'groups', []), []);
    assert.deepEqual(await missingOf(reading, 'groups'), ['a', 'u']);
    await reading.close();
  },

  'nothing is missing, and nothing can be referred to, before a comparison as a whole has ended': async (
    store,
  ) => {
    await store.adopt([confirmedRow('users', 'a'), confirmedRow('users', 'b')]);
    const reading = await store.read();
    const whole = reading.compareAll?.('users');
    if (whole !== undefined) {
      await assert.rejects(missingOf(reading, 'users'), { code: 'ERR_ROLLCALL_STATE' });
      await assert.rejects(reading.refer('users', ['a']), { code: 'ERR_ROLLCALL_STATE' });
      for await (const chunk of whole.end()) assert.fail(`${chunk.length} records that were not added`);
    }
    assert.deepEqual(await missingOf(reading, 'users'), ['a', 'b']);
    await reading.close();
  },

  'an entity is compared as a whole once, and not one by one as well': async (store) => {
    const reading = await store.read();
    if (reading.compareAll?.('users') !== undefined) {
      assert.throws(() => reading.compareAll?.('users'), { code: 'ERR_ROLLCALL_STATE' });
      await assert.rejects(compare(reading, 'users', ['a']), { code: 'ERR_ROLLCALL_STATE' });
    }
    assert.deepEqual(await compare(reading, 'groups', ['a']), [NEW]);
    if (reading.compareAll !== undefined)
      assert.throws(() => reading.compareAll?.('groups'), { code: 'ERR_ROLLCALL_STATE' });
    await reading.close();
  },

  'among many records that are compared as a whole those that differ are found in order': async (store) => {
    const keys = Array.from({ length: MANY }, (_, i) => `key ${i}`);
    // Every second key has a row, and each tenth of them another fingerprint.
    const rows = keys.filter((_, i) => i % 2 === 0).map((key) => confirmedRow('users', key, many(key)));
    for (let start = 0; start < rows.length; start += 3000)
      await store.adopt(rows.slice(start, start + 3000));
    const expected: number[] = keys.map((_, i) => (i % 2 === 1 ? NEW : i % 20 === 0 ? CHANGED : SAME));
    const prints = keys.map((key, i) => many(key, expected[i] === CHANGED ? 'x' : 'a'));
    const [first, same, added] = ['key 0', 'key 2', 'key 1'];
    for (const key of [first, same, added]) {
      keys.push(key);
      prints.push(many(key));
      expected.push(DUPLICATE);
    }
    keys.splice(2, 1);
    prints.splice(2, 1);
    expected.splice(2, 1);
    // Without its first record, the last one with this key is the only one.
    expected[expected.length - 2] = SAME;
    const reading = await store.read();
    assert.deepEqual(await compareWhole(reading, 'users', keys, prints), expected);
    assert.deepEqual(await missingOf(reading, 'users'), []);
    await reading.close();
  },

  'a comparison as a whole is what a plain map would say, whatever is compared and kept': async (store) => {
    const model = { users: new Map(), groups: new Map(), memberships: new Map() } as Model;
    await inRounds(ROUNDS, async (random) => {
      const rows = random.list(12, () => randomRow(random));
      await store.adopt(rows);
      for (const { entity, key, held } of rows) model[entity].set(key, held as Held);
      const reading = await store.read();
      try {
        for (const entity of ENTITIES) await checkEntity(reading, entity, model[entity], random);
      } finally {
        await reading.close();
      }
    });
  },
};

/** The baseline as plain maps. */
type Model = Readonly<Record<Entity, Map<string, Held>>>;

/** A digest that is spread as those of records are: a store may use it as its own hash. */
function many(key: string, version = 'a'): Fingerprint {
  return fingerprint(createHash('md5').update(`${version}${key}`).digest().toString('latin1'));
}

function keysOf(entity: Entity): readonly string[] {
  return entity === 'memberships' ? AWKWARD_PAIRS : AWKWARD_KEYS;
}

/** A fingerprint for a key among {@link keysOf}, which may be alike in their first characters. */
function printOf(entity: Entity, key: string, version: string): Fingerprint {
  return fingerprint(`${version}${String(keysOf(entity).indexOf(key)).padStart(3)}`);
}

function randomRow(random: Seeded): AdoptedRow {
  const entity = random.pick(ENTITIES);
  const key = random.pick(keysOf(entity));
  if (random.below(3) === 0) return unknown(entity, key);
  return confirmedRow(entity, key, printOf(entity, key, random.pick(['a', 'b'])));
}

async function checkEntity(
  reading: Reading,
  entity: Entity,
  rows: ReadonlyMap<string, Held>,
  random: Seeded,
): Promise<void> {
  const keys = random.list(30, () => random.pick(keysOf(entity)));
  const prints = keys.map((key) => printOf(entity, key, random.pick(['a', 'b'])));
  const kept = random.list(3, () => random.pick(keysOf(entity)));
  const [before, after] = [kept.slice(1), kept.slice(0, 1)];
  await reading.keep(entity, before);
  const codes = await compareWhole(reading, entity, keys, prints, 1 + random.below(7));
  assert.deepEqual(codes, modelCodes(rows, keys, prints));
  await reading.keep(entity, after);
  const seen = new Set([...keys, ...kept]);
  const missing = [...rows.keys()].filter((key) => !seen.has(key)).sort();
  assert.deepEqual(await missingOf(reading, entity), missing);
  const sent = new Set(keys);
  for (const isComplete of [false, true]) {
    if (isComplete) reading.complete(entity);
    const expected = keysOf(entity).map((key) => {
      const held = rows.get(key);
      if (held?.kind !== 'confirmed') return sent.has(key) ? Reference.NEW : Reference.ABSENT;
      return isComplete && !seen.has(key) ? Reference.ABSENT : Reference.HELD;
    });
    assert.deepEqual([...(await reading.refer(entity, keysOf(entity)))], expected);
  }
}

function modelCodes(
  rows: ReadonlyMap<string, Held>,
  keys: readonly string[],
  prints: readonly Fingerprint[],
): number[] {
  return keys.map((key, i) => {
    if (keys.indexOf(key) < i) return DUPLICATE;
    const held = rows.get(key);
    if (held === undefined) return NEW;
    if (held.kind === 'unknown') return Seen.UNKNOWN;
    return held.fingerprint.digest === prints[i]?.digest ? SAME : CHANGED;
  });
}
