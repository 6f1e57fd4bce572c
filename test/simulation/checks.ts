import {
  ENTITIES,
  keyOf,
  splitMembershipKey,
  type Entity,
  type MembershipRecord,
  type RecordOf,
  type RemovedRecord,
  type UserRecord,
} from '../../src/core/model.js';
import { type SyncReport, changesOf } from '../../src/core/results.js';
import type { SimulatedOrg } from '../../src/simulator/index.js';
import { createDigester, type Digester } from '../../src/fingerprints/digests.js';
import type { StateStore } from '../../src/state/store.js';
import { lastByKey, type Feed } from './feeds.js';
import { held, SOURCE, wanted, withValue, type SourceDirectory } from '../support/world.js';

/** What Okta holds, by entity and key. */
export function heldRecords(
  org: SimulatedOrg,
): Readonly<Record<Entity, ReadonlyMap<string, RecordOf[Entity]>>> {
  const { users, groups, memberships } = org.directory(SOURCE);
  const active = Array.from(users)
    .filter(([, user]) => user.status === 'ACTIVE')
    .map(([externalId, { profile }]) => ({ externalId, profile }));
  return {
    users: byKey('users', active),
    groups: byKey(
      'groups',
      Array.from(groups, ([externalId, { profile }]) => ({ externalId, profile })),
    ),
    memberships: byKey('memberships', [...memberships.values()]),
  };
}

/**
 * The baseline against what Okta holds: whatever is confirmed in it Okta holds exactly so, and whatever Okta holds it
 * knows of, confirmed or not. Rows in flight are left out: of these the journal knows that something else may be true. So is a
 * membership that Okta ended with its user or group, while that end is in flight: it is written when the session is settled.
 */
export async function stateFaults(
  state: StateStore,
  org: SimulatedOrg,
  inFlight: ReadonlySet<string>,
  endsInFlight: ReadonlySet<string> = new Set(),
): Promise<readonly string[]> {
  const faults: string[] = [];
  const endsWithParent = (entity: Entity, key: string) => {
    if (entity !== 'memberships') return false;
    const { groupExternalId, memberExternalId } = splitMembershipKey(key);
    return endsInFlight.has(`groups ${groupExternalId}`) || endsInFlight.has(`users ${memberExternalId}`);
  };
  const fingerprinter = createDigester(state.fingerprintKey);
  const records = heldRecords(org);
  for (const entity of ENTITIES) {
    const known = new Set<string>();
    for await (const rows of state.rows(entity)) {
      for (const { key, held: row } of rows) {
        if (known.has(key)) faults.push(`${entity} ${key} is in the baseline twice`);
        known.add(key);
        if (row.kind === 'unknown' || inFlight.has(`${entity} ${key}`)) continue;
        const record = records[entity].get(key);
        if (record && mayBe(entity, record, row.fingerprint.digest, fingerprinter)) continue;
        if (!record && endsWithParent(entity, key)) continue;
        faults.push(`the state is ahead: ${entity} ${key} is ${record ? 'another' : 'not there'} at Okta`);
      }
    }
    for (const key of records[entity].keys()) {
      if (known.has(key) || inFlight.has(`${entity} ${key}`)) continue;
      faults.push(`the state has lost ${entity} ${key}, which Okta holds`);
    }
  }
  return faults;
}

/**
 * True if the digest is that of the record at Okta, or of one that lacks some of the attributes that are null there: a record need not
 * have an attribute that was cleared.
 */
function mayBe<E extends Entity>(
  entity: E,
  record: RecordOf[E],
  digest: string,
  digester: Digester,
): boolean {
  if (entity === 'memberships') return digester.of(entity, record) === digest;
  const user = record as UserRecord;
  const nulls = Object.keys(user.profile).filter((name) => user.profile[name] === null);
  return Array.from({ length: 2 ** nulls.length }, (_, bits) => {
    const gone = new Set(nulls.filter((_name, i) => (bits & (2 ** i)) !== 0));
    const profile = Object.fromEntries(Object.entries(user.profile).filter(([name]) => !gone.has(name)));
    return digester.of(entity, { ...user, profile } as never);
  }).includes(digest);
}

