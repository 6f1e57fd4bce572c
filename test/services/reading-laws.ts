import { setImmediate } from 'node:timers/promises';
import {
  AbortedError,
  GuardError,
  map,
  pipe,
  startSync,
  sync,
  type DirectorySources,
  type Flow,
  type GroupRecord,
  type MembershipRecord,
  type OktaClient,
  type StateStore,
  type UserRecord,
} from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { createClient } from '../../src/okta/client.js';
import type { SimulatedOrg } from '../../src/simulator/index.js';
import { expect, it } from 'vitest';
import { directTransport, makeOrg, ORG_URL, SOURCE } from '../support/world.js';

/** What a server under test holds: people with a wide column, so that they are more than buffers on the way take. */
export const PEOPLE = 20_000;
export const TEAMS = 50;
/** Somewhere in the middle of the people. */
const MIDWAY = 2500;

/** Likewise, and how to close what they opened. */
export interface ServedDirectory extends ServedSources, AsyncDisposable {}

/** The three sources of an example. */
export interface ServedSources {
  readonly users: Flow<UserRecord>;
  readonly groups: Flow<GroupRecord>;
  readonly memberships: Flow<MembershipRecord>;
}

/** A server with a directory on it. */
export interface Server {
  /** The directory as the example reads it. */
  open(): ServedDirectory;
  /** The same, with people whose query fails at the server after most of them were read. */
  openFailing(): ServedDirectory;
  /** The same, where no server answers. */
  openNowhere(): ServedDirectory;
  /** The directory's sessions in the server's own list. */
  sessions(): Promise<readonly unknown[]>;
  /** Ends a session of that list. */
  end(session: unknown): Promise<void>;
  /** Removes the second half of the people, all teams but the first, and their memberships. */
  halve(): Promise<void>;
}

export interface World {
  readonly org: SimulatedOrg;
  readonly okta: OktaClient;
  readonly state: StateStore;
}

export const WAITS = { cooldownMs: 10, pollIntervalMs: 5 };

/** An org, and a client that calls `atFirst` before its first request. */
export function world(atFirst: () => Promise<void> = async () => undefined): World {
  const org = makeOrg({ cooldownMs: 10, importMs: 2 });
  const send = directTransport(org, () => Promise.resolve());
  let first: Promise<void> | undefined;
  const okta = createClient({
    orgUrl: ORG_URL,
    identitySourceId: SOURCE,
    auth: { token: org.token },
    transport: async (request) => {
      await (first ??= atFirst());
      return send(request);
    },
  });
  return { org, okta, state: memoryState() };
}

/** Far more than a server takes to clear away what was closed; what is still there then was never closed. */
const PATIENCE_MS = 20_000;

/** Waits until the server's list is without our sessions: it clears away in its own time. */
export async function allGone(server: Pick<Server, 'sessions'>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const left = await server.sessions();
    if (left.length === 0) return;
    if (performance.now() > end) throw new Error(`${left.length} sessions are still open at the server`);
    await setImmediate();
  }
}

/** The sources, with something done when people were read half-way, or so many of them. */
export function midway(
  { users, groups, memberships }: ServedSources,
  act: () => Promise<void> | void,
  at = MIDWAY,
): DirectorySources {
  const watched = map(async (user: UserRecord, index: number) => {
    if (index === at) await act();
    return user;
  });
  return { users: pipe(users, watched), groups, memberships };
}

/** Nothing was asked of Okta, and nothing is known of it. */
export async function expectUntouched({ org, state }: World): Promise<void> {
  expect(org.requests).toEqual([]);
  expect((await state.counts()).users.known).toBe(0);
}

