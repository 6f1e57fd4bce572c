import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { AbortedError, OktaHttpError, OktaNetworkError, OktaResponseError } from '../../src/core/errors.js';
import type { Attempt, Authorizer } from '../../src/okta/sign-in/auth.js';
import { checkOptions, type ClientOptions } from '../../src/okta/client-options.js';
import { Exchange, type Call } from '../../src/okta/exchange.js';
import { OPERATIONS, type Operation } from '../../src/okta/operations.js';
import {
  TransportError,
  type ClientWait,
  type Transport,
  type WireRequest,
  type WireResponse,
} from '../../src/okta/wire.js';

const READ = OPERATIONS.getSession;
const ACT = OPERATIONS.upsertUsers;
const NOW = Date.UTC(2026, 0, 1);

const answer = (status: number, headers: Record<string, string> = {}, body = ''): WireResponse => ({
  status,
  headers,
  body,
});
const nonceAsked = answer(401, { 'www-authenticate': 'DPoP error="use_dpop_nonce"' });

type Step = WireResponse | Error | ((request: WireRequest) => Promise<WireResponse>);

/** An exchange over scripted answers, whose waits take no time and are remembered. */
function exchange(
  steps: Step[],
  { onUnauthorized = async () => false, onAnswer, authorize }: Partial<Authorizer> = {},
  more: Partial<ClientOptions> = {},
) {
  const requests: WireRequest[] = [];
  const attempts: Attempt[] = [];
  const sleeps: number[] = [];
  let now = NOW;
  const transport: Transport = async (request) => {
    requests.push(request);
    const step = steps.shift();
    if (step === undefined) throw new Error('nothing is left to answer');
    if (step instanceof Error) throw step;
    return typeof step === 'function' ? step(request) : step;
  };
  const authorizer: Authorizer = {
    authorize: async (attempt) => {
      attempts.push(attempt);
      return { authorization: `key ${attempts.length}` };
    },
    onUnauthorized,
    ...(onAnswer && { onAnswer }),
    ...(authorize && { authorize }),
  };
  const options = checkOptions({
    orgUrl: 'https://example.okta.com',
    identitySourceId: 'ids1',
    auth: authorizer,
    transport,
    random: () => 1,
    clock: {
      now: () => now,
      sleep: async (ms) => {
        sleeps.push(ms);
        now += ms;
      },
    },
    ...more,
  });
  return {
    exchange: new Exchange(options, transport, authorizer),
    requests,
    attempts,
    sleeps,
    clock: options.clock,
  };
}

function call(operation: Operation, more: Partial<Call<string>> = {}): Call<string> {
  const body = operation.method === 'POST' ? '{"x":"é"}' : undefined;
  return { operation, path: '/path', body, read: (response) => `read ${response.status}`, ...more };
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error,
  );
const nobody = () => new AbortController().signal;

