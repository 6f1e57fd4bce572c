import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, type FaultKind, type OrgAnswer } from 'rollcall/simulator';
import { Caller, errorCode } from './caller.js';

const rate = (answer: OrgAnswer) =>
  ['limit', 'remaining', 'reset'].map((name) => Number(answer.headers[`x-rate-limit-${name}`]));

describe('every answer', () => {
  it('has a request id, a date by the org, and what is left of the window', () => {
    const caller = new Caller({ rateLimit: { limit: 10, windowMs: 60_000 } });
    const first = caller.send('GET', '/sessions');
    const second = caller.send('GET', '/sessions/nobody');
    expect(first.headers['date']).toBe('Sun, 01 Mar 2026 08:00:00 GMT');
    expect(first.headers['x-okta-request-id']).toMatch(/^\w{24}$/);
    expect(second.headers['x-okta-request-id']).not.toBe(first.headers['x-okta-request-id']);
    const reset = Date.parse('2026-03-01T08:01:00Z') / 1000;
    expect([rate(first), rate(second)]).toEqual([
      [10, 9, reset],
      [10, 8, reset],
    ]);
  });

  it('to an error is an envelope with its own id', () => {
    const caller = new Caller();
    const body = JSON.parse(caller.send('GET', '/sessions/nobody').body) as Record<string, unknown>;
    expect(body).toMatchObject({ errorCode: 'E0000007', errorLink: 'E0000007' });
    expect(body['errorId']).toMatch(/^oae\w{17}$/);
    expect(body['errorCauses']).toEqual([{ errorSummary: 'no such session' }]);
  });
});

describe('who may ask', () => {
  it.each([undefined, '', 'SSWS', 'SSWS wrong', 'Bearer TOKEN', 'SSWS TOKEN more', 'TOKEN'])(
    'not %j',
    (value) => {
      const caller = new Caller();
      const authorization = value?.replace('TOKEN', caller.org.token);
      const path = `${caller.base}/sessions`;
      const answer = caller.org.handle({ method: 'GET', path, headers: { authorization } }) as OrgAnswer;
      expect([answer.status, errorCode(answer)]).toEqual([401, 'E0000011']);
    },
  );

  it('is up to the option authenticate', () => {
    const caller = new Caller({ authenticate: () => 'forbidden' });
    expect(errorCode(caller.send('GET', '/sessions'))).toBe('E0000006');
  });
});

describe('what is asked for', () => {
  it.each([
    ['POST', '/sessions'],
    ['POST', '/sessions/x/start-import'],
    ['POST', '/sessions/x/bulk-upsert'],
  ])('%s %s without a body needs Content-Length: 0', (method, path) => {
    const caller = new Caller();
    const headers = { authorization: `SSWS ${caller.org.token}` };
    expect(caller.org.handle({ method, path: caller.base + path, headers })).toMatchObject({ status: 411 });
    expect(caller.org.violations).toMatchObject([{ rule: 'missing-content-length' }]);
  });

  it.each([
    ['PUT', '/sessions', 405],
    ['DELETE', '/sessions', 405],
    ['GET', '/sessions/x/start-import', 405],
    ['constructor', '/sessions', 405],
    ['GET', '', 404],
    ['GET', '/sessions/', 404],
    ['GET', '/sessions/%E0%A4%A', 404],
    ['POST', '/sessions/x/bulk-devices-upsert', 404],
    ['POST', '/sessions/x/bulk-upsert/more', 404],
    ['GET', '/../other/sessions', 404],
  ])('%s %s is %i', (method, path, status) => expect(new Caller().send(method, path).status).toBe(status));

  it('an unknown identity source is 404', () => {
    const caller = new Caller();
    const path = '/api/v1/identity-sources/nobody/sessions';
    const headers = { authorization: `SSWS ${caller.org.token}` };
    expect(caller.org.handle({ method: 'GET', path, headers })).toMatchObject({ status: 404 });
  });
});

