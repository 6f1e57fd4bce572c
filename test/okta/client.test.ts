import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import {
  OktaAuthError,
  OktaGatewayError,
  OktaHttpError,
  OktaNetworkError,
  OktaResponseError,
  OptionsError,
} from '../../src/core/errors.js';
import { createClient } from '../../src/okta/client.js';
import type { ClientOptions } from '../../src/okta/client-options.js';
import { isLostAnswer } from '../../src/okta/lost-answer.js';
import {
  TransportError,
  type OktaClient,
  type Transport,
  type WireRequest,
  type WireResponse,
} from '../../src/okta/wire.js';

const TOKEN = 'secret-token-00aa';
const SESSION = { id: 's1', status: 'CREATED' };
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function json(status: number, value?: unknown, headers: Record<string, string> = {}): WireResponse {
  return { status, headers, body: value === undefined ? '' : JSON.stringify(value) };
}

/** The answer of something in between. */
function page(status: number): WireResponse {
  return { status, headers: { 'content-type': 'text/html' }, body: '<html>' };
}

/** A client over scripted answers, whose waits take no time but are remembered. */
function scripted(steps: (WireResponse | Error)[], options: Partial<ClientOptions> = {}) {
  const requests: WireRequest[] = [];
  const sleeps: number[] = [];
  let now = 0;
  const transport: Transport = async (request) => {
    requests.push(request);
    const step = steps.shift();
    if (step === undefined) throw new Error('nothing is left to answer');
    if (step instanceof Error) throw step;
    return step;
  };
  const client = createClient({
    orgUrl: 'https://example.okta.com',
    identitySourceId: 'ids1',
    auth: { token: TOKEN },
    transport,
    clock: {
      now: () => now,
      sleep: async (ms) => {
        sleeps.push(ms);
        now += ms;
      },
    },
    random: () => 1,
    ...options,
  });
  return { client, requests, sleeps };
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error,
  );
}

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

