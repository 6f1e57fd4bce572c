import { OktaAuthError, OktaHttpError, OktaResponseError, ReadBackError } from '../core/errors.js';
import type { UserRecord } from '../core/model.js';
import type { AppUser, DirectoryClient } from '../okta/directory-client.js';
import { Seen, type HeldRow } from '../state/store.js';
import { mapAhead } from '../flow/map-ahead.js';
import { allPages, refusal } from '../okta/read-back.js';
import type { CallOptions } from '../okta/wire.js';
import type { Comparison } from './comparison.js';
import type { KnownSource } from './known-source.js';

/** Requests for single users at the same time; the client's own limit may be lower. */
const SINGLE_REQUESTS = 4;
/** Okta's statuses of app users that cannot use the org any more. */
const ENDED: ReadonlySet<string> = new Set([
  'DEPROVISIONED',
  'UNASSIGNED',
  'INACTIVE',
  'SUSPENDED',
  'REVOKED',
]);

/** What reading the users needs. */
export interface UsersReading {
  readonly okta: DirectoryClient;
  readonly comparison: Comparison;
  readonly source: KnownSource;
  /** What can be done instead if Okta refuses the list of users. */
  readonly alternative: string;
  /** The options of each call. */
  readonly call: CallOptions;
  readonly note: (text: string) => void;
  readonly progress: (read: number) => void;
  /** Called with each user of Okta's pages. */
  readonly seen: (user: AppUser) => void;
}

/**
 * Compares all users of Okta, page by page, with the expected ones. Those that wait for confirmation are read first, because the
 * list of all users may contain them as well.
 *
 * @throws {@link ReadBackError} if Okta refuses the list of users
 */
export async function verifyUsersInPages(context: UsersReading): Promise<void> {
  const { okta, comparison, alternative, call, note } = context;
  try {
    const read = okta.listUnconfirmedUsers.bind(okta);
    for await (const page of allPages('listUnconfirmedUsers', read, call))
      await comparePage(page, context, true);
  } catch (error) {
    const why = refusal(error, 'the users who wait for confirmation', 'okta.apps.read') ?? unusual(error);
    if (why === undefined) throw error;
    note(`${why.message}; users who wait for confirmation may count as missing`);
  }
  try {
    const read = okta.listAppUsers.bind(okta);
    for await (const page of allPages('listApplicationUsers', read, call))
      await comparePage(page, context, false);
  } catch (error) {
    const refused = refusal(error, 'the users', 'okta.apps.read');
    if (refused === undefined) throw error;
    const { operation, status, message } = refused;
    throw new ReadBackError(operation, status, `${message}; ${alternative}`);
  }
  await comparison.notSeen('users');
}

/** Compares the expected users in `rows` one by one. Okta's answer does not show whether a user is active. */
export async function verifySingleUsers(
  rows: AsyncIterable<readonly HeldRow[]>,
  { okta, comparison, source, call, progress }: UsersReading,
): Promise<void> {
  for await (const chunk of rows) {
    const read = async (row: HeldRow) => ({ row, user: await okta.getUser(row.key, call) });
    for await (const { row, user } of mapAhead(chunk, SINGLE_REQUESTS, read)) {
      if (user === undefined) {
        await source.confirm();
        await comparison.missing('users', row.key, row.held);
      } else await comparison.known('users', { externalId: row.key, profile: user.profile }, row.held);
      progress(1);
    }
  }
}

async function comparePage(
  page: readonly AppUser[],
  { comparison, progress, seen }: UsersReading,
  unconfirmed: boolean,
): Promise<void> {
  const { reading, tally } = comparison;
  const named: { readonly record: UserRecord; readonly user: AppUser }[] = [];
  for (const user of page) {
    seen(user);
    const { externalId, profile, id } = user;
    if (externalId !== undefined) named.push({ record: { externalId, profile }, user });
    else if (!isEnded(user))
      tally.add({
        entity: 'users',
        status: 'foreign',
        externalId,
        attributes: [],
        ...(id && { oktaId: id }),
      });
  }
  const keyAt = (i: number) => (named[i] as (typeof named)[number]).record.externalId;
  const codes = await comparison.codes(
    'users',
    named.map(({ record }) => record),
    keyAt,
  );
  const changed = named.filter((_, i) => codes[i] === Seen.CHANGED);
  const held = await reading.held(
    'users',
    changed.map(({ record }) => record.externalId),
  );
  const heldOf = new Map(changed.map(({ record }, i) => [record, held[i]]));
  for (const [i, { record, user }] of named.entries()) {
    const { externalId } = record;
    const code = codes[i];
    if (code === Seen.DUPLICATE) continue;
    if (code === Seen.NEW) {
      if (!isEnded(user))
        tally.add({
          entity: 'users',
          status: 'foreign',
          externalId,
          attributes: [],
          ...(user.id && { oktaId: user.id }),
        });
    } else if (code === Seen.UNKNOWN) tally.differs('users', externalId, 'unknown');
    else if (isEnded(user) || user.status === 'STAGED') tally.differs('users', externalId, 'deactivated');
    else if (unconfirmed || user.status === 'IMPORTED') tally.differs('users', externalId, 'unconfirmed');
    else if (code === Seen.SAME) tally.same('users');
    else await comparison.known('users', record, heldOf.get(record) ?? { kind: 'unknown' });
  }
  progress(page.length);
}

function isEnded({ status }: AppUser): boolean {
  return status !== undefined && ENDED.has(status);
}

/**
 * The error of a call that Okta does not document, if Okta offers it in another way or not at all; undefined for one that says nothing about
 * the call, such as refused credentials or a fault of the service.
 */
function unusual(error: unknown): OktaHttpError | OktaResponseError | undefined {
  if (error instanceof OktaResponseError) return error;
  if (!(error instanceof OktaHttpError) || error instanceof OktaAuthError) return undefined;
  return error.status < 500 && error.status !== 408 && error.status !== 429 ? error : undefined;
}