describe('rate limits', () => {
  const small = { rateLimit: { limit: 2, windowMs: 60_000 } };

  it('a window that is used up answers 429 until its reset, and nothing is acted on', () => {
    const caller = new Caller(small);
    caller.send('GET', '/sessions');
    caller.send('GET', '/sessions');
    const over = caller.send('POST', '/sessions');
    expect([over.status, errorCode(over)]).toEqual([429, 'E0000047']);
    expect(rate(over).slice(0, 2)).toEqual([2, 0]);
    expect(caller.org.sessions()).toEqual([]);
    caller.clock.advance(60_000);
    expect(caller.send('POST', '/sessions').status).toBe(200);
  });

  it('session reads and writes share a bucket, every other path has its own', () => {
    const caller = new Caller(small);
    const { id } = caller.create();
    caller.send('GET', '/sessions');
    expect(caller.send('DELETE', `/sessions/${id}`).status).toBe(429);
    const paths = ['bulk-upsert', 'bulk-delete', 'bulk-groups-upsert', 'bulk-groups-delete', 'start-import'];
    for (const path of [...paths, 'bulk-group-memberships-upsert', 'bulk-group-memberships-delete']) {
      const statuses = [1, 2, 3].map(() => caller.send('POST', `/sessions/${id}/${path}`, '{').status);
      expect(statuses).toEqual([400, 400, 429]);
    }
  });

  it('a limit of one bucket leaves the others as they are', () => {
    const caller = new Caller({ rateLimits: { 'start-import': { limit: 1, windowMs: 1000 } } });
    expect(rate(caller.trigger('x'))[0]).toBe(1);
    expect(rate(caller.send('GET', '/sessions'))[0]).toBe(600);
  });

  it('a request into a window known to be used up is a violation, one that may have been under way is not', () => {
    const caller = new Caller({ ...small, noticeMs: 100 });
    const rules = () => caller.org.violations.map(({ rule }) => rule);
    caller.send('GET', '/sessions');
    caller.send('GET', '/sessions');
    caller.clock.advance(100);
    expect(caller.send('GET', '/sessions').status).toBe(429);
    expect(rules()).toEqual([]);
    caller.clock.advance(1);
    caller.send('GET', '/sessions');
    expect(rules()).toEqual(['exhausted-window']);
    caller.clock.advance(60_000);
    caller.send('GET', '/sessions');
    expect(rules()).toEqual(['exhausted-window']);
  });

  it.each<[FaultKind, boolean]>([
    ['truncated', false],
    ['resetAfter', false],
    ['slow', false],
    ['html', true],
  ])('an answer tells that a window is used up only when it surely came: %s, %s', (kind, told) => {
    const caller = new Caller({
      rateLimit: { limit: 1, windowMs: 60_000 },
      slowMs: 10,
      fault: (_, index) => (index === 0 ? { kind } : undefined),
    });
    caller.try('POST', '/sessions');
    caller.clock.advance(1000);
    expect(caller.send('GET', '/sessions').status).toBe(429);
    expect(caller.org.violations).toHaveLength(told ? 1 : 0);
  });

  it('a client that waits until the reset, by the answer’s date, is never refused', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 90_000 }),
        fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 40 }),
        (limit, windowMs, pauses) => {
          const caller = new Caller({ rateLimit: { limit, windowMs } });
          for (const pause of pauses) {
            caller.clock.advance(pause);
            const answer = caller.send('GET', '/sessions');
            expect(answer.status).toBe(200);
            const [, remaining, reset = 0] = rate(answer);
            if (remaining === 0)
              caller.clock.advance(reset * 1000 - Date.parse(answer.headers['date'] ?? ''));
          }
          expect(caller.org.violations).toEqual([]);
        },
      ),
    );
  });

  it('more at once than the org allows are 429 with limit 0 and remaining 0', () => {
    const caller = new Caller({ concurrencyLimit: 2, latencyMs: 50 });
    const statuses = [1, 2, 3].map(() => caller.send('GET', '/sessions').status);
    expect(statuses).toEqual([200, 200, 429]);
    expect(rate(caller.send('GET', '/sessions')).slice(0, 2)).toEqual([0, 0]);
    caller.clock.advance(50);
    expect(caller.send('GET', '/sessions').status).toBe(200);
  });
});

