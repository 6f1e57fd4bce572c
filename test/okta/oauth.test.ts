import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { OktaAuthError, OktaNetworkError, OptionsError } from '../../src/core/errors.js';
import { createClient } from '../../src/okta/client.js';
import { isLostAnswer } from '../../src/okta/lost-answer.js';
import type { OAuthOptions } from '../../src/okta/sign-in/oauth-options.js';
import { isRefused } from '../../src/upload/error-kinds.js';
import type { KeySource } from '../../src/okta/sign-in/private-key.js';
import type { ClientWait, Transport } from '../../src/okta/wire.js';
import { CLIENT_ID, failure, jwkOf, kms, KEYS, pemOf, serviceApp } from './service-app.js';

const { RS256, ES256 } = KEYS;
const MINUTE = 60_000;

describe('a service app signs in', () => {
  it.each<[string, () => KeySource]>([
    ['RS256, PEM in PKCS#8', () => pemOf(RS256.privateKey)],
    ['RS256, PEM in PKCS#1', () => pemOf(RS256.privateKey, 'pkcs1')],
    ['ES256, PEM in PKCS#8', () => pemOf(ES256.privateKey)],
    ['ES256, PEM in SEC1', () => pemOf(ES256.privateKey, 'sec1')],
    ['a PEM on one line', () => pemOf(RS256.privateKey).replaceAll('\n', '\\n')],
    ['RS256, JWK', () => jwkOf(RS256.privateKey, { alg: 'RS256' })],
    ['ES256, JWK', () => jwkOf(ES256.privateKey)],
    ['a JWK as JSON text', () => JSON.stringify(jwkOf(ES256.privateKey, { kid: 'one' }))],
    ['a function', () => async () => pemOf(RS256.privateKey)],
    ['RS256 in a KMS', () => kms('RS256')],
    ['ES256 in a KMS that answers DER', () => kms('ES256')],
    ['ES256 in a KMS that answers 64 bytes', () => kms('ES256', 'ieee-p1363')],
  ])('with %s', async (_, privateKey) => {
    const { okta, org, seen } = await serviceApp({ privateKey: privateKey() });
    expect(await okta.listSessions()).toEqual([]);
    expect(seen()).toEqual({ token: [400, 200], api: [200] });
    expect(org.violations).toEqual([]);
  });

  it.each<[string, (r: number, s: number) => boolean]>([
    ['a short first number', (r) => r < 32],
    ['a short second number', (_, s) => s < 32],
    ['two long numbers', (r, s) => r === 33 && s === 33],
  ])('with a DER signature of %s', async (_, wanted) => {
    const inner = kms('ES256');
    const privateKey = {
      algorithm: 'ES256' as const,
      sign: async (data: Uint8Array, signal: AbortSignal) => {
        // ECDSA signatures differ each time; the lengths of their numbers too.
        for (;;) {
          const der = await inner.sign(data, signal);
          const [r, s] = [der[3]!, der[5 + der[3]!]!];
          if (wanted(r, s)) return der;
        }
      },
    };
    const { okta, org } = await serviceApp({ privateKey }, { dpop: 'ignored' });
    expect(await okta.listSessions()).toEqual([]);
    expect(org.violations).toEqual([]);
  });

  it('with the key that its id names', async () => {
    const publicKeys = [jwkOf(RS256.publicKey, { kid: 'rsa' }), jwkOf(ES256.publicKey, { kid: 'ec' })];
    const named = await serviceApp({ keyId: 'ec' }, { publicKeys });
    expect(await named.okta.listSessions()).toEqual([]);
    const own = await serviceApp({ privateKey: jwkOf(RS256.privateKey, { kid: 'rsa' }) }, { publicKeys });
    expect(await own.okta.listSessions()).toEqual([]);
    const other = await serviceApp({ keyId: 'rsa' }, { publicKeys });
    expect(await failure(other.okta.listSessions())).toMatchObject({ errorCode: 'invalid_client' });
  });

  it.each<[OAuthOptions['dpop'], 'required' | 'optional' | 'ignored', unknown[]]>([
    [undefined, 'required', [400, 200]],
    [undefined, 'optional', [400, 200]],
    [undefined, 'ignored', [200]],
    [true, 'required', [400, 200]],
    [false, 'optional', [200]],
    [false, 'ignored', [200]],
  ])('dpop: %s, at an app where it is %s', async (dpop, asked, token) => {
    const { okta, org, seen } = await serviceApp(dpop === undefined ? {} : { dpop }, { dpop: asked });
    expect((await okta.createSession()).status).toBe('CREATED');
    expect(seen()).toEqual({ token, api: [200] });
    expect(org.violations).toEqual([]);
  });

  it('an app that requires DPoP refuses a client without; a client that requires it refuses a bearer token', async () => {
    const without = await serviceApp({ dpop: false });
    expect(await failure(without.okta.listSessions())).toMatchObject({ errorCode: 'invalid_dpop_proof' });
    const bearer = await serviceApp({ dpop: true }, { dpop: 'ignored' });
    expect(await failure(bearer.okta.listSessions())).toMatchObject({ option: 'auth.dpop' });
    expect([...without.seen().api, ...bearer.seen().api]).toEqual([]);
  });

  it('with a clock that is hours wrong, once an answer told the time', async () => {
    for (const skew of [-2 * 60 * MINUTE, 2 * 60 * MINUTE]) {
      const { clock, connect, seen } = await serviceApp();
      const wrong = { now: () => clock.now() + skew, sleep: (ms: number) => clock.sleep(ms) };
      expect(await connect({ clock: wrong }).listSessions()).toEqual([]);
      expect(seen()).toEqual({ token: [401, 200], api: [200] });
    }
  });
});

