import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SimulatedOrg } from '../../../src/simulator/index.js';
import { requestName } from '../../kill/points.js';
import { withValue, type SourceDirectory } from '../../support/world.js';

/** A small directory, whose ids and logins no other source has. */
export function directoryOf(source: string, size: number, note = ''): SourceDirectory {
  const users = Array.from({ length: size }, (_, i) => {
    const login = `${source}-${i}@example.com`;
    return {
      externalId: `${source}-${i}`,
      profile: { userName: login, email: login, firstName: `First${note}`, lastName: `Last ${i}` },
    };
  });
  const groups = [0, 1].map((i) => ({
    externalId: `${source}-team-${i}`,
    profile: { displayName: `${source} ${i}${note}` },
  }));
  const memberships = users.map(({ externalId }, i) => ({
    groupExternalId: `${source}-team-${i % 2}`,
    memberExternalId: externalId,
  }));
  return { users, groups, memberships };
}

/** What an org has of an identity source, in the form of {@link wantedOf}. */
export function heldOf(org: SimulatedOrg, identitySourceId: string): object {
  const { users, groups, memberships } = org.directory(identitySourceId);
  const active = Array.from(users).filter(([, { status }]) => status === 'ACTIVE');
  return {
    users: Object.fromEntries(active.map(([id, { profile }]) => [id, withValue(profile)])),
    groups: Object.fromEntries(Array.from(groups, ([id, { profile }]) => [id, withValue(profile)])),
    memberships: Array.from(memberships.values(), (m) => `${m.groupExternalId}/${m.memberExternalId}`).sort(),
  };
}

/** The server of the exports: CSV files of the directories of today. */
export class Exports implements AsyncDisposable {
  readonly today = new Map<string, SourceDirectory>();
  /** Sources whose requests get no answer. */
  readonly stuck = new Set<string>();
  /** Sources whose next request is answered with 503. */
  readonly unavailable = new Set<string>();
  readonly #server: Server;
  readonly #unanswered = new Map<string, ServerResponse[]>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', ({ url = '' }, response: ServerResponse) => {
      const [, source = '', file = ''] = url.split('?')[0]?.split('/') ?? [];
      if (this.stuck.has(source)) {
        const waiting = this.#unanswered.get(source) ?? [];
        this.#unanswered.set(source, [...waiting, response]);
        response.once('close', () => response.destroy());
        return;
      }
      if (this.unavailable.delete(source)) response.writeHead(503).end();
      else this.#answer(source, file, response);
    });
  }

  static async start(): Promise<Exports> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Exports(server);
  }

  urlOf(source: string, file: 'users' | 'groups' | 'memberships'): string {
    // As a presigned address has it, which no log may show.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${source}/${file}.csv?signature=canary-signature`;
  }

  /** Answers the requests that waited, and all later ones. */
  release(source: string): void {
    this.stuck.delete(source);
    for (const response of this.#unanswered.get(source) ?? [])
      if (!response.destroyed) this.#answer(source, 'users.csv', response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(source: string, file: string, response: ServerResponse): void {
    const { users, groups, memberships } = this.today.get(source) as SourceDirectory;
    const rows: Readonly<Record<string, readonly object[]>> = {
      'users.csv': users.map(({ externalId, profile }) => ({ externalId, ...profile })),
      'groups.csv': groups.map(({ externalId, profile }) => ({ externalId, ...profile })),
      'memberships.csv': memberships,
    };
    const records = rows[file] as readonly Readonly<Record<string, string>>[];
    const columns = Object.keys(records[0] as object);
    const lines = records.map((record) => columns.map((column) => record[column]).join(','));
    response.end(`${[columns.join(','), ...lines].join('\n')}\n`);
  }
}

/**
 * Resolves with the identity source of a request that an org has applied, and never answers. The org answers all others.
 * @param at - such as `POST /bulk-upsert 3`, the third of all sources
 */
export function unanswered(org: SimulatedOrg, at: string): Promise<string> {
  const handle = org.handle.bind(org);
  let count = 0;
  return new Promise((resolve) => {
    org.handle = (request) => {
      const reply = handle(request);
      const name = requestName(request.method, request.path);
      if (!at.startsWith(`${name} `) || reply.kind !== 'answer' || at !== `${name} ${++count}`) return reply;
      org.handle = handle;
      resolve(identitySourceOf(request.path));
      // Longer than any test, and what a timer can wait.
      return { ...reply, delayMs: 2 ** 31 - 1 };
    };
  });
}

/** A request that an org refused because its window was used up. */
export interface RefusedRequest {
  readonly identitySourceId: string;
  /** The end of the window, in seconds since 1970. No two windows of an endpoint end in the same second. */
  readonly window: number;
}

/** The requests that an org refuses from now on because their window is used up. */
export function refusedRequests(org: SimulatedOrg): readonly RefusedRequest[] {
  const handle = org.handle.bind(org);
  const refused: RefusedRequest[] = [];
  org.handle = (request) => {
    const reply = handle(request);
    if (reply.kind === 'answer' && reply.status === 429)
      refused.push({
        identitySourceId: identitySourceOf(request.path),
        window: Number(reply.headers['x-rate-limit-reset']),
      });
    return reply;
  };
  return refused;
}

function identitySourceOf(path: string): string {
  return /identity-sources\/([^/]+)\//.exec(path)?.[1] ?? '';
}