describe('faults', () => {
  /** What becomes of a create that meets the fault, whether it was acted on, and the same once more without. */
  const meet = (kind: FaultKind) => {
    const caller = new Caller({ fault: (_, index) => (index === 0 ? { kind } : undefined) });
    const reply = caller.try('POST', '/sessions');
    const seen = reply.kind === 'answer' ? reply.status : reply.kind;
    return { seen, reply, acted: caller.org.sessions().length === 1, trace: caller.org.faultTrace };
  };

  it.each<[FaultKind, unknown, boolean]>([
    ['refuse', 'refused', false],
    ['resetBefore', 'reset', false],
    ['resetAfter', 'reset', true],
    ['rateLimit', 429, false],
    ['concurrencyLimit', 429, false],
    ['unavailable', 503, false],
    ['errorBefore', 500, false],
    ['errorAfter', 500, true],
    ['truncated', 200, true],
    ['html', 200, true],
    ['slow', 200, true],
    ['unauthorized', 401, false],
    ['notFound', 404, false],
    ['sessionError', 200, true],
    ['late', 'reset', false],
    ['staleGet', 200, true],
    ['staleList', 200, true],
  ])('%s: %s, acted on: %s', (kind, seen, acted) => {
    const met = meet(kind);
    expect([met.seen, met.acted]).toEqual([seen, acted]);
    expect(met.trace).toEqual([{ index: 0, kind }]);
  });

  it('all kinds are tested above', () => expect(FAULT_KINDS).toHaveLength(17));

  it('the two that spoil the body, and the one that is late', () => {
    expect(() => void JSON.parse((meet('truncated').reply as OrgAnswer).body)).toThrow();
    expect(meet('truncated').reply).toMatchObject({ cut: true });
    expect(meet('html').reply).toMatchObject({ headers: { 'content-type': 'text/html' } });
    expect(meet('slow').reply).toMatchObject({ delayMs: 5000 });
  });

  it('the two kinds of 429 differ as the service’s do, and the window stays used up', () => {
    const caller = new Caller({ fault: (_, index) => (index === 0 ? { kind: 'rateLimit' } : undefined) });
    expect(rate(caller.send('GET', '/sessions')).slice(0, 2)).toEqual([600, 0]);
    expect(caller.send('GET', '/sessions').status).toBe(429);
    caller.clock.advance(60_000);
    expect(caller.send('GET', '/sessions').status).toBe(200);
    expect(rate(meet('concurrencyLimit').reply as OrgAnswer).slice(0, 2)).toEqual([0, 0]);
  });

  it.each([
    [0, 0],
    [0.5, 2],
    [1, 4],
  ])('a session that ends in ERROR with %d of its content applied', (applied, held) => {
    const caller = new Caller({
      fault: ({ path }) => (path.endsWith('start-import') ? { kind: 'sessionError', applied } : undefined),
    });
    const { id } = caller.create();
    caller.upsertUsers(id, 'u1', 'u2', 'u3', 'u4');
    expect(caller.trigger(id).status).toBe(200);
    caller.clock.advance(1000);
    expect(caller.get(id).status).toBe('ERROR');
    expect(caller.org.directory().users.size).toBe(held);
  });

  it('a late request is acted on after its connection was reset, at its time and in its order', () => {
    const caller = new Caller({
      fault: (_, index) => (index < 2 ? { kind: 'late' } : undefined),
      lateMs: 3000,
    });
    for (let i = 0; i < 2; i++) {
      expect(caller.try('POST', '/sessions')).toEqual({ kind: 'reset', acted: false, delayMs: 0 });
      caller.clock.advance(1000);
    }
    caller.clock.advance(999);
    expect(caller.org.sessions()).toEqual([]);
    const created = caller.clock.now() + 1;
    caller.clock.advance(60_000);
    // The second was refused by then, which is nobody's mistake.
    expect(caller.org.sessions()).toMatchObject([{ status: 'CREATED', created }]);
    expect(caller.org.violations).toEqual([]);
  });

  it('a stale view shows a session and the list as they were some time ago', () => {
    let kind: FaultKind | undefined;
    const caller = new Caller({ fault: () => kind && { kind }, staleMs: 5000, importMs: 1000 });
    const { id } = caller.create();
    const seen = (of: FaultKind) => {
      kind = of;
      const answers = [caller.send('GET', `/sessions/${id}`), caller.send('GET', '/sessions')];
      kind = undefined;
      return answers.map(({ body, status }) =>
        status === 200 ? /"status":"(\w+)"/.exec(body)?.[1] : status,
      );
    };
    caller.clock.advance(4999);
    expect([seen('staleGet'), seen('staleList')]).toEqual([
      [404, 'CREATED'],
      ['CREATED', undefined],
    ]);
    caller.upsertUsers(id, 'u1');
    caller.clock.advance(1);
    expect([seen('staleGet'), seen('staleList')]).toEqual([
      ['CREATED', 'IN_PROGRESS'],
      ['IN_PROGRESS', 'CREATED'],
    ]);
    caller.trigger(id);
    caller.clock.advance(4999);
    expect([seen('staleGet'), seen('staleList')]).toEqual([
      ['IN_PROGRESS', undefined],
      ['COMPLETED', 'IN_PROGRESS'],
    ]);
    caller.clock.advance(5000);
    expect([seen('staleGet'), seen('staleList')]).toEqual([
      ['COMPLETED', undefined],
      ['COMPLETED', undefined],
    ]);
  });

  it('the same seed gives the same faults, ids and answers; stopped, there are none', () => {
    const rates = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0.05]));
    const talk = (seed: number) => {
      const caller = new Caller({ faults: { seed, rates }, rateLimit: { limit: 1e6, windowMs: 1000 } });
      const replies = Array.from({ length: 300 }, (_, at) => {
        caller.clock.advance(700);
        return caller.try(at % 3 === 0 ? 'POST' : 'GET', '/sessions');
      });
      const trace = caller.org.faultTrace;
      caller.org.stopFaults();
      caller.clock.advance(60_000);
      for (let at = 0; at < 50; at++) expect(caller.send('GET', '/sessions').status).toBe(200);
      return { replies, trace };
    };
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { replies, trace } = talk(seed);
        expect(talk(seed)).toEqual({ replies, trace });
        expect(new Set(trace.map(({ kind }) => kind)).size).toBeGreaterThan(6);
        expect(talk(seed + 1).trace).not.toEqual(trace);
      }),
      { numRuns: 20 },
    );
  });

  it('rates are kept', () => {
    const caller = new Caller({ faults: { seed: 5, rates: { errorBefore: 0.2, resetAfter: 0.1 } } });
    for (let at = 0; at < 4000; at++) {
      caller.clock.advance(200);
      caller.try('GET', '/sessions');
    }
    const count = (kind: FaultKind) => caller.org.faultTrace.filter((met) => met.kind === kind).length / 4000;
    expect(count('errorBefore')).toBeCloseTo(0.2, 1);
    expect(count('resetAfter')).toBeCloseTo(0.1, 1);
  });
});
