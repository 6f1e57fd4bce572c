import type { Transaction } from 'lmdb';
import { StateError } from '../../core/errors.js';
import type { Entity } from '../../core/model.js';
import type { Held, HeldRow } from '../store.js';
import type { DigestCache } from './digest-cache.js';
import type { Head, Tables } from './lmdb-tables.js';
import type { RowBlock } from './row-block.js';
import { decodeKey, decodeRow, isUnknown, loginsOf } from './row-codec.js';
import { UserLogins } from './user-logins.js';
import { checkedRows } from './verify-rows.js';

/** The digest cache of each entity. */
export type DigestCaches = Readonly<Record<Entity, DigestCache>>;

/** The baseline at one moment: a read transaction of LMDB. Later commits do not change it. */
export class Snapshot {
  readonly head: Head;
  readonly #tables: Tables;
  readonly #onClose: (snapshot: Snapshot) => void;
  #open: Transaction | undefined;
  #logins: UserLogins | undefined;

  /** @param onClose - called once, when the snapshot is closed */
  constructor(tables: Tables, onClose: (snapshot: Snapshot) => void) {
    this.#tables = tables;
    this.#onClose = onClose;
    this.#open = tables.root.useReadTransaction();
    this.head = tables.head.get('head', { transaction: this.#open }) as Head;
  }

  /** The row of a key; undefined if there is none. */
  get(entity: Entity, key: string): Held | undefined {
    return this.#tables.rows[entity].get(key, this.#transaction);
  }

  /**
   * The keys of the users who may have a login, by its fingerprint, in order. The first call reads all users.
   * @param cache - of the users
   */
  holders(login: string, cache: DigestCache): readonly string[] {
    const { users } = this.head.entities;
    this.#logins ??= new UserLogins(
      this.blocks('users', cache),
      users,
      this.#tables.rows.users,
      this.#transaction,
    );
    return this.#logins.holders(login, this.#transaction);
  }

  /** The digests and keys of all rows of an entity. Each block is valid until the next one is requested. */
  blocks(entity: Entity, cache: DigestCache): Generator<RowBlock, void, undefined> {
    return this.#whileOpen(cache.blocks(this.#transaction, this.head.entities[entity]));
  }

  /**
   * All rows of an entity, in chunks.
   * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` if a row is damaged, or, at the end, if the rows do not match the
   * counts and the sum in the head
   */
  *rows(entity: Entity): Generator<readonly HeldRow[], void, undefined> {
    const rows = checkedRows(
      this.#tables.rows[entity],
      this.#transaction,
      this.head.entities[entity],
      entity,
    );
    for (const chunk of this.#whileOpen(rows))
      yield chunk.map(({ key, value }) => {
        const row = { entity, key: decodeKey(key), held: decodeRow(key, value) };
        const logins = isUnknown(value) ? loginsOf(value) : [];
        return logins.length > 0 ? { ...row, logins } : row;
      });
  }

  /** Updates a cache. */
  update(entity: Entity, cache: DigestCache): void {
    cache.update(this.#transaction, this.head.entities[entity]);
  }

  close(): void {
    if (this.#open === undefined) return;
    this.#open.done();
    this.#open = undefined;
    this.#logins = undefined;
    this.#onClose(this);
  }

  get #transaction(): Transaction {
    if (this.#open === undefined) throw new StateError('the reading of the state is closed');
    return this.#open;
  }

  /** Throws if the caller has closed the snapshot between two items: an ended transaction must not be read. */
  *#whileOpen<T>(items: Iterable<T>): Generator<T, void, undefined> {
    for (const item of items) {
      yield item;
      void this.#transaction;
    }
  }
}
