import type { Change, Flow, StateStore, UserRecord } from 'rollcall';
import type { Product } from '../case.js';

/** Differences of a file's people, by raw rows: the opt-in path for sources whose rows are byte-stable. */
export function rawChanges(product: Product, users: Flow<UserRecord>, state: StateStore): Flow<Change> {
  const { diff, pipe, validate } = product;
  return pipe(users, validate('users'), diff('users', state, { rawRows: { version: '1' } }));
}
