/**
 * A paged REST API: each page has a `Link` to the next one. The API does not send an unchanged page again (304, by its
 * `ETag`). A read that is not complete fails, so that nobody counts as removed.
 *
 *     npx tsx examples/rest-pages.ts       (set STAFF_API_URL and STAFF_API_TOKEN, or use the sample API in this process)
 */
import { pathToFileURL } from 'node:url';
import {
  createClient,
  flatMap,
  fromPages,
  map,
  pipe,
  sync,
  type DirectorySources,
  type Flow,
} from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';
import { startStaffApi, type Person, type Team } from './support/staff-api.js';

interface KeptPage {
  readonly etag: string | null;
  readonly records: readonly unknown[];
  readonly next: string | null;
}

/** The pages by URL, in memory between runs. */
export type KeptPages = Map<string, KeptPage>;

/** All records of a collection. */
export function collection<T>(url: string, kept: KeptPages, token?: string): Flow<T> {
  let total: string | null = null;
  const pages = fromPages<T>(
    async (cursor = url, signal) => {
      const before = kept.get(cursor);
      const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
      if (before?.etag) headers.set('if-none-match', before.etag);
      const response = await fetch(cursor, { headers, signal: signal ?? null, redirect: 'error' });
      total = response.headers.get('x-total-count') ?? total;
      const link = response.headers.get('link');
      if (response.status === 304 && before !== undefined)
        return { records: before.records as T[], next: link === null ? before.next : nextOf(link, cursor) };
      if (response.status !== 200) throw new Error(`${new URL(cursor).pathname} answered ${response.status}`);
      const page = { records: (await response.json()) as T[], next: nextOf(link, cursor) };
      kept.set(cursor, { ...page, etag: response.headers.get('etag') });
      return page;
    },
    { name: new URL(url).pathname },
  );
  /** Yields all records; fails if their number is not the number that the API announced. */
  return pipe(pages, async function* whole(records) {
    let read = 0;
    for await (const record of records) {
      read++;
      yield record;
    }
    if (total === null || Number(total) === read) return;
    kept.clear();
    throw new Error(`${new URL(url).pathname} gave ${read} records of ${total}`);
  });
}

function nextOf(link: string | null, page: string): string | null {
  const target = /<([^>]+)>;[^,]*\brel="?next\b/.exec(link ?? '')?.[1];
  if (target === undefined) return null;
  const next = new URL(target, page);
  // Send the token only to this API.
  if (next.origin !== new URL(page).origin) throw new Error(`${page} links to another origin`);
  return next.href;
}

/** The three sources of one run. Groups and their members are in one collection, whose second read costs only 304 responses. */
export function staffDirectory(api: string, kept: KeptPages, token?: string): DirectorySources {
  return {
    users: pipe(
      collection<Person>(`${api}/people`, kept, token),
      map(({ id, email, givenName, familyName }) => ({
        externalId: id,
        profile: { userName: email, email, firstName: givenName, lastName: familyName },
      })),
    ),
    groups: pipe(
      collection<Team>(`${api}/teams`, kept, token),
      map(({ id, name }) => ({ externalId: id, profile: { displayName: name } })),
    ),
    memberships: pipe(
      collection<Team>(`${api}/teams`, kept, token),
      flatMap(({ id, members }) =>
        members.map((member) => ({ groupExternalId: id, memberExternalId: member })),
      ),
    ),
  };
}

async function main(): Promise<void> {
  await using sample = await startStaffApi();
  const { STAFF_API_URL: api = sample.url, STAFF_API_TOKEN: token } = process.env;
  await using org = await startOrg({ cooldownMs: 100 });
  await using state = memoryState(); // openState('./state') keeps it between runs
  const okta = createClient({
    orgUrl: org.url,
    identitySourceId: org.identitySourceId,
    auth: { token: org.token },
  });
  const kept: KeptPages = new Map();
  const run = async (title: string) => {
    const { confirmed, requests } = await sync({
      okta,
      state,
      ...staffDirectory(api, kept, token),
      cooldownMs: 100,
      pollIntervalMs: 20,
    });
    const { creates, updates } = confirmed.users;
    console.log(`${title}: ${creates} people new, ${updates} changed, ${requests} requests to Okta`);
    console.log(`   the API so far: ${JSON.stringify(sample.answered)}`);
  };
  await run('first');
  await run('nothing new');
  sample.people[4] = { ...(sample.people[4] as Person), familyName: 'Changed' };
  await run('one page changed');
  await okta.close();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
