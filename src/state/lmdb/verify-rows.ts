import type { Transaction } from 'lmdb';
import { StateError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import type { EntityHead, EntityRows, StoredRow } from './entity-rows.js';
import { unpackRows } from './load-codec.js';
import { FORMAT, type Head, type Tables } from './lmdb-tables.js';
import { checkSumOf, isUnknown } from './row-codec.js';

/**
 * Reads all rows and all loads of an environment. Compares the rows with their check sums, their order, and the counts and the
 * sum in the head. Returns the number of rows of each entity.
 *
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` if anything differs
 */
export function verifyRows(tables: Tables): Record<Entity, number> {
  const counts = { users: 0, groups: 0, memberships: 0 };
  const transaction = tables.root.useReadTransaction();
  try {
    const head = tables.head.get('head', { transaction }) as Head | undefined;
    if (head?.format !== FORMAT) throw damaged('its head is not what was written');
    for (const entity of ENTITIES) {
      for (const rows of checkedRows(tables.rows[entity], transaction, head.entities[entity], entity))
        counts[entity] += rows.length;
    }
    for (const { value } of tables.loads.getRange({ transaction })) unpackRows(value);
    return counts;
  } finally {
    transaction.done();
  }
}

/**
 * All rows of an entity. Each row is compared with its check sum and with the key before it. At the end, the number of rows and
 * the sum of their check sums are compared with the head.
 *
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` if anything differs
 */
export function* checkedRows(
  rows: EntityRows,
  transaction: Transaction,
  head: EntityHead,
  entity: Entity,
): Generator<readonly StoredRow[], void, undefined> {
  let [known, unknown, sum] = [0, 0, 0];
  let last: Buffer | undefined;
  for (const chunk of rows.scan(transaction)) {
    for (const { key, value } of chunk) {
      if (last !== undefined && last.compare(key) >= 0) throw damaged(`its ${entity} are out of order`);
      last = key;
      if (isUnknown(value)) unknown++;
      else known++;
      sum = (sum + checkSumOf(value)) >>> 0;
    }
    yield chunk;
  }
  if (known !== head.known || unknown !== head.unknown || sum !== head.sum)
    throw damaged(`its ${entity} are not as many as it says, or not the same`);
}

function damaged(what: string): StateError {
  return new StateError(`the state is damaged: ${what}`, { code: 'ERR_ROLLCALL_STATE_CORRUPT' });
}
