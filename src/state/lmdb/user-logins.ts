import type { Transaction } from 'lmdb';
import type { EntityCounts } from '../store.js';
import type { EntityRows } from './entity-rows.js';
import { LoginTable } from './login-table.js';
import type { RowBlock } from './row-block.js';
import { decodeKey, loginsOf, wordOfLogin } from './row-codec.js';

/** Of so many rows one key is kept, from which the others are found. */
const ROWS_PER_ANCHOR = 256;

/**
 * The users of a snapshot by their logins. The state has no index of logins, because it would be written at random places with
 * every session. This table in memory is made when somebody claims a login: 12 bytes for each user. It contains only 32 bits of the
 * fingerprint of a login, so the row of a user that it finds is compared with all of them.
 */
export class UserLogins {
  readonly #rows: EntityRows;
  readonly #table: LoginTable;
  /** The keys of the rows 0, {@link ROWS_PER_ANCHOR}, and so on. */
  readonly #anchors: Buffer[] = [];

  /** @param blocks - all rows of users, in the order of the bytes of their keys */
  constructor(
    blocks: Iterable<RowBlock>,
    { known, unknown }: EntityCounts,
    rows: EntityRows,
    transaction: Transaction,
  ) {
    this.#rows = rows;
    this.#table = new LoginTable(known + unknown);
    let first = 0;
    for (const block of blocks) {
      for (let i = 0; i < block.count; i++) {
        const row = first + i;
        if (row % ROWS_PER_ANCHOR === 0) this.#anchors.push(Buffer.from(block.keyBytes(i)));
        const word = block.loginWords[i] as number;
        if (word !== 0) this.#table.add(word, row);
        else if (block.isUnknown(i)) this.#addUnknown(block.keyBytes(i), row, transaction);
      }
      first += block.count;
    }
  }

  #addUnknown(key: Buffer, row: number, transaction: Transaction): void {
    const value = this.#rows.value(key, transaction);
    for (const login of value ? loginsOf(value) : []) this.#table.add(wordOfLogin(login), row);
  }

  /** The keys of the users who may have a login, in order. */
  holders(login: string, transaction: Transaction): readonly string[] {
    const keys: string[] = [];
    for (const row of this.#table.rowsOf(wordOfLogin(login))) {
      const anchor = this.#anchors[Math.floor(row / ROWS_PER_ANCHOR)] as Buffer;
      const found = this.#rows.at(anchor, row % ROWS_PER_ANCHOR, transaction);
      if (found !== undefined && loginsOf(found.value).includes(login)) keys.push(decodeKey(found.key));
    }
    return keys.sort();
  }
}
