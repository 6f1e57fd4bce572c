import type { Database } from 'lmdb';
import type { Entity } from '../../src/core/model.js';

type Key = [Entity, number];

/** A table of the database as a plain map: what was put is there at once, in the order of keys. */
export function plainTable<V>(): Database<V, Key> & { readonly entries: ReadonlyMap<string, V> } {
  const entries = new Map<string, V>();
  const within = (
    { start, end }: { start: Key; end: Key } = { start: ['groups', 0], end: ['users', Infinity] },
  ) =>
    [...entries]
      .map(([name, value]) => ({ key: JSON.parse(name) as Key, value }))
      .filter(({ key }) => compare(key, start) >= 0 && compare(key, end) < 0)
      .sort((a, b) => compare(a.key, b.key));
  const table = {
    entries,
    put: async (key: Key, value: V) => entries.set(JSON.stringify(key), value) !== undefined,
    remove: async (key: Key) => entries.delete(JSON.stringify(key)),
    getRange: (range?: { start: Key; end: Key }) => within(range),
    getKeys: (range?: { start: Key; end: Key }) => within(range).map(({ key }) => key),
  };
  return table as unknown as Database<V, Key> & { readonly entries: ReadonlyMap<string, V> };
}

function compare([a, i]: Key, [b, j]: Key): number {
  return a === b ? i - j : a < b ? -1 : 1;
}
