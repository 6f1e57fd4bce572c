import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EntityRows } from '../../../src/state/lmdb/entity-rows.js';
import { openState } from '../../../src/state/lmdb/open-state.js';
import { Reference, Seen, UNKNOWN, type Reading, type StateStore } from '../../../src/state/store.js';
import { confirmed, digests, fingerprint, unknown } from '../../support/rows.js';

let directory: string;
let state: StateStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-reading-'));
  state = await openState(directory);
});
afterEach(async () => {
  await state.close();
  await rm(directory, { recursive: true });
});

const print = (text: string, attributes = '') => fingerprint(text.padEnd(16, '.'), attributes);
const user = (key: string, of = print(key)) => confirmed('users', key, of);
const compare = async (reading: Reading, keys: readonly string[], of = keys.map((key) => print(key))) => [
  ...(await reading.compare('users', digests(...of), (i) => keys[i] as string)),
];

async function chunksOf(reading: Reading): Promise<(readonly string[])[]> {
  const chunks: (readonly string[])[] = [];
  for await (const chunk of reading.missing('users')) chunks.push(chunk);
  return chunks;
}
const missingOf = async (reading: Reading) => (await chunksOf(reading)).flat();

const doubt = (...keys: readonly string[]) => state.adopt(keys.map((key) => unknown('users', key)));