describe('a request', () => {
  it('says what it takes and who asks, and with content what that is and how long, in bytes', async () => {
    const { exchange: bulk, requests } = exchange([answer(202)], {}, { userAgent: 'tests' });
    expect(await bulk.call(call(ACT), nobody())).toBe('read 202');
    expect(requests[0]).toMatchObject({
      method: 'POST',
      url: 'https://example.okta.com/path',
      body: '{"x":"é"}',
    });
    expect(requests[0]?.headers).toEqual({
      accept: 'application/json',
      'user-agent': 'tests',
      authorization: 'key 1',
      'content-type': 'application/json',
      'content-length': '10',
    });
  });

  it('without content has a length of nothing where it is a POST, and no type', async () => {
    const post = exchange([answer(201)]);
    await post.exchange.call(call(ACT, { body: '' }), nobody());
    expect(post.requests[0]?.headers).toMatchObject({ 'content-length': '0' });
    expect(post.requests[0]?.headers).not.toHaveProperty('content-type');
    const get = exchange([answer(200)]);
    await get.exchange.call(call(READ), nobody());
    expect(Object.keys(get.requests[0]?.headers ?? {})).toEqual(['accept', 'user-agent', 'authorization']);
  });

  it('the authorizer is told what its credential is for, and where waits are told', async () => {
    const onWait = () => undefined;
    const signal = nobody();
    const { exchange: one, attempts } = exchange([answer(200), answer(200)]);
    await one.call(call(READ, { onWait }), signal);
    await one.call(call(READ), signal);
    const url = 'https://example.okta.com/path';
    expect(attempts).toEqual([
      { method: 'GET', url, signal, onWait },
      { method: 'GET', url, signal },
    ]);
  });

  it('the authorizer sees every answer; what it throws hides none', async () => {
    const seen: number[] = [];
    const onAnswer = ({ status }: WireResponse) => {
      seen.push(status);
      throw new Error('its own');
    };
    const { exchange: one } = exchange([answer(500), answer(200)], { onAnswer });
    expect(await one.call(call(READ), nobody())).toBe('read 200');
    expect(seen).toEqual([500, 200]);
  });

  it('the time of the server is that of the last answer which tells it', async () => {
    const date = 'Thu, 01 Jan 2026 00:00:10 GMT';
    const { exchange: one } = exchange([answer(200, { date }), answer(200), answer(200, { date: 'soon' })]);
    expect(one.serverDate()).toBeUndefined();
    for (let n = 0; n < 3; n++) {
      await one.call(call(READ), nobody());
      expect(one.serverDate()).toBe(NOW + 10_000);
    }
  });

  it('the time of the server goes on between two answers', async () => {
    const date = 'Thu, 01 Jan 2026 00:00:10 GMT';
    const { exchange: one, clock } = exchange([answer(200, { date })]);
    await one.call(call(READ), nobody());
    await clock.sleep(7000);
    expect(one.serverDate()).toBe(NOW + 17_000);
  });
});

describe('a credential that was refused', () => {
  it('is renewed once a call', async () => {
    const { exchange: one, requests } = exchange([answer(401), answer(401)], {
      onUnauthorized: async () => true,
    });
    expect(await failure(one.call(call(ACT), nobody()))).toMatchObject({ status: 401 });
    expect(requests.map(({ headers }) => headers['authorization'])).toEqual(['key 1', 'key 2']);
  });

  it('is not tried again where there is no other', async () => {
    const { exchange: one, requests } = exchange([answer(401)]);
    expect(await failure(one.call(call(ACT), nobody()))).toMatchObject({ status: 401 });
    expect(requests).toHaveLength(1);
  });

  it('for its nonce takes three nonces a call, and one renewal besides', async () => {
    const steps = [nonceAsked, nonceAsked, answer(401), nonceAsked, nonceAsked];
    const { exchange: one, requests } = exchange(steps, { onUnauthorized: async () => true });
    expect(await failure(one.call(call(ACT), nobody()))).toMatchObject({ status: 401 });
    expect(requests).toHaveLength(5);
    const few = exchange([nonceAsked, nonceAsked, nonceAsked, answer(202)], {
      onUnauthorized: async () => true,
    });
    expect(await few.exchange.call(call(ACT), nobody())).toBe('read 202');
  });

  it('does not use up the attempts that faults have', async () => {
    const steps = [nonceAsked, answer(429), answer(202)];
    const { exchange: one, sleeps } = exchange(
      steps,
      { onUnauthorized: async () => true },
      { maxAttempts: 3 },
    );
    expect(await one.call(call(ACT), nobody())).toBe('read 202');
    expect(sleeps).toHaveLength(1);
  });

  it('the refused one is shown to the authorizer with the answer', async () => {
    const shown: unknown[] = [];
    const { exchange: one } = exchange([answer(401)], {
      onUnauthorized: async (response, credential) => {
        shown.push(response.status, credential);
        return false;
      },
    });
    await failure(one.call(call(ACT), nobody()));
    expect(shown).toEqual([401, { authorization: 'key 1' }]);
  });
});