describe('a refused sign-in', () => {
  it('ends the call with OktaAuthError, asks once, and sends nothing', async () => {
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { okta, seen } = await serviceApp({ privateKey: pemOf(stranger.privateKey) });
    const error = await failure(okta.createSession());
    expect(error).toBeInstanceOf(OktaAuthError);
    expect(error).toMatchObject({ operation: 'token', status: 401, errorCode: 'invalid_client' });
    expect(isLostAnswer(error)).toBe(false);
    expect(seen()).toEqual({ token: [401], api: [] });
  });

  it('is never read as the answer to the call: a 400 to the sign-in does not make a session unknown', async () => {
    const { okta } = await serviceApp({ scopes: ['okta.users.read'] });
    const error = await failure(okta.getSession('s1'));
    expect(error).toBeInstanceOf(OktaAuthError);
    expect(error).toMatchObject({ status: 400, errorCode: 'invalid_scope' });
    expect(isRefused(error)).toBe(false);
  });

  it('nor does a 400 to a proof', async () => {
    const challenge =
      'DPoP algs="RS256 ES256", error="invalid_dpop_proof", error_description="\'htu\' is invalid."';
    const { connect } = await serviceApp();
    const transport: Transport = async () => ({
      status: 400,
      headers: { 'www-authenticate': challenge },
      body: '{"errorCode":"E0000001"}',
    });
    const okta = connect({ transport, auth: { token: 'a' } });
    for (const call of [okta.getSession('s1'), okta.deleteUsers('s1', ['u1']), okta.createSession()]) {
      expect(await failure(call)).toBeInstanceOf(OktaAuthError);
    }
  });

  it('a scope that was not asked for is one that the calls lack', async () => {
    const { okta } = await serviceApp({ scopes: ['okta.identitySources.read'] });
    expect(await okta.listSessions()).toEqual([]);
    expect(await failure(okta.createSession())).toMatchObject({
      status: 403,
      code: 'ERR_ROLLCALL_OKTA_AUTH',
    });
  });
});

