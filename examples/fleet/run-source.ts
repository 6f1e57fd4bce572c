/** One run of one source: its state in PostgreSQL, its client, and `sync` or `plan`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import {
  createClient,
  map,
  pipe,
  plan,
  sync,
  toGroup,
  toMembership,
  toUser,
  type Plan,
  type SyncOptions,
  type SyncReport,
} from 'rollcall';
import { postgresState } from 'rollcall/postgres';
import { rowsOf } from './read-csv.js';
import type { Source } from './sources.js';

export interface RunOptions {
  readonly signal: AbortSignal;
  /** The hash of a plan that somebody approved. */
  readonly approve?: string | undefined;
}

/** The token of an org is in a file with its name, which is read for each request, so that it can be replaced at any time. */
export const tokenOf = (directory: string, org: string) => async () =>
  (await readFile(join(directory, org), 'utf8')).trim();

export async function syncSource(
  pool: Pool,
  source: Source,
  tokens: string,
  { signal, approve }: RunOptions,
): Promise<SyncReport> {
  const { org, identitySourceId } = source;
  await using state = await postgresState(pool, { name: source.name });
  const okta = createClient({
    orgUrl: org.url,
    identitySourceId,
    auth: { token: tokenOf(tokens, org.name) },
    // Runs of the same org need not know each other: each response says what is left of the org's window.
    ...(org.rateLimitShare !== undefined && { rateLimitShare: org.rateLimitShare }),
  });
  try {
    return await sync({
      okta,
      state,
      ...readingOf(source, signal),
      ...org.waits,
      ...(approve !== undefined && { approve }),
    });
  } finally {
    await okta.close();
  }
}

/** What a sync would send now, and whom it would delete. Nothing is sent. */
export async function planSource(
  pool: Pool,
  source: Source,
  signal: AbortSignal,
): Promise<Plan & { readonly deleted: readonly string[] }> {
  await using state = await postgresState(pool, { name: source.name });
  const deleted: string[] = [];
  const planned = await plan({
    state,
    ...readingOf(source, signal),
    onPlanned: (changes) => {
      for (const { entity, action, externalId, memberExternalId: member } of changes)
        if (action === 'delete')
          deleted.push(`${entity} ${member === undefined ? externalId : `${externalId}/${member}`}`);
    },
  });
  return { ...planned, deleted: deleted.sort() };
}

function readingOf(
  { users, groups, memberships, guard }: Source,
  signal: AbortSignal,
): Pick<SyncOptions, 'users' | 'groups' | 'memberships' | 'guard' | 'signal'> {
  return {
    users: pipe(rowsOf(users, signal), map(toUser)),
    ...(groups !== undefined && { groups: pipe(rowsOf(groups, signal), map(toGroup)) }),
    ...(memberships !== undefined && { memberships: pipe(rowsOf(memberships, signal), map(toMembership)) }),
    guard,
    signal,
  };
}