describe('what is sent again', () => {
  const page = new OktaResponseError('op', 200, 'it is not JSON');
  const twice = (step: Step) => exchange([step, answer(200)]);

  it.each<[string, Step, boolean, boolean]>([
    ['never left', new TransportError('ECONNREFUSED', false), true, true],
    ['was lost', new TransportError('ECONNRESET', true), true, false],
    ['met a fault', answer(500), true, false],
    ['met a service that is not there', answer(503), true, false],
    ['met read-only mode', answer(503, {}, '{"errorCode":"E0000010"}'), true, true],
    ['came too often', answer(429), true, true],
    ['was refused', answer(400), false, false],
    ['is of a session that is not there', answer(404), false, false],
    ['was not allowed', answer(403), false, false],
    ['was redirected', answer(302), false, false],
    ['was redirected by the first of its kind', answer(300), false, false],
    ['was answered with nothing final', answer(199), true, false],
  ])('one that %s', async (_, step, read, act) => {
    for (const [operation, again] of [
      [READ, read],
      [ACT, act],
    ] as const) {
      const { exchange: one, requests } = twice(step);
      const outcome = await one.call(call(operation), nobody()).catch((error: unknown) => error);
      expect(requests).toHaveLength(again ? 2 : 1);
      expect(outcome instanceof Error).toBe(!again);
    }
  });

  it('a read whose answer cannot be read, and no call that acts', async () => {
    let times = 0;
    const once = {
      read: () => {
        if (++times === 1) throw page;
        return 'read';
      },
    };
    expect(await twice(answer(200)).exchange.call(call(READ, once), nobody())).toBe('read');
    times = 0;
    expect(await failure(twice(answer(200)).exchange.call(call(ACT, once), nobody()))).toBe(page);
  });

  it('waits longer each time, tells so, and gives up with the last failure', async () => {
    const waits: ClientWait[] = [];
    const { exchange: one, sleeps } = exchange(
      [answer(500), answer(500), answer(502)],
      {},
      { maxAttempts: 3, onWait: (wait) => waits.push(wait) },
    );
    expect(await failure(one.call(call(READ), nobody()))).toMatchObject({ status: 502 });
    expect(sleeps).toEqual([500, 1000]);
    const operation = 'getIdentitySourceSession';
    expect(waits).toEqual([
      { reason: 'back-off', until: NOW + 500, operation },
      { reason: 'back-off', until: NOW + 1500, operation },
    ]);
  });

  it('names the read-only mode as the reason of its waits', async () => {
    const waits: ClientWait[] = [];
    const readOnly = answer(503, {}, '{"errorCode":"E0000010"}');
    const { exchange: one } = exchange([readOnly, answer(200)], {}, { onWait: (wait) => waits.push(wait) });
    await one.call(call(ACT), nobody());
    expect(waits.map(({ reason }) => reason)).toEqual(['read-only']);
  });

  it('a wait is told to the call and to the client; what they throw harms nothing', async () => {
    const told: string[] = [];
    const listener = (name: string) => () => {
      told.push(name);
      throw new Error('its own');
    };
    const { exchange: one } = exchange([answer(500), answer(200)], {}, { onWait: listener('client') });
    expect(await one.call(call(READ, { onWait: listener('call') }), nobody())).toBe('read 200');
    expect(told.sort()).toEqual(['call', 'client']);
  });

  it('a failure of our own is told as it is, and never sent again', async () => {
    const bug = new TypeError('of our own');
    const { exchange: one, requests } = exchange([bug]);
    expect(await failure(one.call(call(READ), nobody()))).toBe(bug);
    expect(requests).toHaveLength(1);
  });
});