/** Every record that was read is sent, unchanged or rejected, and every change confirmed, refused or remaining. */
export function reportFaults(
  report: SyncReport,
  source: SourceDirectory | Feed,
  entities: readonly Entity[],
  isFeed = false,
): readonly string[] {
  const faults: string[] = [];
  let planned = 0;
  let refusedBefore = 0;
  for (const entity of entities) {
    const counts = report.sources[entity];
    if (counts === undefined) {
      faults.push(`${entity}: no report`);
      continue;
    }
    const { read, unchanged, creates, updates, deletes, rejected } = counts;
    const ofFeed = isFeed ? [deletes, counts.superseded] : [];
    const parts = [unchanged, creates, updates, rejected, counts.refusedBefore, counts.leftOut, ...ofFeed];
    if (read !== source[entity].length) faults.push(`${entity}: ${read} read of ${source[entity].length}`);
    // A feed need not name the memberships of the people whom it removes: they end without a record.
    const removesUsers = isFeed && entity === 'memberships' && (report.sources.users?.deletes ?? 0) > 0;
    const unnamed = parts.reduce((sum, part) => sum + part, 0) - read;
    if (unnamed < 0 || unnamed > (removesUsers ? deletes : 0))
      faults.push(`${entity}: ${read} read are not ${parts.join(' + ')}`);
    planned += creates + updates + deletes;
    refusedBefore += counts.refusedBefore;
  }
  const { confirmed, refused, remaining } = report;
  // What Okta refused in an earlier run is reported as refused, and is not part of the plan.
  const sum = changesOf(confirmed) + refused.length - refusedBefore + remaining;
  if (sum !== planned) faults.push(`${planned} changes were planned, ${sum} accounted for`);
  if (changesOf(report.plan.entities) !== planned) faults.push('the plan is not what the sources came to');
  if (remaining !== 0) faults.push(`${remaining} changes remain of a run that succeeded`);
  return faults;
}

/** After a run that succeeded: whatever was not rejected or refused is at Okta exactly as in the source. */
export function outcomeFaults(
  org: SimulatedOrg,
  source: SourceDirectory,
  report: SyncReport,
  entities: readonly Entity[],
  outOfScope: ReadonlySet<string> = new Set(),
): readonly string[] {
  const faults: string[] = [];
  const records = heldRecords(org);
  // Who is out of scope and must not be removed yet keeps the memberships of before.
  const { heldBackDeletes: held = 0, sparedDeletes: spared = 0 } = report.sources.users ?? {};
  const keepsPairs = held + spared > 0 ? outOfScope : new Set<string>();
  const excepted = new Set(
    [...report.rejections, ...report.refused].map(({ entity, externalId }) => `${entity} ${externalId}`),
  );
  for (const entity of entities) {
    const wantedOnes = byKey<Entity>(entity, source[entity]);
    for (const [key, record] of wantedOnes) {
      // Without an id it is rejected, and nobody can say whose it was.
      if (key === '' || displayed(entity, record).startsWith('/')) continue;
      if (excepted.has(`${entity} ${displayed(entity, record)}`)) continue;
      if (!isSame(records[entity].get(key), record))
        faults.push(`${entity} ${key} is not at Okta as in the source`);
    }
    const { heldBackDeletes = 0, sparedDeletes = 0 } = report.sources[entity] ?? {};
    if (heldBackDeletes + sparedDeletes > 0) continue;
    for (const [key, record] of records[entity]) {
      if (wantedOnes.has(key) || excepted.has(`${entity} ${displayed(entity, record)}`)) continue;
      if (entity === 'memberships' && keepsPairs.has((record as MembershipRecord).memberExternalId)) continue;
      faults.push(`${entity} ${key} is at Okta, and not in the source`);
    }
  }
  return faults;
}

/** After a run over a feed that succeeded: whatever was not rejected or refused is at Okta as the last record of the feed says. */
export function feedFaults(
  org: SimulatedOrg,
  feed: Feed,
  report: SyncReport,
  entities: readonly Entity[],
): readonly string[] {
  const faults: string[] = [];
  const records = heldRecords(org);
  const excepted = new Set(
    [...report.rejections, ...report.refused].map(({ entity, externalId }) => `${entity} ${externalId}`),
  );
  for (const entity of entities) {
    for (const [key, record] of lastByKey(feed, entity)) {
      if (excepted.has(`${entity} ${displayed(entity, record as RecordOf[Entity])}`)) continue;
      const { deleted } = record as RemovedRecord;
      const found = records[entity].get(key);
      if (deleted === true ? found !== undefined : !isSame(found, record as RecordOf[Entity]))
        faults.push(`${entity} ${key} is not at Okta as the feed says`);
    }
  }
  return faults;
}

/** Okta holds exactly the source. */
export function differences(org: SimulatedOrg, source: SourceDirectory): readonly string[] {
  return equal(held(org), wanted(source)) ? [] : ['Okta does not hold exactly the source'];
}

function byKey<E extends Entity>(entity: E, records: readonly RecordOf[E][]): Map<string, RecordOf[E]> {
  const map = new Map<string, RecordOf[E]>();
  for (const record of records) {
    const key = keyOf(entity, record);
    if (!map.has(key)) map.set(key, record);
  }
  return map;
}

function displayed(entity: Entity, record: RecordOf[Entity]): string {
  if (entity !== 'memberships') return (record as RecordOf['users']).externalId;
  const { groupExternalId, memberExternalId } = record as RecordOf['memberships'];
  return `${groupExternalId}/${memberExternalId}`;
}

/** The same record, apart from attributes without a value: whether a profile has them as null or not at all is the same. */
function isSame(held: RecordOf[Entity] | undefined, record: RecordOf[Entity]): boolean {
  const plain = (one: RecordOf[Entity]) =>
    'profile' in one ? { ...one, profile: withValue(one.profile) } : one;
  return held !== undefined && equal(plain(held), plain(record));
}

/** Equal as JSON whose objects have no order. */
function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every(
    (name) => name in b && equal((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
  );
}
