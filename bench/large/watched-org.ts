import { createHash } from 'node:crypto';
import type { Profile } from 'rollcall';
import { SimulatedOrg, type OrgReply, type OrgRequest, type OrgSession } from 'rollcall/simulator';
import { personId } from '../data/people.js';

const MAX_BYTES = 200_000;

interface Entry {
  readonly externalId: string;
  readonly profile: Profile;
}

/** What the org is told of time. */
export interface Watch {
  now: number;
}

/**
 * The simulated org, which remembers of every person the last session that listed them, and finds fault with a
 * person who is listed again though that session was or will be imported. It holds a digest in the place of each
 * profile: five million profiles would take several gigabytes.
 */
export class WatchedOrg {
  readonly org: SimulatedOrg;
  readonly #watch: Watch = { now: Date.UTC(2026, 0, 1) };
  /** By person: the number of the last session that listed them, from 1; 0 for none. */
  readonly #listedIn: Uint32Array;
  readonly #numbers = new Map<string, number>();
  readonly #faults: string[] = [];
  #sentAgain = 0;

  constructor(people: number, options: { readonly seed: number; readonly identitySourceId: string }) {
    this.#listedIn = new Uint32Array(people);
    this.org = new SimulatedOrg({
      clock: { now: () => this.#watch.now, sleep: () => Promise.reject(new Error('the org does not wait')) },
      seed: options.seed,
      identitySources: [options.identitySourceId],
      latencyMs: 300,
      importMs: 240_000,
      shuffle: true,
    });
  }

  get now(): number {
    return this.#watch.now;
  }

  /** Time goes on; it never goes back, also where a program was killed that was ahead. */
  advance(now: number): void {
    this.#watch.now = Math.max(this.#watch.now, now);
  }

  /** Everything that is not as it must be. */
  get faults(): readonly string[] {
    const { violations } = this.org;
    return violations.length === 0
      ? this.#faults
      : [...this.#faults, `${violations.length} violations: ${JSON.stringify(violations.slice(0, 3))}`];
  }

  /** People who were listed again after a session of theirs that was not imported: rightly so. */
  get sentAgain(): number {
    return this.#sentAgain;
  }

  get sessions(): readonly OrgSession[] {
    return this.org.sessions();
  }

  handle(request: OrgRequest): OrgReply {
    const body = typeof request.body === 'string' ? request.body : '';
    if (!request.path.endsWith('/bulk-upsert')) return this.#handle(request, body);
    if (Buffer.byteLength(body) > MAX_BYTES) this.#faults.push(`a body of ${Buffer.byteLength(body)} bytes`);
    const { entityType, profiles } = JSON.parse(body) as { entityType: string; profiles: Entry[] };
    const session = this.#numberOf(/\/sessions\/([^/]+)\//.exec(request.path)?.[1] ?? '');
    for (const { externalId } of profiles) this.#listed(externalId, session);
    const digests = profiles.map(({ externalId, profile }) => ({
      externalId,
      profile: { userName: digestOf(profile) },
    }));
    return this.#handle(request, JSON.stringify({ entityType, profiles: digests }));
  }

  /** Finds fault with whatever the org does not hold of the people, or holds besides. */
  compare(people: Iterable<{ readonly externalId: string; readonly profile: Profile }>): readonly string[] {
    const { users } = this.org.directory();
    let count = 0;
    let missing = 0;
    let other = 0;
    for (const { externalId, profile } of people) {
      count++;
      const held = users.get(externalId);
      if (held?.status !== 'ACTIVE') missing++;
      else if (held.profile['userName'] !== digestOf(profile)) other++;
    }
    return [
      ...(missing > 0 ? [`${missing} people are not at Okta`] : []),
      ...(other > 0 ? [`${other} people are at Okta with another profile`] : []),
      ...(users.size > count - missing ? [`Okta holds ${users.size} users, of ${count} people`] : []),
    ];
  }

  #handle(request: OrgRequest, body: string): OrgReply {
    const length = request.method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {};
    return this.org.handle({ ...request, headers: { ...request.headers, ...length }, body });
  }

  #listed(externalId: string, session: number): void {
    const person = Number(externalId.slice(1));
    if (personId(person) !== externalId || person >= this.#listedIn.length) {
      this.#faults.push(`nobody is named ${externalId}`);
      return;
    }
    const before = this.#listedIn[person] as number;
    this.#listedIn[person] = session;
    if (before === 0) return;
    const { status } = this.sessions[before - 1] as OrgSession;
    // CLOSED is the only end after which nothing of a session is imported.
    if (status === 'CLOSED') this.#sentAgain++;
    else this.#faults.push(`${externalId} is sent again, though its session is ${status}`);
  }

  #numberOf(sessionId: string): number {
    let number = this.#numbers.get(sessionId);
    if (number === undefined) {
      number = this.sessions.findIndex(({ id }) => id === sessionId) + 1;
      this.#numbers.set(sessionId, number);
    }
    return number;
  }
}

/** A digest of a profile that does not depend on the order of its attributes. */
function digestOf(profile: Profile): string {
  const text = JSON.stringify(Object.entries(profile).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(text).digest('base64').slice(0, 22);
}
