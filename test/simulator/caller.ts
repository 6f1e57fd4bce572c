import { expect } from 'vitest';
import { SimulatedOrg, type OrgAnswer, type OrgOptions, type OrgReply } from 'rollcall/simulator';
import type { Clock } from '../../src/core/clock.js';

/** A clock that moves only when told. */
export class ManualClock implements Clock {
  #now: number;
  constructor(now = Date.parse('2026-03-01T08:00:00Z')) {
    this.#now = now;
  }
  now(): number {
    return this.#now;
  }
  async sleep(ms: number): Promise<void> {
    this.#now += ms;
  }
  advance(ms: number): void {
    this.#now += ms;
  }
}

export interface SessionJson {
  readonly id: string;
  readonly status: string;
}

/** Sends requests to an org without HTTP, as a test would write them. */
export class Caller {
  readonly clock: ManualClock;
  readonly org: SimulatedOrg;
  readonly base: string;

  constructor(options: OrgOptions = {}) {
    this.clock = new ManualClock();
    this.org = new SimulatedOrg({ seed: 1, clock: this.clock, ...options });
    this.base = `/api/v1/identity-sources/${this.org.identitySourceId}`;
  }

  /** Whatever becomes of the request. `path` is below the identity source. */
  try(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): OrgReply {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const length = String(Buffer.byteLength(text ?? ''));
    return this.org.handle({
      method,
      path: this.base + path,
      headers: { authorization: `SSWS ${this.org.token}`, 'content-length': length, ...headers },
      body: text,
    });
  }

  /** The answer; fails the test when there is none. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): OrgAnswer {
    const reply = this.try(method, path, body, headers);
    if (reply.kind !== 'answer') return expect.unreachable(`no answer: ${reply.kind}`);
    return reply;
  }

  create(): SessionJson {
    const answer = this.send('POST', '/sessions');
    expect(answer.status).toBe(200);
    return JSON.parse(answer.body) as SessionJson;
  }

  get(id: string): SessionJson {
    return JSON.parse(this.send('GET', `/sessions/${id}`).body) as SessionJson;
  }

  upsertUsers(id: string, ...externalIds: string[]): OrgAnswer {
    return this.send('POST', `/sessions/${id}/bulk-upsert`, users(...externalIds));
  }

  trigger(id: string): OrgAnswer {
    return this.send('POST', `/sessions/${id}/start-import`);
  }

  /** One whole session: each pair is a bulk path and its body. Returns its status after the import. */
  run(...loads: [path: string, body: unknown][]): string {
    const { id } = this.create();
    for (const [path, body] of loads) {
      expect(this.send('POST', `/sessions/${id}/${path}`, body).status).toBe(202);
    }
    expect(this.trigger(id).status).toBe(200);
    this.clock.advance(60_000);
    return this.get(id).status;
  }
}

export function users(...externalIds: string[]): unknown {
  const profiles = externalIds.map((externalId) => ({ externalId, profile: { userName: externalId } }));
  return { entityType: 'USERS', profiles };
}

export function deletedUsers(...externalIds: string[]): unknown {
  return { entityType: 'USERS', profiles: externalIds.map((externalId) => ({ externalId })) };
}

export function groups(...externalIds: string[]): unknown {
  return {
    profiles: externalIds.map((externalId) => ({ externalId, profile: { displayName: externalId } })),
  };
}

export function members(groupExternalId: string, ...memberExternalIds: string[]): unknown {
  return { memberships: [{ groupExternalId, memberExternalIds }] };
}

export function errorCode(answer: OrgAnswer): string {
  return (JSON.parse(answer.body) as { errorCode: string }).errorCode;
}
