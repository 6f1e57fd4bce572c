import { createHash, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import okta from '@okta/okta-sdk-nodejs';
import { describe, expect, it } from 'vitest';
import {
  SimulatedOrg,
  startOrg,
  type OrgAnswer,
  type OrgOAuthClient,
  type OrgOAuthOptions,
  type OrgOptions,
} from 'rollcall/simulator';
import { ManualClock } from './caller.js';

const ORIGIN = 'https://org.example';
const TOKEN_URL = `${ORIGIN}/oauth2/v1/token`;
const READ = 'okta.identitySources.read';
const MANAGE = 'okta.identitySources.manage';
const HOUR = 60 * 60_000;

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = (key: KeyObject) => key.export({ format: 'jwk' }) as { kty: string };

interface Parts {
  readonly header?: object;
  readonly claims?: object;
  readonly key?: KeyObject;
}

/** An org and an app of it that makes everything by hand, right or wrong. */
function world(
  app: Partial<OrgOAuthClient> = {},
  oauth: Partial<OrgOAuthOptions> = {},
  options: OrgOptions = {},
) {
  const clock = new ManualClock();
  const publicKeys = [rsa, ec].map(({ publicKey }) => jwk(publicKey));
  const clients = [{ clientId: 'app', publicKeys, ...app }];
  const org = new SimulatedOrg({ seed: 1, clock, oauth: { clients, origin: ORIGIN, ...oauth }, ...options });
  const now = () => Math.floor(clock.now() / 1000);

  const assertion = ({ header, claims, key = ec.privateKey }: Parts = {}) =>
    new SignJWT({ iss: 'app', sub: 'app', aud: TOKEN_URL, exp: now() + 300, jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: key.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256', ...header })
      .sign(key);

  const proof = (of: object, { header, claims, key = ec.privateKey }: Parts = {}) =>
    new SignJWT({ jti: randomUUID(), iat: now(), ...of, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: jwk(ec.publicKey), ...header })
      .sign(key);

  const answered = (reply: ReturnType<SimulatedOrg['handle']>): OrgAnswer =>
    reply.kind === 'answer' ? reply : expect.unreachable(reply.kind);

  const askToken = (client_assertion: string, dpop?: string, form: Record<string, string> = {}) => {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      scope: `${READ} ${MANAGE}`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion,
      ...form,
    }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...(dpop && { dpop }) };
    return answered(org.handle({ method: 'POST', path: '/oauth2/v1/token', headers, body }));
  };

  const path = `/api/v1/identity-sources/${org.identitySourceId}/sessions`;
  const ask = (authorization: string, dpop?: string, method = 'GET', query = '') => {
    const headers = { authorization, 'content-length': '0', ...(dpop && { dpop }) };
    return answered(org.handle({ method, path: path + query, headers }));
  };

  const forToken = (nonce?: string) => ({ htm: 'POST', htu: TOKEN_URL, nonce });
  const forApi = (token: string, method = 'GET') => ({
    htm: method,
    htu: ORIGIN + path,
    ath: createHash('sha256').update(token).digest('base64url'),
  });
  const nonce = async () =>
    askToken(await assertion(), await proof(forToken())).headers['dpop-nonce'] as string;
  const signIn = async () =>
    read(askToken(await assertion(), await proof(forToken(await nonce())))).access_token as string;

  return { org, clock, now, assertion, proof, askToken, ask, forToken, forApi, nonce, signIn };
}

function read(answer: OrgAnswer): Record<string, unknown> {
  return JSON.parse(answer.body) as Record<string, unknown>;
}

describe('client assertions', () => {
  it.each([
    ['RS256', rsa.privateKey],
    ['ES256', ec.privateKey],
  ])('a good one, by %s, gets a bearer token for an hour', async (_, key) => {
    const { assertion, askToken, ask, org, clock } = world({ dpop: 'ignored' });
    const answer = askToken(await assertion({ key }));
    expect(answer.status).toBe(200);
    expect(read(answer)).toMatchObject({
      token_type: 'Bearer',
      expires_in: 3600,
      scope: `${READ} ${MANAGE}`,
    });
    const bearer = `Bearer ${read(answer)['access_token'] as string}`;
    expect(ask(bearer).status).toBe(200);
    clock.advance(HOUR);
    const late = ask(bearer);
    expect(late.status).toBe(401);
    expect(late.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(org.violations).toEqual([]);
  });

  it.each<[string, (now: number) => Parts]>([
    ['of another key', () => ({ key: other.privateKey })],
    ['that names a key it is not of', () => ({ header: { kid: 'unknown' } })],
    ['of an unknown client', () => ({ claims: { iss: 'x', sub: 'x' } })],
    ['whose sub is another', () => ({ claims: { sub: 'x' } })],
    ['for another URL', () => ({ claims: { aud: ORIGIN } })],
    ['without an end', () => ({ claims: { exp: undefined } })],
    ['that is expired', (now) => ({ claims: { exp: now } })],
    ['that lasts longer than an hour', (now) => ({ claims: { exp: now + 3601 } })],
    ['from the future', (now) => ({ claims: { iat: now + 61 } })],
  ])('one %s is refused, and noted', async (_, parts) => {
    const publicKeys = [jwk(rsa.publicKey), { ...jwk(ec.publicKey), kid: 'ec' }];
    const { assertion, askToken, org, now } = world({ dpop: 'ignored', publicKeys });
    const answer = askToken(await assertion(parts(now())));
    expect([answer.status, read(answer)['error']]).toEqual([401, 'invalid_client']);
    expect(org.violations).toMatchObject([{ rule: 'invalid-assertion' }]);
  });

  it('one whose signature was cut, or whose claims were changed, is refused', async () => {
    const { assertion, askToken } = world({ dpop: 'ignored' });
    const [header, claims, signature] = (await assertion()).split('.') as [string, string, string];
    const changed = Buffer.from(claims, 'base64url').toString().replace('300', '301').replace('app', 'apq');
    for (const text of [
      `${header}.${claims}.${signature.slice(4)}`,
      `${header}.${Buffer.from(changed).toString('base64url')}.${signature}`,
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.${signature}`,
      `${header}.${claims}.`,
      'x',
    ]) {
      expect(askToken(text).status).toBe(401);
    }
  });

  it('one is good for one request', async () => {
    const { assertion, askToken, org } = world({ dpop: 'ignored' });
    const once = await assertion();
    expect(askToken(once).status).toBe(200);
    expect(askToken(once).status).toBe(401);
    expect(org.violations).toMatchObject([{ rule: 'replayed-assertion' }]);
  });

  it('the form, the grant and the scopes are held to', async () => {
    const { assertion, askToken, org } = world({ dpop: 'ignored', scopes: [READ] });
    const asked = async (form: Record<string, string>) =>
      read(askToken(await assertion(), undefined, form))['error'];
    expect(await asked({ scope: READ, grant_type: 'password' })).toBe('unsupported_grant_type');
    expect(await asked({ scope: MANAGE })).toBe('invalid_scope');
    expect(await asked({ scope: '' })).toBe('invalid_scope');
    expect(await asked({ scope: READ, client_assertion_type: 'x' })).toBe('invalid_client');
    expect(await asked({ scope: READ })).toBeUndefined();
    const body = JSON.stringify({ scope: READ });
    const json = {
      method: 'POST',
      path: '/oauth2/v1/token',
      headers: { 'content-type': 'application/json' },
      body,
    };
    expect(org.handle(json)).toMatchObject({
      status: 400,
      body: expect.stringContaining('invalid_request') as string,
    });
  });

  it('whatever a request holds is answered', async () => {
    const { org, assertion, proof, forToken } = world({}, { origin: undefined as never });
    for (const headers of [
      { host: 'a b[' },
      { host: '' },
      { dpop: '.' },
      { dpop: await proof(forToken()) },
    ]) {
      const path = '/oauth2/v1/token?x=%zz';
      const form = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
      const body = `client_assertion=${await assertion()}`;
      expect(org.handle({ method: 'POST', path, headers: form, body }).kind).toBe('answer');
      expect(
        org.handle({ method: 'POST', path: '/oauth2/v1/token', headers: { ...form, 'content-length': '0' } })
          .kind,
      ).toBe('answer');
    }
  });

  it('an org without apps refuses every client, and its SSWS token works beside apps', async () => {
    const { assertion, askToken, ask, org } = world();
    expect(ask(`SSWS ${org.token}`).status).toBe(200);
    expect(ask('Bearer of-nothing').status).toBe(401);
    const none = new SimulatedOrg();
    const reply = none.handle({
      method: 'POST',
      path: '/oauth2/v1/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `grant_type=client_credentials&client_assertion=${await assertion()}`,
    });
    expect(reply).toMatchObject({ status: 401 });
    expect(askToken(await assertion()).status).toBe(400);
  });
});

describe('proofs', () => {
  it('the token endpoint asks for a nonce first, and binds the token to the key', async () => {
    const { assertion, proof, askToken, ask, forToken, forApi, org } = world();
    const first = askToken(await assertion(), await proof(forToken()));
    expect([first.status, read(first)['error']]).toEqual([400, 'use_dpop_nonce']);
    const second = askToken(await assertion(), await proof(forToken(first.headers['dpop-nonce'])));
    expect(read(second)).toMatchObject({ token_type: 'DPoP' });
    const token = read(second)['access_token'] as string;
    expect(ask(`DPoP ${token}`, await proof(forApi(token))).status).toBe(200);
    // The query is no part of what is proven.
    expect(ask(`DPoP ${token}`, await proof(forApi(token)), 'GET', '?limit=2').status).toBe(200);
    expect(org.violations).toEqual([]);
  });

  it.each<[string, (now: number) => Parts]>([
    ['of another type', () => ({ header: { typ: 'JWT' } })],
    ['whose jwk is another', () => ({ header: { jwk: jwk(other.publicKey) } })],
    ['whose jwk is a private key', () => ({ header: { jwk: jwk(ec.privateKey) } })],
    ['without a jwk', () => ({ header: { jwk: undefined } })],
    ['for another method', () => ({ claims: { htm: 'DELETE' } })],
    ['for another URL', () => ({ claims: { htu: `${ORIGIN}/api/v1/users` } })],
    ['with a query in its URL', () => ({ claims: { htu: `${ORIGIN}/oauth2/v1/token?x=1` } })],
    ['that is too old', (now) => ({ claims: { iat: now - 301 } })],
    ['from the future', (now) => ({ claims: { iat: now + 61 } })],
    ['without a jti', () => ({ claims: { jti: undefined } })],
  ])('one %s is refused at both ends, and noted', async (_, parts) => {
    const { assertion, proof, askToken, ask, forToken, forApi, nonce, signIn, org, now } = world();
    const token = await signIn();
    const atToken = askToken(await assertion(), await proof(forToken(await nonce()), parts(now())));
    expect([atToken.status, read(atToken)['error']]).toEqual([400, 'invalid_dpop_proof']);
    const atApi = ask(`DPoP ${token}`, await proof(forApi(token), parts(now())));
    expect(atApi.status).toBe(400);
    expect(atApi.headers['www-authenticate']).toMatch(/^DPoP .*error="invalid_dpop_proof"/);
    expect(org.violations.map(({ rule }) => rule)).toEqual(['invalid-proof', 'invalid-proof']);
    expect(org.sessions()).toEqual([]);
  });

  it('one is good for one request', async () => {
    const { assertion, proof, askToken, ask, forToken, forApi, nonce, signIn, org } = world();
    const token = await signIn();
    const forOne = await proof(forApi(token));
    expect(ask(`DPoP ${token}`, forOne).status).toBe(200);
    expect(ask(`DPoP ${token}`, forOne).status).toBe(400);
    const asking = await proof(forToken(await nonce()));
    expect(askToken(await assertion(), asking).status).toBe(200);
    expect(askToken(await assertion(), asking).status).toBe(400);
    // One that was refused for its nonce was used as well.
    const withoutNonce = await proof(forToken());
    expect(read(askToken(await assertion(), withoutNonce))['error']).toBe('use_dpop_nonce');
    expect(read(askToken(await assertion(), withoutNonce))['error']).toBe('invalid_dpop_proof');
    expect(org.violations.map(({ rule }) => rule)).toEqual(Array(3).fill('replayed-proof'));
  });

  it('a stolen token is of no use: without a proof, with another key, for another token, or as a bearer token', async () => {
    const { proof, ask, forApi, signIn, org } = world();
    const token = await signIn();
    const stranger = { key: other.privateKey, header: { jwk: jwk(other.publicKey) } };
    expect(ask(`DPoP ${token}`).status).toBe(400);
    expect(ask(`DPoP ${token}`, await proof(forApi(token), stranger)).status).toBe(401);
    expect(ask(`DPoP ${token}`, await proof(forApi('another'))).status).toBe(400);
    expect(ask(`Bearer ${token}`, await proof(forApi(token))).status).toBe(401);
    expect(org.violations.map(({ rule }) => rule)).toEqual(Array(3).fill('invalid-proof'));
  });

  it('an app where they are optional gets a token of the kind it asked for', async () => {
    const { assertion, proof, askToken, forToken, nonce } = world({ dpop: 'optional' });
    expect(read(askToken(await assertion()))['token_type']).toBe('Bearer');
    const bound = askToken(await assertion(), await proof(forToken(await nonce())));
    expect(read(bound)['token_type']).toBe('DPoP');
    const required = world();
    expect(read(required.askToken(await required.assertion()))['error']).toBe('invalid_dpop_proof');
    expect(required.org.violations).toEqual([]);
  });
});

describe('nonces and tokens', () => {
  it('nonces change; the one before is taken once more as long; those of the API are others', async () => {
    const { assertion, proof, askToken, ask, forToken, forApi, nonce, signIn, clock } = world(
      {},
      { apiNonces: true, nonceLifetimeMs: HOUR / 4 },
    );
    const first = await nonce();
    const asked = async (value: string) =>
      read(askToken(await assertion(), await proof(forToken(value))))['error'];
    clock.advance(HOUR / 4);
    expect(await nonce()).not.toBe(first);
    expect(await asked(first)).toBeUndefined();
    clock.advance(HOUR / 4);
    expect(await asked(first)).toBe('use_dpop_nonce');

    const token = await signIn();
    const call = async (value?: string) =>
      ask(`DPoP ${token}`, await proof(forApi(token), { claims: { nonce: value } }));
    const without = await call();
    expect(without.status).toBe(401);
    expect(without.headers['www-authenticate']).toMatch(/^DPoP .*error="use_dpop_nonce"/);
    expect((await call(await nonce())).status).toBe(401);
    const good = await call(without.headers['dpop-nonce']);
    expect(good.status).toBe(200);
    expect(good.headers['dpop-nonce']).toBe(without.headers['dpop-nonce']);
  });

  it('a token allows what its scopes say, ends when it was revoked, and is counted in its own bucket', async () => {
    const rateLimits = { token: { limit: 2, windowMs: 60_000 } };
    const { assertion, askToken, ask, org } = world({ dpop: 'ignored' }, {}, { rateLimits });
    const token = read(askToken(await assertion(), undefined, { scope: READ }))['access_token'] as string;
    expect(ask(`Bearer ${token}`).status).toBe(200);
    const forbidden = ask(`Bearer ${token}`, undefined, 'POST');
    expect(forbidden.status).toBe(403);
    expect(forbidden.headers['www-authenticate']).toContain('error="insufficient_scope"');
    org.revokeTokens();
    expect(ask(`Bearer ${token}`).status).toBe(401);
    expect(askToken(await assertion()).headers['x-rate-limit-remaining']).toBe('0');
    expect(askToken(await assertion()).status).toBe(429);
  });

  it('the same seed gives the same tokens', async () => {
    const token = async (seed: number) => {
      const { assertion, askToken } = world({ dpop: 'ignored' }, {}, { seed });
      return read(askToken(await assertion()))['access_token'];
    };
    expect(await token(5)).toBe(await token(5));
    expect(await token(5)).not.toBe(await token(6));
  });
});

describe('options', () => {
  const app = { clientId: 'app', publicKeys: [jwk(ec.publicKey)] };
  it.each<[string, unknown]>([
    ['oauth', 'yes'],
    ['oauth.clients', {}],
    ['oauth.clients.clientId', { clients: [{ ...app, clientId: '' }] }],
    ['oauth.clients.publicKeys', { clients: [{ ...app, publicKeys: [] }] }],
    ['oauth.clients.publicKeys', { clients: [{ ...app, publicKeys: [jwk(ec.privateKey)] }] }],
    ['oauth.clients.publicKeys', { clients: [{ ...app, publicKeys: ['x'] }] }],
    ['oauth.clients.scopes', { clients: [{ ...app, scopes: READ }] }],
    ['oauth.clients.dpop', { clients: [{ ...app, dpop: true }] }],
    ['secret', { clients: [{ ...app, secret: 'x' }] }],
    ['oauth.tokenLifetimeMs', { clients: [], tokenLifetimeMs: 0 }],
    ['oauth.nonceLifetimeMs', { clients: [], nonceLifetimeMs: -1 }],
    ['oauth.apiNonces', { clients: [], apiNonces: 1 }],
    ['oauth.origin', { clients: [], origin: 'https://org.example/path' }],
    ['client', { client: [] }],
  ])('%s that cannot work is refused: %o', (option, oauth) => {
    expect(() => new SimulatedOrg({ oauth: oauth as OrgOAuthOptions })).toThrow(
      expect.objectContaining({ option }),
    );
  });
});

describe('over HTTP', () => {
  it('Okta’s own SDK signs in with its private key', async () => {
    const publicKeys = [jwk(rsa.publicKey)];
    const org = await startOrg({ oauth: { clients: [{ clientId: 'app', publicKeys, dpop: 'ignored' }] } });
    const client = new okta.Client({
      orgUrl: org.url,
      authorizationMode: 'PrivateKey',
      clientId: 'app',
      scopes: [READ, MANAGE],
      privateKey: rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }) as string,
      testing: { disableHttpsCheck: true },
    } as never);
    const { identitySourceId } = org;
    const session = await client.identitySourceApi.createIdentitySourceSession({ identitySourceId });
    expect(session.status).toBe('CREATED');
    expect(org.requests.map(({ bucket, status }) => [bucket, status])).toEqual([
      ['token', 200],
      ['sessions', 200],
    ]);
    expect(org.violations).toEqual([]);
    await org.close();
  });
});