async function served(handler: Handler, options: Partial<ClientOptions> = {}) {
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => handler(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client: OktaClient = createClient({
    orgUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    identitySourceId: 'ids1',
    auth: { token: TOKEN },
    random: () => 0,
    ...options,
  });
  closers.push(
    () => new Promise((resolve) => server.close(resolve)),
    async () => server.closeAllConnections(),
    () => client.close(),
  );
  return client;
}

describe('requests', () => {
  it('a POST without content carries Content-Length 0, and a token', async () => {
    const { client, requests } = scripted([json(201, SESSION)]);
    expect(await client.createSession()).toMatchObject(SESSION);
    expect(requests[0]).toMatchObject({
      method: 'POST',
      url: 'https://example.okta.com/api/v1/identity-sources/ids1/sessions',
      body: '',
      headers: { 'content-length': '0', authorization: `SSWS ${TOKEN}` },
    });
  });

  it('every bulk call has its own path and body', async () => {
    const { client, requests } = scripted(Array.from({ length: 6 }, () => json(202)));
    const members = [{ groupExternalId: 'g', memberExternalIds: ['a', 'b'] }];
    await client.upsertUsers('s/1', [{ externalId: 'a', profile: { userName: 'é' } }]);
    await client.deleteUsers('s/1', ['a']);
    await client.upsertGroups('s/1', { body: '{"as":"it is"}' });
    await client.deleteGroups('s/1', ['g']);
    await client.upsertMemberships('s/1', members);
    await client.deleteMemberships('s/1', members);
    expect(requests.map((request) => [request.url.split('/sessions/s%2F1/')[1], request.body])).toEqual([
      ['bulk-upsert', '{"entityType":"USERS","profiles":[{"externalId":"a","profile":{"userName":"é"}}]}'],
      ['bulk-delete', '{"entityType":"USERS","profiles":[{"externalId":"a"}]}'],
      ['bulk-groups-upsert', '{"as":"it is"}'],
      ['bulk-groups-delete', '{"externalIds":["g"]}'],
      [
        'bulk-group-memberships-upsert',
        '{"memberships":[{"groupExternalId":"g","memberExternalIds":["a","b"]}]}',
      ],
      [
        'bulk-group-memberships-delete',
        '{"memberships":[{"groupExternalId":"g","memberExternalIds":["a","b"]}]}',
      ],
    ]);
    expect(requests[0]!.headers['content-length']).toBe(String(Buffer.byteLength(requests[0]!.body!)));
  });

  it('start-import may answer with an array of one', async () => {
    const { client } = scripted([json(200, [{ id: 's1', status: 'TRIGGERED' }])]);
    expect((await client.startImport('s1')).status).toBe('TRIGGERED');
  });

  it('an unknown session is undefined, but only when Okta itself says so', async () => {
    const page: WireResponse = { status: 404, headers: {}, body: '<html>' };
    const { client } = scripted([
      json(404, { errorCode: 'E0000007' }),
      json(400, { errorCode: 'E0000001' }),
      page,
    ]);
    expect(await client.getSession('s1')).toBeUndefined();
    expect(await client.getSession('s1')).toBeUndefined();
    expect(await failure(client.getSession('s1'))).toBeInstanceOf(OktaHttpError);
  });
});

describe('what is sent again', () => {
  it('a call that acts is sent again only when it certainly was not acted on', async () => {
    const refused = new TransportError('ECONNREFUSED', false);
    const readOnly = json(503, { errorCode: 'E0000010' });
    const { client, requests, sleeps } = scripted([refused, json(429), readOnly, json(202)]);
    await client.deleteUsers('s1', ['a']);
    expect(requests).toHaveLength(4);
    expect(sleeps).toEqual([500, 1000, 2000]);
  });

  it.each([
    ['a reset', new TransportError('ECONNRESET', true), OktaNetworkError],
    ['a service fault', json(500, { errorCode: 'E0000009' }), OktaHttpError],
    ['a request that timed out', json(408, { errorCode: 'E0000009' }), OktaHttpError],
    ['the page of a gateway that timed out', page(408), OktaGatewayError],
    ['a page', { status: 200, headers: {}, body: '<html>' }, OktaResponseError],
  ])('%s is a lost answer: thrown for a call that acts, asked again for a read', async (_, step, type) => {
    const acting = scripted([step]);
    const error = await failure(acting.client.startImport('s1'));
    expect(error).toBeInstanceOf(type);
    expect(isLostAnswer(error)).toBe(true);
    expect(acting.requests).toHaveLength(1);
    const reading = scripted([step, json(200, [])]);
    expect(await reading.client.listSessions()).toEqual([]);
  });

  it('408 that lasts ends a read after its last attempt, and says what Okta answered', async () => {
    const { signal } = new AbortController();
    const answer = json(
      408,
      { errorCode: 'E0000009', errorSummary: 'Timed out' },
      { 'x-okta-request-id': 'r1' },
    );
    const { client, requests, sleeps } = scripted([answer, answer, answer], { maxAttempts: 3 });
    // Patience is for requests on which Okta certainly did not act.
    const error = await failure(client.listSessions({ signal, patienceMs: 900_000 }));
    expect(error).toMatchObject({
      status: 408,
      code: 'ERR_ROLLCALL_OKTA_HTTP',
      message: 'listIdentitySourceSessions: Okta answered 408 (E0000009, request r1): Timed out',
    });
    expect(requests).toHaveLength(3);
    expect(sleeps).toEqual([500, 1000]);
  });

  it('attempts are bounded, and what was never sent is not a lost answer', async () => {
    const refused = new TransportError('ECONNREFUSED', false);
    const { client, requests } = scripted([refused, refused, refused], { maxAttempts: 3 });
    expect(isLostAnswer(await failure(client.createSession()))).toBe(false);
    expect(requests).toHaveLength(3);
  });

  it('a refused token is asked for once more only where it can have changed', async () => {
    const fixed = scripted([json(401, { errorCode: 'E0000011' }, { 'x-okta-request-id': 'r1' })]);
    const error = await failure(fixed.client.createSession());
    expect(error).toBeInstanceOf(OktaAuthError);
    expect(error).toMatchObject({ status: 401, errorCode: 'E0000011', requestId: 'r1' });
    let n = 0;
    const rotating = scripted([json(401), json(201, SESSION)], { auth: { token: () => `token-${n++}` } });
    expect((await rotating.client.createSession()).id).toBe('s1');
  });
});

describe('over real connections', () => {
  it('a session is created, and its bytes arrive as they were encoded', async () => {
    const seen: unknown[] = [];
    const client = await served((request, response, body) => {
      seen.push([
        request.method,
        request.headers['content-length'],
        request.headers['transfer-encoding'],
        body,
      ]);
      response.writeHead(body === '' ? 201 : 202).end(body === '' ? JSON.stringify(SESSION) : '');
    });
    await client.createSession();
    await client.upsertGroups('s1', { body: '{"x":"é"}' });
    expect(seen).toEqual([
      ['POST', '0', undefined, ''],
      ['POST', '10', undefined, '{"x":"é"}'],
    ]);
    expect(client.serverDate()).toBeTypeOf('number');
  });

  it.each<[string, Handler, unknown]>([
    ['a reset', (request) => void request.socket.destroy(), OktaNetworkError],
    ['no answer', () => {}, OktaNetworkError],
    [
      'a truncated answer',
      (request, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"id":');
        setImmediate(() => request.socket.destroy());
      },
      OktaNetworkError,
    ],
    [
      'a redirect',
      (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
      OktaResponseError,
    ],
    ['a huge answer', (_, response) => void response.end('x'.repeat(100_000)), OktaNetworkError],
  ])('%s is a lost answer', async (_, handler, type) => {
    const client = await served(handler, { requestTimeoutMs: 300, maxResponseBytes: 10_000 });
    const error = await failure(client.createSession());
    expect(error).toBeInstanceOf(type);
    expect(isLostAnswer(error)).toBe(true);
  });

  it('a refused connection was never sent', async () => {
    const client = createClient({
      orgUrl: 'http://127.0.0.1:1',
      identitySourceId: 'i',
      auth: { token: TOKEN },
      maxAttempts: 1,
    });
    closers.push(() => client.close());
    expect(await failure(client.createSession())).toMatchObject({
      code: 'ERR_ROLLCALL_OKTA_NETWORK',
      sent: false,
    });
  });

  it('an abort after sending says that the call may have been acted on; a read just ends', async () => {
    const controller = new AbortController();
    const client = await served(() => controller.abort());
    const { signal } = controller;
    const results = await Promise.allSettled([
      client.createSession({ signal }),
      client.createSession({ signal: AbortSignal.abort() }),
    ]);
    expect(results).toMatchObject([
      { reason: { code: 'ERR_ROLLCALL_OKTA_NETWORK', sent: true } },
      { reason: { code: 'ERR_ROLLCALL_ABORTED' } },
    ]);
  });

  it('closing ends what is under way', async () => {
    const client: OktaClient = await served(() => void client.close());
    expect(await failure(client.listSessions())).toMatchObject({ code: 'ERR_ROLLCALL_ABORTED' });
    expect(await failure(client.listSessions())).toMatchObject({ code: 'ERR_ROLLCALL_ABORTED' });
  });
});

describe('options and secrets', () => {
  it.each([
    ['orgUrl', { orgUrl: 'http://example.okta.com' }],
    ['orgUrl', { orgUrl: 'https://example-admin.okta.com' }],
    ['orgUrl', { orgUrl: 'https://u:p@example.okta.com' }],
    ['orgUrl', { orgUrl: 'https://example.okta.com/api' }],
    ['orgUrl', { orgUrl: 'https://example.okta.com/?' }],
    ['identitySourceId', { identitySourceId: '../x' }],
    ['auth.token', { auth: { token: 'two words' } }],
    ['concurrency', { concurrency: 76 }],
    ['rateLimitShare', { rateLimitShare: 0 }],
    ['concurency', { concurency: 3 }],
  ])('%s that cannot work is refused at once: %o', (option, given) => {
    const make = () => scripted([], given as Partial<ClientOptions>);
    expect(make).toThrow(OptionsError);
    expect(make).toThrow(expect.objectContaining({ option }));
  });

  it('the address of the Admin Console is refused with the one that is right', () => {
    const make = (orgUrl: string) => () => scripted([], { orgUrl });
    for (const path of ['', '/admin/dashboard']) {
      expect(make(`https://acme-admin.oktapreview.com${path}`)).toThrow(
        "orgUrl: this is the address of the Admin Console; the org's own is https://acme.oktapreview.com",
      );
    }
    expect(make('https://id.my-admin.example.com')).not.toThrow();
  });

  it('the token is in no inspection, JSON or error', async () => {
    const { client } = scripted([json(500, { errorSummary: TOKEN })]);
    const error = await failure(client.createSession());
    const shown = [
      inspect(client, { depth: 9, showHidden: true }),
      JSON.stringify(client),
      inspect(error, { depth: 9 }),
    ];
    expect(shown.join()).not.toContain(TOKEN);
  });
});
