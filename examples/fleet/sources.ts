/** The orgs and sources of the fleet, from `sources.json`. Every worker has the same file. */
import { readFileSync } from 'node:fs';
import type { SyncOptions } from 'rollcall';

/** An org of Okta. Its API token is in a file with its name; see `run-source.ts`. */
export interface Org {
  readonly name: string;
  readonly url: string;
  /** The most sources of the org that run at the same time: they share its rate limits. */
  readonly runsAtOnce: number;
  /** The share of each rate-limit window that one run may use. Leave it out, unless other programs need more of it. */
  readonly rateLimitShare: number | undefined;
  /** Waits of `sync`. Leave them out: the defaults are right for Okta. */
  readonly waits: Pick<SyncOptions, 'cooldownMs' | 'pollIntervalMs'>;
}

/** An identity source, and the addresses of its exports: CSV with the names of Okta's attributes as columns. */
export interface Source {
  /** Also the name of its state. */
  readonly name: string;
  readonly org: Org;
  readonly identitySourceId: string;
  /** Cron, in UTC. */
  readonly schedule: string;
  readonly users: string;
  readonly groups: string | undefined;
  readonly memberships: string | undefined;
  /** A run that takes longer is ended; the next one continues. */
  readonly timeLimitMs: number;
  readonly guard: NonNullable<SyncOptions['guard']>;
}

export interface Fleet {
  readonly orgs: ReadonlyMap<string, Org>;
  readonly sources: ReadonlyMap<string, Source>;
}

/** The queue gives a job to another worker after four hours. */
const MOST_MINUTES = 230;

type Entry = Readonly<Record<string, unknown>>;

/** Reads the file. @throws an error that names the faulty entry, so that a worker with a faulty file does not start */
export function readFleet(file: string): Fleet {
  const { orgs = {}, sources = {} } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, object>;
  const byOrg = new Map(Object.entries(orgs).map(([name, entry]) => [name, orgOf(name, entry as Entry)]));
  const bySource = new Map<string, Source>();
  const owners = new Map<string, string>();
  for (const [name, entry] of Object.entries(sources)) {
    const source = sourceOf(name, entry as Entry, byOrg);
    // Two states of one identity source would each delete what the other sent.
    const target = `${source.org.url} ${source.identitySourceId}`;
    const owner = owners.get(target);
    if (owner !== undefined) fail(name, `has the identity source of ${owner}`);
    owners.set(target, name);
    bySource.set(name, source);
  }
  return { orgs: byOrg, sources: bySource };
}

function orgOf(name: string, entry: Entry): Org {
  refuseUnknown(name, entry, ['url', 'runsAtOnce', 'rateLimitShare', 'waits']);
  const { runsAtOnce = 2 } = entry;
  if (!Number.isInteger(runsAtOnce) || Number(runsAtOnce) < 1) fail(name, 'runsAtOnce: expected a number');
  return {
    name: requireName(name),
    url: requireText(name, entry, 'url'),
    runsAtOnce: Number(runsAtOnce),
    rateLimitShare: entry['rateLimitShare'] as number | undefined,
    waits: entry['waits'] ?? {},
  };
}

function sourceOf(name: string, entry: Entry, orgs: ReadonlyMap<string, Org>): Source {
  refuseUnknown(name, entry, [
    'org',
    'identitySourceId',
    'schedule',
    'users',
    'groups',
    'memberships',
    'timeLimitMinutes',
    'guard',
  ]);
  const { timeLimitMinutes: minutes = 60 } = entry;
  if (typeof minutes !== 'number' || !(minutes > 0 && minutes <= MOST_MINUTES))
    fail(name, `timeLimitMinutes: expected a number up to ${MOST_MINUTES}`);
  const org = orgs.get(requireText(name, entry, 'org')) ?? fail(name, 'org: not one of the orgs');
  const optional = (key: string) => (entry[key] === undefined ? undefined : requireText(name, entry, key));
  return {
    name: requireName(name),
    org,
    identitySourceId: requireText(name, entry, 'identitySourceId'),
    schedule: requireText(name, entry, 'schedule'),
    users: requireText(name, entry, 'users'),
    groups: optional('groups'),
    memberships: optional('memberships'),
    timeLimitMs: Number(minutes) * 60_000,
    guard: entry['guard'] ?? {},
  };
}

function refuseUnknown(name: string, entry: Entry, known: readonly string[]): void {
  for (const key of Object.keys(entry)) if (!known.includes(key)) fail(name, `${key}: unknown`);
}

function requireText(name: string, entry: Entry, key: string): string {
  const value = entry[key];
  return typeof value === 'string' && value !== '' ? value : fail(name, `${key}: expected a text`);
}

/** A name is part of the names of jobs and of the file of a token. */
function requireName(name: string): string {
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(name)
    ? name
    : fail(name, 'expected small letters, digits and "-" as its name');
}

function fail(name: string, reason: string): never {
  throw new Error(`sources.json: ${name}: ${reason}`);
}
