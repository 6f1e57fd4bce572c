import assert from 'node:assert/strict';
import type { StateStore } from '../store.js';

/** A store to be tested. */
export interface StoreUnderTest {
  readonly store: StateStore;
  /** Opens the content of the store again, as a new process does. The earlier store stops being the writer. */
  reopen(): Promise<StoreUnderTest>;
  /** Makes the commit of the next write fail, as a failing disk does. Returns the error of the disk. */
  failNextWrite(): Error;
  /** Closes the store. */
  dispose(): Promise<void>;
}

/** Checks one law on an empty store. */
export type CheckLaw = (store: StateStore, under: StoreUnderTest) => Promise<void>;

/** Laws by their names. */
export type Laws = Readonly<Record<string, CheckLaw>>;

/** Fails unless the object, or each object of the array, has the expected values; it may have others. */
export function matches(actual: unknown, expected: object): void {
  if (!Array.isArray(expected)) {
    const found = actual as Readonly<Record<string, unknown>>;
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, found[name]])), expected);
    return;
  }
  const items = actual as readonly unknown[];
  assert.equal(items.length, expected.length);
  for (const [i, item] of expected.entries()) matches(items[i], item as object);
}