describe('a token', () => {
  it('serves every call until a minute before its end, and is then renewed without a refusal', async () => {
    const { okta, clock, seen } = await serviceApp();
    await okta.listSessions();
    clock.advance(58 * MINUTE);
    await okta.listSessions();
    expect(seen().token).toEqual([400, 200]);
    clock.advance(MINUTE + 1);
    await okta.listSessions();
    expect(seen()).toEqual({ token: [400, 200, 200], api: [200, 200, 200] });
  });

  it('with a short life is used for nine tenths of it', async () => {
    const { okta, clock, seen } = await serviceApp(
      {},
      { dpop: 'ignored' },
      { oauth: { tokenLifetimeMs: 10_000 } },
    );
    await okta.listSessions();
    clock.advance(8_999);
    await okta.listSessions();
    expect(seen().token).toEqual([200]);
    clock.advance(1);
    await okta.listSessions();
    expect(seen()).toEqual({ token: [200, 200], api: [200, 200, 200] });
  });

  it('that was revoked is renewed once, and the call goes on', async () => {
    const { okta, org, seen } = await serviceApp();
    await okta.createSession();
    org.simulated.revokeTokens();
    expect(await okta.listSessions()).toHaveLength(1);
    expect(seen()).toEqual({ token: [400, 200, 200], api: [200, 401, 200] });
  });

  it('is renewed only once for a call that stays refused', async () => {
    const fault = ({ path }: { path: string }) =>
      path.includes('/sessions') ? ({ kind: 'unauthorized' } as const) : undefined;
    const { okta, seen } = await serviceApp({}, {}, { fault });
    expect(await failure(okta.listSessions())).toBeInstanceOf(OktaAuthError);
    expect(seen()).toEqual({ token: [400, 200, 200], api: [401, 401] });
  });

  it('a hundred callers ask for one, at the start, at its end, and when it was revoked', async () => {
    const { okta, org, clock, seen } = await serviceApp({}, { dpop: 'ignored' }, {}, { concurrency: 75 });
    const hundred = () => Promise.all(Array.from({ length: 100 }, () => okta.listSessions()));
    await hundred();
    expect(seen().token).toEqual([200]);
    clock.advance(60 * MINUTE);
    await hundred();
    expect(seen().token).toEqual([200, 200]);
    org.simulated.revokeTokens();
    clock.advance(MINUTE);
    await hundred();
    expect(seen().token).toEqual([200, 200, 200]);
    expect(org.violations).toEqual([]);
  });
});

describe('nonces', () => {
  it('of the token endpoint are taken from every answer, also from one that gives a token', async () => {
    const { okta, org, clock, seen } = await serviceApp({}, {}, { oauth: { nonceLifetimeMs: 60 * MINUTE } });
    for (let hours = 0; hours < 5; hours += 1) {
      await okta.listSessions();
      clock.advance(60 * MINUTE);
    }
    // The nonce that is two hours old would be refused each time.
    expect(seen()).toEqual({ token: [400, 200, 200, 200, 200, 200], api: [200, 200, 200, 200, 200] });
    expect(org.violations).toEqual([]);
  });

  it('of the API: asked for once, then taken from answers with 200 however often they change', async () => {
    const { okta, org, clock, seen } = await serviceApp(
      {},
      {},
      {
        oauth: { apiNonces: true, nonceLifetimeMs: MINUTE },
      },
    );
    await okta.createSession();
    for (let i = 0; i < 10; i += 1) {
      clock.advance(MINUTE);
      await okta.listSessions();
    }
    expect(seen().api).toEqual([401, ...Array.from({ length: 11 }, () => 200)]);
    expect(seen().token).toEqual([400, 200]);
    // After a long silence it is asked for again; the token is as good as before.
    clock.advance(10 * MINUTE);
    await okta.listSessions();
    expect(seen().api.slice(-2)).toEqual([401, 200]);
    expect(seen().token).toEqual([400, 200]);
    expect(org.violations).toEqual([]);
  });

  it('an API that asks for ever new nonces ends the call', async () => {
    const { connect } = await serviceApp();
    let n = 0;
    const transport: Transport = async ({ url }) =>
      url.endsWith('/token')
        ? { status: 200, headers: {}, body: '{"access_token":"t","token_type":"DPoP","expires_in":3600}' }
        : {
            status: 401,
            headers: { 'dpop-nonce': `n${n++}`, 'www-authenticate': 'DPoP error="use_dpop_nonce"' },
            body: '',
          };
    expect(await failure(connect({ transport }).listSessions())).toMatchObject({
      errorCode: 'use_dpop_nonce',
    });
    expect(n).toBe(4);
  });
});