/** What must be true of every source that holds a connection open while it is read. */
export function holdsReadingLaws(server: () => Server): void {
  it('is one session, drained and closed before the first request to Okta', async () => {
    let whileReading: readonly unknown[] = [];
    const ended: string[] = [];
    let endedAtFirst: string[] = [];
    const { org, okta, state } = world(async () => {
      endedAtFirst = [...ended];
      // The first request waits for it: closed any later, this would not end well.
      await allGone(server());
    });
    await using directory = server().open();
    const report = await sync({
      okta,
      state,
      ...midway(directory, async () => {
        whileReading = await server().sessions();
        expect(org.requests).toEqual([]);
      }),
      onEvent: (event) => event.type === 'source:end' && ended.push(event.entity),
      ...WAITS,
    });
    expect(whileReading).toHaveLength(1);
    expect(endedAtFirst).toEqual(['users', 'groups', 'memberships']);
    expect(report.confirmed.users.creates).toBe(PEOPLE);
    expect(report.confirmed.memberships.creates).toBe(PEOPLE);
    expect(org.directory(SOURCE).groups.size).toBe(TEAMS);
    expect(org.violations).toEqual([]);
  });

  it('is read as it was at one instant, and closed when the guard stops what came after', async () => {
    const { org, okta, state } = world();
    await using before = server().open();
    const whole = await sync({ okta, state, ...midway(before, () => server().halve()), ...WAITS });
    expect(whole.confirmed.users.creates).toBe(PEOPLE);
    expect(whole.confirmed.groups.creates).toBe(TEAMS);
    expect(whole.confirmed.memberships.creates).toBe(PEOPLE);

    const requests = org.requests.length;
    await using after = server().open();
    const { users, groups, memberships } = after;
    const stopped = sync({ okta, state, users, groups, memberships, ...WAITS });
    await expect(stopped).rejects.toThrow(GuardError);
    await allGone(server());
    expect(org.requests).toHaveLength(requests);
    expect(org.directory(SOURCE).activeUsers).toBe(PEOPLE);
  });

  it('is closed, and nothing is sent, when the query fails half-way', async () => {
    const { okta, state, org } = world();
    await using directory = server().openFailing();
    let readMidway = false;
    const sources = midway(directory, () => void (readMidway = true));
    await expect(sync({ okta, state, ...sources })).rejects.toThrow();
    expect(readMidway).toBe(true);
    await allGone(server());
    await expectUntouched({ okta, state, org });
  });

  it('fails, and nothing is sent, when the server ends the session half-way', async () => {
    const { okta, state, org } = world();
    await using directory = server().open();
    const ended = midway(directory, async () => {
      const [session] = await server().sessions();
      await server().end(session);
    });
    await expect(sync({ okta, state, ...ended })).rejects.toThrow();
    await allGone(server());
    await expectUntouched({ okta, state, org });
  });

  it('fails, and nothing is sent, when the server ends the session between two sources', async () => {
    const { okta, state, org } = world();
    await using directory = server().open();
    const { users, groups, memberships } = directory;
    const thenEnded = pipe(users, async function* (people) {
      yield* people;
      for (const session of await server().sessions()) await server().end(session);
      await allGone(server());
    });
    await expect(sync({ okta, state, users: thenEnded, groups, memberships })).rejects.toThrow();
    await expectUntouched({ okta, state, org });
  });

  it('is closed, and nothing is sent, when the run is aborted', async () => {
    const { okta, state, org } = world();
    await using directory = server().open();
    const stop = new AbortController();
    const run = startSync({
      okta,
      state,
      ...midway(directory, () => stop.abort()),
      signal: stop.signal,
    });
    await expect(run.done).rejects.toThrow(AbortedError);
    await allGone(server());
    await expectUntouched({ okta, state, org });
  });

  it('is closed when its reader leaves early', async () => {
    await using directory = server().open();
    let read = 0;
    for await (const user of directory.users) {
      expect(user.externalId).not.toBe('');
      if (++read === MIDWAY) break;
    }
    await allGone(server());
  });

  it('is closed by its owner when the run fails between two sources', async () => {
    const { okta, state, org } = world();
    const fault = new Error('the groups are elsewhere, and down');
    const groups = (async function* (): AsyncGenerator<GroupRecord> {
      throw fault;
    })();
    {
      await using directory = server().open();
      const { users, memberships } = directory;
      await expect(sync({ okta, state, users, groups, memberships })).rejects.toBe(fault);
      expect(await server().sessions()).toHaveLength(1);
    }
    await allGone(server());
    await expectUntouched({ okta, state, org });
  });

  it('fails, and nothing is sent, when nobody answers', async () => {
    const { okta, state, org } = world();
    await using directory = server().openNowhere();
    const { users, groups, memberships } = directory;
    await expect(sync({ okta, state, users, groups, memberships })).rejects.toThrow(/ECONNREFUSED/);
    await expectUntouched({ okta, state, org });
  });

  it('opens nothing before it is read', async () => {
    await using _directory = server().open();
    expect(await server().sessions()).toEqual([]);
  });
}