describe('what was certainly not acted on', () => {
  const unsent = (code = 'ECONNREFUSED') => new TransportError(code, false);
  const tooMany = (headers: Record<string, string> = {}) => answer(429, headers, '{"errorCode":"E0000047"}');
  const readOnly = answer(503, {}, '{"errorCode":"E0000010"}');
  const ok = answer(202);

  it.each<[string, Step]>([
    ['a refused connection', unsent()],
    ['a connect time-out', unsent('UND_ERR_CONNECT_TIMEOUT')],
    ['a name server without an answer', unsent('EAI_AGAIN')],
    ['one too many', tooMany()],
    ['read-only mode', readOnly],
  ])('is sent again for as long as the call has patience: %s', async (_, step) => {
    // Full jitter at its most: 0.5, 1, 2, 4, 8, 16 and then 30 seconds each.
    const steps = Array<Step>(40).fill(step);
    const { exchange: one, requests, sleeps } = exchange([...steps]);
    const error = await failure(one.call(call(ACT, { patienceMs: 900_000 }), nobody()));
    expect(error).toBeInstanceOf(Error);
    expect(sleeps.reduce((sum, ms) => sum + ms)).toBe(871_500);
    expect(requests).toHaveLength(sleeps.length + 1);
    const patient = exchange([...steps.slice(0, 30), ok]);
    expect(await patient.exchange.call(call(ACT, { patienceMs: 900_000 }), nobody())).toBe('read 202');
  });

  it('is sent once where the call has none', async () => {
    const { exchange: one, requests } = exchange([tooMany(), ok]);
    expect(await failure(one.call(call(ACT, { patienceMs: 0 }), nobody()))).toMatchObject({ status: 429 });
    expect(requests).toHaveLength(1);
  });

  it('is sent as often as any other where nothing is said', async () => {
    const { exchange: one, requests } = exchange(Array<Step>(9).fill(unsent()));
    expect(await failure(one.call(call(ACT), nobody()))).toMatchObject({ sent: false });
    expect(requests).toHaveLength(6);
  });

  it('counts from the first such failure, and leaves others their attempts', async () => {
    const { exchange: one } = exchange([answer(500), ...Array<Step>(20).fill(tooMany()), answer(500), ok]);
    expect(await one.call(call(READ, { patienceMs: 900_000 }), nobody())).toMatch('read');
  });

  it('does not make patience of a failure that may have been acted on', async () => {
    const { exchange: one, requests } = exchange([new TransportError('ECONNRESET', true), ok]);
    expect(await failure(one.call(call(ACT, { patienceMs: 900_000 }), nobody()))).toMatchObject({
      sent: true,
    });
    expect(requests).toHaveLength(1);
  });

  it.each([
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'EPROTO',
    'the proxy answered 407',
    'ENOTFOUND',
  ])('is given up like any other where waiting does not help: %s', async (code) => {
    const { exchange: one, requests } = exchange(Array<Step>(9).fill(unsent(code)));
    const error = await failure(one.call(call(ACT, { patienceMs: 900_000 }), nobody()));
    expect(error).toMatchObject({ sent: false, lasting: true });
    expect(requests).toHaveLength(6);
  });

  it('is waited for where the host was found before, or the proxy is at fault itself', async () => {
    for (const code of ['ENOTFOUND', 'the proxy answered 503']) {
      const { exchange: one } = exchange([ok, ...Array<Step>(9).fill(unsent(code)), ok]);
      await one.call(call(ACT), nobody());
      expect(await one.call(call(ACT, { patienceMs: 900_000 }), nobody())).toBe('read 202');
    }
  });

  it('of a sign-in that failed is waited out too, and without patience ends the call', async () => {
    const failing = (times: number) => {
      let left = times;
      return {
        authorize: async () => {
          if (left-- > 0) throw new OktaNetworkError('token', false, 'no access token: ECONNREFUSED');
          return {};
        },
      };
    };
    const patient = exchange([ok], failing(9));
    expect(await patient.exchange.call(call(ACT, { patienceMs: 900_000 }), nobody())).toBe('read 202');
    const given = exchange([ok], failing(1));
    expect(await failure(given.exchange.call(call(ACT), nobody()))).toMatchObject({ operation: 'token' });
  });

  it('waits as long as the answer asks', async () => {
    const date = 'Thu, 01 Jan 2026 00:00:00 GMT';
    const { exchange: one, sleeps } = exchange([
      tooMany({ 'retry-after': '20' }),
      tooMany({ 'retry-after': 'Thu, 01 Jan 2026 00:01:30 GMT', date }),
      tooMany({ 'retry-after': 'soon' }),
      ok,
    ]);
    await one.call(call(ACT, { patienceMs: 900_000 }), nobody());
    expect(sleeps).toEqual([20_000, 90_000, 2000]);
  });
});

