import type { Change, Flow, StateStore, UserRecord } from 'rollcall';
import type { Product } from '../case.js';
import type { PersonRow } from '../data/people.js';
import { toRecord } from './pipeline.js';

/**
 * The opt-in path for sources whose rows are byte-stable: the raw row is fingerprinted first, and only rows that differ
 * are parsed and mapped. The benches use it where the package exports it under this name.
 */
const EXPORT = 'diffRawRows';

type DiffRawRows = (
  entity: 'users',
  file: string,
  state: StateStore,
  options: { readonly key: string; readonly version: string; readonly map: (row: PersonRow) => UserRecord },
) => Flow<Change>;

/** Why the raw-row cases cannot run with this build, if so. */
export function noRawPath(product: Product): string | undefined {
  return EXPORT in product ? undefined : `this build exports no ${EXPORT}, the opt-in raw-row path`;
}

/** Differences of a file's people, by raw rows. */
export function rawChanges(product: Product, file: string, state: StateStore): Flow<Change> {
  const diffRawRows = (product as unknown as Readonly<Record<typeof EXPORT, DiffRawRows>>)[EXPORT];
  return diffRawRows('users', file, state, { key: 'employee_id', version: '1', map: toRecord });
}
