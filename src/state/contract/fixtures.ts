import assert from 'node:assert/strict';
import { membershipKey, type Entity, type Fingerprint } from '../../core/model.js';
import type { PendingRow, SessionOutcome } from '../journal.js';
import { Seen, UNKNOWN, type Reading, type StateStore } from '../store.js';
import { confirmed, digests, fingerprint, upserted } from './rows.js';

/** Keys that a store may encode in different ways. Each must stay a key of its own. */
export const AWKWARD_KEYS: readonly string[] = [
  ...['', 'a', 'b', 'ä', '汉', '1:ab', 'x'.repeat(512), '汉'.repeat(512), '\0', '😀'],
  // Not well-formed Unicode, which UTF-8 encodes as U+FFFD.
  ...['\ud83d', '\ude00', 'a\ud83d', '\ufffd', 'a\ufffd'],
];

/** Ids that are prefixes of each other, or whose surrogates form a character when they are joined. */
export const AWKWARD_IDS: readonly string[] = ['', 'a', 'ab', '1:a', '汉', '\ud83d', 'a\ud83d', '\ude00b'];
export const AWKWARD_PAIRS: readonly string[] = AWKWARD_IDS.flatMap((group) =>
  AWKWARD_IDS.map((member) => membershipKey(group, member)),
);

/** A fingerprint covers its key, so no two keys share one. */
export const print = (key: string, version = 'a') => fingerprint(`${version}${key}`, version.repeat(4));

/** An upsert in flight, with the fingerprint of its key. */
export const upsert = (entity: Entity, key: string, of = print(key)): PendingRow => upserted(entity, key, of);

/** A confirmed row, with the fingerprint of its key. */
export const confirmedRow = (entity: Entity, key: string, of = print(key)) => confirmed(entity, key, of);

/** Confirmed rows of users with these keys. */
export const heldOf = (...keys: readonly string[]) =>
  Object.fromEntries(keys.map((key) => [key, confirmedRow('users', key).held]));

/** Confirmed memberships with these keys. */
export const pairs = (...keys: readonly string[]) =>
  Object.fromEntries(keys.map((key) => [key, confirmedRow('memberships', key).held]));

/** Unknown rows with these keys. */
export const unsure = (...keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, UNKNOWN]));

/** Compares records with these keys and fingerprints. */
export async function compare(
  reading: Reading,
  entity: Entity,
  keys: readonly string[],
  fingerprints: readonly Fingerprint[] = keys.map((key) => print(key)),
): Promise<number[]> {
  return [...(await reading.compare(entity, digests(...fingerprints), (i) => keys[i] as string))];
}

/**
 * Compares records as a whole, if the reading can, and otherwise one part after another. Returns the code of each.
 * @param part - the number of records that are passed at once
 */
export async function compareWhole(
  reading: Reading,
  entity: Entity,
  keys: readonly string[],
  fingerprints: readonly Fingerprint[] = keys.map((key) => print(key)),
  part = 1000,
): Promise<number[]> {
  const whole = reading.compareAll?.(entity);
  const codes: number[] = [];
  for (let start = 0; start < keys.length; start += part) {
    const words = digests(...fingerprints.slice(start, start + part));
    const keyAt = (i: number) => keys[start + i] as string;
    if (whole === undefined) codes.push(...(await reading.compare(entity, words, keyAt)));
    else await whole.add(words, keyAt);
    // The caller may use the memory again.
    words.fill(0);
  }
  if (whole === undefined) return codes;
  const all = new Array<number>(keys.length).fill(Seen.SAME);
  let last = -1;
  for await (const chunk of whole.end()) {
    for (const { place, code } of chunk) {
      assert.ok(place > last && place < keys.length, `place ${place} comes after ${last}`);
      assert.notEqual(code, Seen.SAME);
      all[place] = code;
      last = place;
    }
  }
  return all;
}

/** The keys that the reading did not see, in order. */
export async function missingOf(reading: Reading, entity: Entity): Promise<string[]> {
  const keys: string[] = [];
  for await (const chunk of reading.missing(entity)) keys.push(...chunk);
  return keys.sort();
}

/** Writes a session with these rows to the journal, and settles it. */
export async function settled(
  store: StateStore,
  rows: readonly PendingRow[],
  outcome: SessionOutcome,
): Promise<void> {
  const id = await store.journal.creating(1000);
  await store.journal.created(id, `s${id}`);
  await store.journal.loading(id, rows);
  await store.journal.loaded(id);
  await store.journal.settle(id, outcome);
}