describe('an abort', () => {
  const hanging: Step = ({ signal }) =>
    new Promise((_, reject) =>
      signal?.addEventListener('abort', () => reject(new TransportError('aborted', true))),
    );
  const unsent: Step = ({ signal }) =>
    new Promise((_, reject) =>
      signal?.addEventListener('abort', () => reject(new TransportError('aborted', false))),
    );
  const until = async (holds: () => boolean) => {
    for (let turns = 0; !holds(); turns++) {
      if (turns > 20_000) throw new Error('it never came to that');
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it('before the call sends nothing, and asks for no credential', async () => {
    const { exchange: one, requests, attempts } = exchange([]);
    expect(await failure(one.call(call(ACT), AbortSignal.abort()))).toBeInstanceOf(AbortedError);
    expect([requests, attempts]).toEqual([[], []]);
  });

  it.each<[string, Operation, Step, unknown]>([
    ['a call that acts may have been acted on once it was sent', ACT, hanging, OktaNetworkError],
    ['a call that acts was not, where it never left', ACT, unsent, AbortedError],
    ['a read just ends', READ, hanging, AbortedError],
  ])('under way: %s', async (_, operation, step, type) => {
    const abort = new AbortController();
    // Also where no attempt is left: what ended the call is the abort.
    const { exchange: one, requests } = exchange([step], {}, { maxAttempts: 1 });
    const outcome = failure(one.call(call(operation), abort.signal));
    await until(() => requests.length === 1);
    abort.abort();
    const error = await outcome;
    expect(error).toBeInstanceOf(type);
    if (type === OktaNetworkError) expect(error).toMatchObject({ sent: true });
  });

  it('in the queue ends the call at once, and it is never sent', async () => {
    let release: (response: WireResponse) => void = () => undefined;
    const held: Step = () => new Promise((resolve) => (release = resolve));
    const { exchange: one, requests } = exchange([held, answer(200)], {}, { concurrency: 1 });
    const first = one.call(call(READ), nobody());
    const abort = new AbortController();
    const second = failure(one.call(call(READ), abort.signal));
    await until(() => requests.length === 1);
    abort.abort();
    expect(await second).toBeInstanceOf(AbortedError);
    expect(await failure(one.call(call(READ), AbortSignal.abort()))).toBeInstanceOf(AbortedError);
    release(answer(200));
    await first;
    expect(requests).toHaveLength(1);
  });

  it('before a back-off ends the call', async () => {
    const abort = new AbortController();
    const { exchange: one, sleeps } = exchange([
      async () => {
        abort.abort();
        return answer(500);
      },
    ]);
    expect(await failure(one.call(call(READ), abort.signal))).toBeInstanceOf(AbortedError);
    expect(sleeps).toEqual([]);
  });

  it('that never comes leaves no listener behind', async () => {
    const signal = nobody();
    const { exchange: one } = exchange([answer(200), answer(400)]);
    await one.call(call(READ), signal);
    expect(await failure(one.call(call(READ), signal))).toBeInstanceOf(OktaHttpError);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