describe('a reading', () => {
  it('takes a row for what it is, wherever in the table its fingerprint falls', async () => {
    // A table of one row has three slots, the first of them among others.
    for (let i = 0; i < 16; i++) {
      const of = print(`${i}`);
      await state.adopt([user('a', of)]);
      let reading = await state.read();
      reading.complete('users');
      expect([...(await reading.refer('users', ['a']))]).toEqual([Reference.ABSENT]);
      expect(await missingOf(reading)).toEqual(['a']);
      await reading.keep('users', ['a']);
      expect(await missingOf(reading)).toEqual([]);
      expect([...(await reading.refer('users', ['a']))]).toEqual([Reference.HELD]);
      expect(await compare(reading, ['a'], [print('x')])).toEqual([Seen.CHANGED]);
      await reading.close();
      reading = await state.read();
      expect(await compare(reading, ['a'], [of])).toEqual([Seen.SAME]);
      await reading.close();
    }
  });

  it('of many rows compares a part of them, and tells what is missing in chunks', async () => {
    const keys = Array.from({ length: 8193 }, (_, i) => `k${i}`);
    await state.adopt(keys.map((key, i) => user(key, print(key, `attributes-${i}`))));
    const reading = await state.read();
    expect((await chunksOf(reading)).map(({ length }) => length)).toEqual([4096, 4096, 1]);
    await reading.keep('users', ['k8000']);
    // No chunk is empty.
    expect((await chunksOf(reading)).map(({ length }) => length)).toEqual([4096, 4096]);
    expect((await missingOf(reading)).sort()).toEqual(keys.filter((key) => key !== 'k8000').sort());

    // What lies beside the part is not seen yet.
    for (const [start, end] of [
      [3, 7500],
      [0, 3],
      [7500, 8193],
    ] as const)
      expect(await compare(reading, keys.slice(start, end))).toEqual(Array(end - start).fill(Seen.SAME));
    expect(await compare(reading, keys.slice(4000))).toEqual(Array(4193).fill(Seen.DUPLICATE));
    expect(await missingOf(reading)).toEqual([]);
    await reading.close();
  });

  it('tells what is held of changed rows, though more of them were found than it remembers', async () => {
    const keys = Array.from({ length: 8500 }, (_, i) => `k${i}`);
    await state.adopt(keys.map((key, i) => user(key, print(key, `attributes-${i}`))));
    const reading = await state.read();
    for (let from = 0; from < keys.length; from += 500) {
      const some = keys.slice(from, from + 500);
      await compare(
        reading,
        some,
        some.map((key) => print(`x${key}`)),
      );
    }
    const asked = keys.map((_, i) => i).filter((i) => i % 60 === 0);
    expect(
      await reading.held(
        'users',
        asked.map((i) => `k${i}`),
      ),
    ).toEqual(asked.map((i) => user(`k${i}`, print(`k${i}`, `attributes-${i}`)).held));
    await reading.close();
  });

  it('keeps the keys that it is told, and no other that it looked at before', async () => {
    await state.adopt(['a', 'b', 'c'].map((key) => user(key)));
    await doubt('u', 'v');
    const reading = await state.read();
    expect(await reading.held('users', ['u', 'a'])).toEqual([UNKNOWN, user('a').held]);
    await reading.keep('users', ['nobody']);
    expect((await missingOf(reading)).sort()).toEqual(['a', 'b', 'c', 'u', 'v']);
    await reading.keep('users', ['b', 'u', 'nobody']);
    expect((await missingOf(reading)).sort()).toEqual(['a', 'c', 'v']);
    await reading.close();
  });

  it('knows a table to look rows up in only of what is confirmed', async () => {
    await state.adopt([user('a')]);
    await doubt('u');
    let reading = await state.read();
    expect(reading.digests('users')?.().slots).toBeGreaterThan(0);
    expect(reading.digests('groups')).toBeUndefined();
    await reading.close();
    await doubt('a');
    reading = await state.read();
    expect(reading.digests('users')).toBeUndefined();
    await reading.close();
  });

  it('does not count what is committed while it is open, in place of a row that it did not see', async () => {
    await state.adopt([user('a'), user('gone')]);
    const reading = await state.read();
    await compare(reading, ['a', 'b']);
    await state.adopt([user('b'), user('c')]);
    await reading.keep('users', ['b']);
    expect(await missingOf(reading)).toEqual(['gone']);
    expect(await compare(reading, ['c'], [print('x')])).toEqual([Seen.NEW]);
    expect(await missingOf(reading)).toEqual(['gone']);
    await reading.close();
  });

  it('does not miss a row whose new fingerprint begins as that of a missing one', async () => {
    // The first bits of a fingerprint say whether a row may be missing; all of them say whether it is.
    await state.adopt([user('a'), user('gone', print('same gone, end..'))]);
    const reading = await state.read();
    const now = print('same here, end..');
    expect(await compare(reading, ['a'], [now])).toEqual([Seen.CHANGED]);
    await state.adopt([user('a', now)]);
    expect(await missingOf(reading)).toEqual(['gone']);
    await reading.close();
  });

  it('finds a digest that begins with zeros by its key: no table holds it, and nobody is removed for that', async () => {
    const zeros = { digest: `${'\0'.repeat(12)}last`, attributes: '' };
    await state.adopt([user('a', zeros), user('b')]);
    const reading = await state.read();
    expect(await missingOf(reading)).toEqual(['b']);
    await reading.keep('users', ['a', 'b']);
    expect(await missingOf(reading)).toEqual([]);
    reading.complete('users');
    expect([...(await reading.refer('users', ['a']))]).toEqual([Reference.HELD]);
    expect(await compare(reading, ['a', 'a'], [zeros, zeros])).toEqual([Seen.CHANGED, Seen.DUPLICATE]);
    await reading.close();
  });

  it('tells that an unknown row is present only of the key that was compared or kept', async () => {
    await doubt('u', 'v', 'w', 'x');
    const reading = await state.read();
    expect(await compare(reading, ['u'])).toEqual([Seen.UNKNOWN]);
    expect(await missingOf(reading)).toEqual(['v', 'w', 'x']);
    await reading.keep('users', ['v', 'v', 'u']);
    expect(await missingOf(reading)).toEqual(['w', 'x']);
    await reading.keep('users', ['w', 'x']);
    expect(await missingOf(reading)).toEqual([]);
    await reading.close();
  });

  it('looks for nothing where nothing is held', async () => {
    const get = vi.spyOn(EntityRows.prototype, 'get');
    const scan = vi.spyOn(EntityRows.prototype, 'scan');
    const reading = await state.read();
    expect(await compare(reading, ['a', 'a'])).toEqual([Seen.NEW, Seen.DUPLICATE]);
    expect([...(await reading.refer('users', ['a', 'b']))]).toEqual([Reference.NEW, Reference.ABSENT]);
    await reading.keep('users', ['c']);
    expect(await reading.held('users', ['a'])).toEqual([undefined]);
    expect(await missingOf(reading)).toEqual([]);
    expect(reading.digests('users')).toBeUndefined();
    await reading.close();
    expect([get.mock.calls.length, scan.mock.calls.length]).toEqual([0, 0]);
    vi.restoreAllMocks();
  });

  it('loads no digests to say whether somebody is held, unless that may have been found out', async () => {
    await state.adopt([user('a')]);
    const scan = vi.spyOn(EntityRows.prototype, 'scan');
    const reading = await state.read();
    expect([...(await reading.refer('users', ['a', 'b']))]).toEqual([Reference.HELD, Reference.ABSENT]);
    expect(await reading.held('users', ['a'])).toEqual([user('a').held]);
    expect(scan).not.toHaveBeenCalled();
    await reading.close();
    vi.restoreAllMocks();
  });

  it('that is closed again does not close the next, and answers nothing more', async () => {
    await state.adopt([user('a')]);
    const first = await state.read();
    await first.close();
    const second = await state.read();
    await first.close();
    await expect(state.read()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    await expect(first.held('users', ['a'])).rejects.toThrow(/closed/);
    expect(await second.held('users', ['a'])).toEqual([user('a').held]);
    await second.close();
  });
});
