import { createClient } from '../../src/okta/client.js';
import type { DirectoryClient } from '../../src/okta/directory-client.js';
import { TransportError, type OktaClient, type Transport } from '../../src/okta/wire.js';
import { SimulatedOrg, type OrgOptions } from '../../src/simulator/index.js';
import type { GroupRecord, MembershipRecord, Profile, UserRecord } from '../../src/core/model.js';
import { expect } from 'vitest';

export const SOURCE = '0oasimulated000000001';
export const ORG_URL = 'https://test.okta.example';

/** A transport that calls a simulated org directly, without HTTP. */
export function directTransport(org: SimulatedOrg, sleep: (ms: number) => Promise<void>): Transport {
  return async ({ method, url, headers, body, signal }) => {
    await Promise.resolve();
    if (signal?.aborted) throw new TransportError('aborted', false);
    const { pathname, search } = new URL(url);
    const length = method === 'POST' ? { 'content-length': String(Buffer.byteLength(body ?? '')) } : {};
    const reply = org.handle({ method, path: pathname + search, headers: { ...headers, ...length }, body });
    await Promise.resolve();
    if (reply.kind === 'refused') throw new TransportError('ECONNREFUSED', false);
    if (reply.delayMs > 0) await Promise.race([sleep(reply.delayMs), aborted(signal)]);
    if (signal?.aborted) throw new TransportError('aborted', true);
    if (reply.kind === 'reset' || reply.cut) throw new TransportError('ECONNRESET', true);
    return { status: reply.status, headers: reply.headers, body: reply.body };
  };
}

/** Resolves when the signal is aborted, as a request in progress does. */
function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
}

/** A client of a simulated org, without HTTP. */
export function clientOf(org: SimulatedOrg, random: () => number = () => 0.5): OktaClient & DirectoryClient {
  const transport = directTransport(org, (ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  return createClient({
    orgUrl: ORG_URL,
    identitySourceId: SOURCE,
    auth: { token: org.token },
    transport,
    random,
  });
}

export function makeOrg(options: OrgOptions = {}): SimulatedOrg {
  return new SimulatedOrg({ seed: 1, shuffle: true, identitySources: [SOURCE], ...options });
}

/** A directory of record. */
export interface SourceDirectory {
  readonly users: readonly UserRecord[];
  readonly groups: readonly GroupRecord[];
  readonly memberships: readonly MembershipRecord[];
}

/** The attributes of a profile that have a value. An attribute that is null has none. */
export function withValue(profile: Profile): Record<string, string> {
  return Object.fromEntries(
    Object.entries(profile).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

/** The directory of the org, in a form that can be compared with that of {@link wanted}. */
export function held(org: SimulatedOrg) {
  const { users, groups, memberships } = org.directory(SOURCE);
  return {
    users: Object.fromEntries(
      Array.from(users)
        .filter(([, u]) => u.status === 'ACTIVE')
        .map(([id, u]) => [id, withValue(u.profile)]),
    ),
    groups: Object.fromEntries(Array.from(groups, ([id, g]) => [id, withValue(g.profile)])),
    memberships: Array.from(memberships.values(), (m) => `${m.groupExternalId}/${m.memberExternalId}`).sort(),
  };
}

/** A source in the form of {@link held}. */
export function wanted(source: SourceDirectory) {
  return {
    users: Object.fromEntries(source.users.map((u) => [u.externalId, withValue(u.profile)])),
    groups: Object.fromEntries(source.groups.map((g) => [g.externalId, withValue(g.profile)])),
    memberships: source.memberships.map((m) => `${m.groupExternalId}/${m.memberExternalId}`).sort(),
  };
}

/** Expects that Okta has exactly the directory of the source, and that the client did not violate the contract. */
export function expectConverged(org: SimulatedOrg, source: SourceDirectory): void {
  expect(held(org)).toEqual(wanted(source));
  expect(org.violations).toEqual([]);
}

/** A small company: `size` users, a tenth as many groups, and two memberships for each user. */
export function company(size: number, note = ''): SourceDirectory {
  const users = Array.from({ length: size }, (_, i) => ({
    externalId: `u${i}`,
    profile: {
      userName: `u${i}@example.com`,
      email: `u${i}@example.com`,
      firstName: `First${note}`,
      lastName: `Last ${i}`,
      title: null,
    },
  }));
  const count = Math.max(1, Math.floor(size / 10));
  const groups = Array.from({ length: count }, (_, i) => ({
    externalId: `g${i}`,
    profile: { displayName: `Group ${i}`, description: null },
  }));
  const memberships = users.flatMap((user, i) =>
    Array.from(new Set([i % count, (i * 7) % count]), (g) => ({
      groupExternalId: `g${g}`,
      memberExternalId: user.externalId,
    })),
  );
  return { users, groups, memberships };
}
