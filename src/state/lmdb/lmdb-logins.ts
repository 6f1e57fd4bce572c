import type { Database, Transaction } from 'lmdb';
import type { LoginIndex } from '../logins.js';
import { decodeKey, encodeKey } from './row-codec.js';

/**
 * The index of logins in LMDB. An entry has no check sum: whoever finds one looks at the row that it names, which has one, and a
 * lost entry has the effect of a login that nobody has.
 */
export class LmdbLogins implements LoginIndex {
  readonly #table: Database<Buffer, Buffer>;

  constructor(table: Database<Buffer, Buffer>) {
    this.#table = table;
  }

  get(login: string, transaction?: Transaction): string | undefined {
    const key = this.#table.get(bytesOf(login), transaction && { transaction });
    return key && decodeKey(key);
  }

  /** Runs inside a write. */
  set(login: string, key: string): void {
    this.#table.putSync(bytesOf(login), encodeKey(key));
  }

  /** Runs inside a write. */
  delete(login: string): void {
    this.#table.removeSync(bytesOf(login));
  }

  /** Removes all entries. Runs inside a write. */
  clear(): void {
    this.#table.clearSync();
  }
}

function bytesOf(login: string): Buffer {
  return Buffer.from(login, 'latin1');
}
