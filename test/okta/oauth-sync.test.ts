import { describe, expect, it } from 'vitest';
import type { FaultHook, Org } from 'rollcall/simulator';
import { seededFaults } from '../../src/simulator/faults.js';
import { sync, type OktaClient, type StateStore } from '../../src/index.js';
import { memoryState } from '../../src/subpaths/testing.js';
import { OktaAuthError } from '../../src/index.js';
import type { Transport } from '../../src/subpaths/okta.js';
import { undiciTransport } from '../../src/okta/transport.js';
import type { Clock } from '../../src/core/clock.js';
import { company, wanted, withValue, type SourceDirectory } from '../support/world.js';
import { failure, kms, serviceApp } from './service-app.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

function held(org: Org) {
  const { users, groups, memberships } = org.directory();
  return {
    users: Object.fromEntries(Array.from(users, ([id, user]) => [id, withValue(user.profile)])),
    groups: Object.fromEntries(Array.from(groups, ([id, group]) => [id, withValue(group.profile)])),
    memberships: Array.from(memberships.values(), (m) => `${m.groupExternalId}/${m.memberExternalId}`).sort(),
  };
}

function run(okta: OktaClient, state: StateStore, clock: Clock, source: SourceDirectory) {
  return sync({ okta, state, clock, ...source, cooldownMs: 5 * SECOND, pollIntervalMs: SECOND });
}

describe('a whole sync, signed in by OAuth with DPoP', () => {
  it('goes on while tokens come to their end, are revoked, and nonces change', async () => {
    const source = company(1500);
    let requests = 0;
    const fault: FaultHook = () => {
      // Time passes, so that tokens and nonces come to their end within the run.
      app.clock.advance(30 * SECOND);
      requests += 1;
      if (requests === 20) app.org.simulated.revokeTokens();
      return undefined;
    };
    const app = await serviceApp(
      { privateKey: kms('RS256'), dpop: true },
      {},
      {
        fault,
        cooldownMs: 5 * SECOND,
        oauth: { apiNonces: true, nonceLifetimeMs: MINUTE, tokenLifetimeMs: 8 * MINUTE },
      },
    );
    const report = await run(app.okta, memoryState(), app.clock, source);
    expect(report.remaining).toBe(0);
    expect(held(app.org)).toEqual(wanted(source));
    expect(app.org.violations).toEqual([]);
    const { token, api } = app.seen();
    expect(token.filter((status) => status === 200).length).toBeGreaterThan(2);
    expect(api).toContain(401);
  });

  it('converges when the token endpoint and the API fail in every way, and breaks no rule', async () => {
    const rates = {
      resetBefore: 0.04,
      resetAfter: 0.04,
      rateLimit: 0.02,
      unavailable: 0.05,
      errorBefore: 0.04,
      errorAfter: 0.04,
      truncated: 0.04,
      html: 0.04,
      unauthorized: 0.03,
    };
    let done = 0;
    for (const seed of [1, 2, 3, 4]) {
      const source = company(300, String(seed));
      const faults = seededFaults({ seed, rates });
      const fault: FaultHook = (request, index) => {
        if (index % 7 === 0) app.org.simulated.revokeTokens();
        return faults(request, index);
      };
      const app = await serviceApp(
        { dpop: true },
        {},
        {
          fault,
          cooldownMs: 5 * SECOND,
          oauth: { apiNonces: true, nonceLifetimeMs: MINUTE },
        },
      );
      const state = memoryState();
      for (let i = 0; i < 4; i += 1) {
        await run(app.okta, state, app.clock, source).then(
          () => (done += 1),
          () => undefined,
        );
      }
      app.org.simulated.stopFaults();
      app.clock.advance(5 * MINUTE);
      for (let i = 0; i < 2; i += 1) await run(app.okta, state, app.clock, source);
      expect(held(app.org)).toEqual(wanted(source));
      expect(app.org.violations).toEqual([]);
      expect(app.seen().token.length).toBeGreaterThan(2);
    }
    expect(done).toBeGreaterThan(0);
  });

  it('ends when the app is refused in the midst of it, holds no record for refused, and goes on another day', async () => {
    const source = company(300);
    const app = await serviceApp({}, {}, { cooldownMs: 5 * SECOND });
    const limits = {
      connections: 4,
      connectTimeoutMs: 1000,
      requestTimeoutMs: 10_000,
      maxResponseBytes: 100_000,
    };
    const wire = undiciTransport({ ...limits, proxy: undefined, ca: undefined });
    let revoked = false;
    const transport: Transport = (request) => {
      if (!revoked && request.url.endsWith('/bulk-upsert')) {
        revoked = true;
        app.org.simulated.revokeTokens();
      }
      if (!revoked || !request.url.endsWith('/token')) return wire.send(request);
      return Promise.resolve({ status: 400, headers: {}, body: '{"error":"invalid_client"}' });
    };
    const state = memoryState();
    const refused = app.connect({ transport });
    const error = await failure(run(refused, state, app.clock, source));
    expect(error).toBeInstanceOf(OktaAuthError);
    expect(error).toMatchObject({ operation: 'token', status: 400, errorCode: 'invalid_client' });
    expect((error as OktaAuthError).report).toMatchObject({ refused: [] });
    await wire.close();
    await run(app.okta, state, app.clock, source);
    expect(held(app.org)).toEqual(wanted(source));
    expect(app.org.violations).toEqual([]);
  });
});