describe('faults of the token endpoint', () => {
  const atToken =
    <K extends string>(...kinds: K[]) =>
    ({ path }: { path: string }) => {
      const kind = path.startsWith('/oauth2') ? kinds.shift() : undefined;
      return kind === undefined ? undefined : { kind };
    };

  it('are tried again with new assertions and proofs, and the call goes on', async () => {
    const fault = atToken('errorBefore', 'unavailable', 'resetAfter', 'html', 'truncated');
    const waits: ClientWait[] = [];
    const { okta, org, seen } = await serviceApp({}, {}, { fault }, { onWait: (wait) => waits.push(wait) });
    expect((await okta.createSession()).status).toBe('CREATED');
    expect(seen().token).toEqual([500, 503, 'reset', 502, 400, 400, 200]);
    expect(waits).toHaveLength(5);
    expect(new Set(waits.map(({ operation }) => operation))).toEqual(new Set(['token']));
    expect(org.violations).toEqual([]);
  });

  it('a 429 is waited out as Okta says, and both listeners are told', async () => {
    const told: ClientWait[][] = [[], []];
    const { okta, clock, seen, org } = await serviceApp(
      {},
      { dpop: 'ignored' },
      { fault: atToken('rateLimit') },
      { onWait: (wait) => told[0]!.push(wait) },
    );
    const before = clock.now();
    await okta.listSessions({
      onWait: (wait) => {
        told[1]!.push(wait);
        throw new Error('listeners must not reach the run');
      },
    });
    expect(seen().token).toEqual([429, 200]);
    expect(clock.now() - before).toBeGreaterThan(MINUTE);
    expect(told[0]!.map(({ reason }) => reason)).toEqual(['back-off', 'rate-limit']);
    expect(told[1]).toEqual(told[0]);
    expect(org.violations).toEqual([]);
  });

  it('that stay end the call within the bounds, as one that was certainly not sent', async () => {
    const fault = ({ path }: { path: string }) =>
      path.startsWith('/oauth2') ? ({ kind: 'unavailable' } as const) : undefined;
    const { okta, seen } = await serviceApp({}, {}, { fault }, { maxAttempts: 3 });
    const error = await failure(okta.createSession());
    expect(error).toBeInstanceOf(OktaNetworkError);
    expect(error).toMatchObject({ operation: 'token', sent: false });
    expect(error.message).toMatch(/Okta answered 503 \(E0000010, request \w+\)/);
    expect(isLostAnswer(error)).toBe(false);
    expect(seen()).toEqual({ token: [503, 503, 503], api: [] });
  });

  it('a redirect is not followed, and not tried again', async () => {
    const { connect } = await serviceApp();
    let asked = 0;
    const transport: Transport = async () => {
      asked += 1;
      return { status: 302, headers: { location: 'https://elsewhere.example' }, body: '' };
    };
    expect(await failure(connect({ transport }).createSession())).toMatchObject({ sent: false });
    expect(asked).toBe(1);
  });

  it('a signer that never answers ends the call in time', async () => {
    const privateKey = { algorithm: 'ES256', sign: () => new Promise<never>(() => {}) } as const;
    const { okta, seen } = await serviceApp({ privateKey }, {}, {}, { requestTimeoutMs: 20, maxAttempts: 2 });
    expect(await failure(okta.createSession())).toMatchObject({
      code: 'ERR_ROLLCALL_OKTA_NETWORK',
      sent: false,
    });
    expect(seen()).toEqual({ token: [], api: [] });
  });

  it('ends with the call that waits for it', async () => {
    let signed: ((signal: AbortSignal) => void) | undefined;
    const signing = new Promise<AbortSignal>((resolve) => (signed = resolve));
    const sign = (_: Uint8Array, signal: AbortSignal) => {
      signed!(signal);
      return new Promise<never>(() => {});
    };
    const { okta, seen } = await serviceApp({ privateKey: { algorithm: 'ES256', sign } });
    const leaving = new AbortController();
    const call = failure(okta.createSession({ signal: leaving.signal }));
    const signal = await signing;
    leaving.abort();
    expect(await call).toMatchObject({ code: 'ERR_ROLLCALL_ABORTED' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(signal.aborted).toBe(true);
    expect(seen()).toEqual({ token: [], api: [] });
  });
});

describe('options and secrets', () => {
  const make = (auth: object) => () =>
    createClient({ orgUrl: 'https://example.okta.com', identitySourceId: 'i', auth: auth as OAuthOptions });
  const pem = pemOf(ES256.privateKey);
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  const locked = ES256.privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  });

  it.each<[string, object]>([
    ['auth.clientId', { privateKey: pem }],
    ['auth.clientId', { clientId: 'two words', privateKey: pem }],
    ['auth.privateKey', { clientId: 'c' }],
    ['auth.privateKey', { clientId: 'c', privateKey: 'not a key' }],
    ['auth.privateKey', { clientId: 'c', privateKey: pemOf(ES256.publicKey, 'spki') }],
    ['auth.privateKey', { clientId: 'c', privateKey: jwkOf(ES256.publicKey) }],
    ['auth.privateKey', { clientId: 'c', privateKey: '{"kty":"EC"' }],
    ['auth.privateKey', { clientId: 'c', privateKey: jwkOf(ES256.privateKey, { alg: 'RS256' }) }],
    ['auth.privateKey', { clientId: 'c', privateKey: pemOf(small) }],
    ['auth.privateKey', { clientId: 'c', privateKey: pemOf(p384) }],
    ['auth.privateKey', { clientId: 'c', privateKey: locked }],
    ['auth.privateKey.algorithm', { clientId: 'c', privateKey: { algorithm: 'HS256', sign: () => pem } }],
    ['auth.privateKey.sign', { clientId: 'c', privateKey: { algorithm: 'ES256', sign: pem } }],
    ['auth.keyId', { clientId: 'c', privateKey: pem, keyId: '' }],
    ['auth.scopes', { clientId: 'c', privateKey: pem, scopes: [] }],
    ['auth.scopes', { clientId: 'c', privateKey: pem, scopes: ['a b'] }],
    ['auth.dpop', { clientId: 'c', privateKey: pem, dpop: 'yes' }],
    ['scope', { clientId: 'c', privateKey: pem, scope: ['a'] }],
    ['keyId', { token: 't', keyId: 'k' }],
    ['auth', 'token' as unknown as object],
  ])('%s that cannot work is refused at once, and no key is quoted', (option, auth) => {
    expect(make(auth)).toThrow(OptionsError);
    expect(make(auth)).toThrow(expect.objectContaining({ option }));
    try {
      make(auth)();
    } catch (error) {
      for (const line of pem.split('\n').filter((part) => part.length > 20 && !part.startsWith('-'))) {
        expect(inspect(error, { depth: 9 })).not.toContain(line);
      }
    }
  });

  it.each<[string, KeySource, string]>([
    ['a function that gives no key', () => 'nothing of use', 'auth.privateKey'],
    [
      'a signer that gives no signature',
      { algorithm: 'RS256', sign: () => 'text' as never },
      'auth.privateKey.sign',
    ],
    [
      'a signer of another form',
      { algorithm: 'ES256', sign: () => new Uint8Array(70) },
      'auth.privateKey.sign',
    ],
  ])('%s is refused when it is asked', async (_, privateKey, option) => {
    const { okta, seen } = await serviceApp({ privateKey });
    expect(await failure(okta.createSession())).toMatchObject({ code: 'ERR_ROLLCALL_OPTIONS', option });
    expect(seen()).toEqual({ token: [], api: [] });
  });

  it('no key, assertion, token or proof is in any inspection, JSON, wait or error', async () => {
    const secrets = new Set<string>();
    const told: unknown[] = [];
    const { connect, org } = await serviceApp(
      {},
      {},
      { fault: (_, index) => (index === 4 ? { kind: 'errorAfter' } : undefined) },
    );
    // What goes over the wire is gathered on its way.
    const direct: Transport = async ({ method, url, headers, body }) => {
      for (const name of ['authorization', 'dpop']) {
        const value = headers[name]?.split(' ').at(-1);
        if (value !== undefined) secrets.add(value);
      }
      const assertion = new URLSearchParams(body).get('client_assertion');
      if (assertion !== null) secrets.add(assertion);
      const { 'content-length': _, ...rest } = headers;
      const init = { method, headers: rest, ...(body !== undefined && { body }) };
      const answer = await fetch(url, init);
      return {
        status: answer.status,
        headers: Object.fromEntries(answer.headers),
        body: await answer.text(),
      };
    };
    const jwk = jwkOf(ES256.privateKey, { kid: 'k' }) as { kty: string; d: string };
    const okta = connect({
      transport: direct,
      onWait: (wait) => told.push(wait),
      auth: { clientId: CLIENT_ID, privateKey: jwk },
    });
    told.push(await okta.listSessions());
    told.push(await okta.createSession());
    told.push(await failure(okta.createSession()));
    org.simulated.setFault(() => ({ kind: 'unauthorized' }));
    told.push(await failure(okta.listSessions()));
    told.push(okta, org.violations, org.requests);
    expect(secrets.size).toBeGreaterThan(8);
    secrets.add(jwk.d).add(pem.split('\n')[1]!);
    for (const item of told) {
      const text = inspect(item, { depth: 20, showHidden: true, getters: true }) + JSON.stringify(item);
      for (const secret of secrets) expect(text.includes(secret)).toBe(false);
    }
  });
});
