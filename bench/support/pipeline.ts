import type { Change, FlatRow, Flow, StateStore, UserRecord } from 'rollcall';
import type { Outcome, Product } from '../case.js';
import type { PersonRow } from '../data/people.js';
import { ChangeDigest } from './change-digest.js';
import { instantClient } from './instant-client.js';

/** The mapping of the export to Okta's attributes, as a user would write it. */
export function toRecord(row: PersonRow): UserRecord {
  return {
    externalId: row.employee_id,
    profile: {
      userName: row.email,
      email: row.email,
      firstName: row.given,
      lastName: row.family,
      mobilePhone: row.phone,
      title: row.title,
      department: row.department,
      homeAddress: row.address,
      managerId: row.manager,
    },
  };
}

/** The same mapping as SQL expressions by attribute, for peers that build bodies in SQL. */
export const ATTRIBUTES: Readonly<Record<string, keyof PersonRow>> = {
  userName: 'email',
  email: 'email',
  firstName: 'given',
  lastName: 'family',
  mobilePhone: 'phone',
  title: 'title',
  department: 'department',
  homeAddress: 'address',
  managerId: 'manager',
};

/** The same mapping, said as columns. */
export function declaredUser({ userFrom }: Product) {
  return userFrom({ externalId: 'employee_id', profile: ATTRIBUTES }, { emptyCell: 'keep' });
}

/**
 * The people of a file, in the format of its name.
 * @param declared - the mapping said as columns, instead of a function of the user's own
 */
export function peopleOf(product: Product, file: string, declared = false): Flow<UserRecord> {
  const { fromCsv, fromJsonLines, map, pipe } = product;
  const toUser = declared ? declaredUser(product) : (row: unknown) => toRecord(row as PersonRow);
  return file.endsWith('.csv')
    ? pipe(fromCsv(file), map(toUser))
    : pipe(fromJsonLines<FlatRow>(file), map(toUser));
}

/** Differences of users, as the public operators find them. */
export function userChanges(product: Product, users: Flow<UserRecord>, state: StateStore): Flow<Change> {
  const { diff, pipe, validate } = product;
  return pipe(users, validate('users'), diff('users', state));
}

/** Opens a state, runs the whole pipeline to committed state, and tells what was sent. */
export async function syncUsers(
  product: Product,
  users: Flow<UserRecord>,
  stateDirectory: string,
  check: boolean,
): Promise<Outcome> {
  const state = await product.openState(stateDirectory);
  try {
    return await send(product, userChanges(product, users, state), state, check);
  } finally {
    await state.close();
  }
}

/** Guard, batch and upload: what is sent, and the state committed. */
export async function send(
  product: Product,
  changes: Flow<Change>,
  state: StateStore,
  check: boolean,
): Promise<Outcome> {
  const { batch, guard, pipe, upload } = product;
  const digest = check ? new ChangeDigest() : undefined;
  let bytes = 0;
  const okta = instantClient((operation, body) => {
    bytes += body.length;
    digest?.addBody(operation.startsWith('upsert') ? 'upsert' : 'delete', body);
  });
  const report = await pipe(
    changes,
    guard(state),
    batch(),
    upload(okta, state, { cooldownMs: 0, pollIntervalMs: 1 }),
  );
  const counts = Object.values(report.confirmed).reduce(
    (sum, { creates, updates, deletes }) => ({
      creates: sum.creates + creates,
      updates: sum.updates + updates,
      deletes: sum.deletes + deletes,
    }),
    { creates: 0, updates: 0, deletes: 0 },
  );
  return {
    counts: { ...counts },
    digest: digest?.toString(),
    measures: { requests: report.requests, bodyBytes: bytes },
  };
}
