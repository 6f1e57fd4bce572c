import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { afterEach } from 'vitest';
import {
  startOrg,
  type Org,
  type OrgOAuthClient,
  type OrgOAuthOptions,
  type StartOrgOptions,
} from 'rollcall/simulator';
import { createClient } from '../../src/okta/client.js';
import type { ClientOptions } from '../../src/okta/client-options.js';
import type { OAuthOptions } from '../../src/okta/sign-in/oauth-options.js';
import type { Signer, SigningAlgorithm } from '../../src/okta/sign-in/private-key.js';
import type { OktaClient } from '../../src/okta/wire.js';
import { ManualClock } from '../simulator/caller.js';

export const CLIENT_ID = '0oaserviceapp0000001';

/** Keys are made once: RSA takes its time. */
export const KEYS = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
} as const;

export function pemOf(key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' | 'spki' = 'pkcs8'): string {
  return key.export({ type, format: 'pem' } as never).toString();
}

export function jwkOf(key: KeyObject, more: Record<string, string> = {}) {
  return { ...(key.export({ format: 'jwk' }) as { kty: string }), ...more };
}

/** A key management service: it signs, and gives no key away. */
export function kms(
  algorithm: SigningAlgorithm,
  encoding: 'der' | 'ieee-p1363' = 'der',
): Signer & { calls: number } {
  const key = KEYS[algorithm].privateKey;
  const signer = {
    calls: 0,
    algorithm,
    sign: async (data: Uint8Array) => {
      signer.calls += 1;
      return sign('sha256', data, { key, dsaEncoding: encoding });
    },
  };
  return signer;
}

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export interface ServiceApp {
  readonly org: Org;
  readonly okta: OktaClient;
  readonly clock: ManualClock;
  /** Statuses of the requests of each kind, in their order. */
  readonly seen: () => { readonly token: unknown[]; readonly api: unknown[] };
  readonly connect: (options?: Partial<ClientOptions>) => OktaClient;
}

/** An org over HTTP that knows one service app, and a client that signs in as it. They share a clock. */
export async function serviceApp(
  auth: Partial<OAuthOptions> = {},
  app: Partial<OrgOAuthClient> = {},
  orgOptions: Omit<StartOrgOptions, 'oauth'> & { readonly oauth?: Partial<OrgOAuthOptions> } = {},
  clientOptions: Partial<ClientOptions> = {},
): Promise<ServiceApp> {
  const clock = new ManualClock();
  const publicKeys = [KEYS.RS256, KEYS.ES256].map(({ publicKey }) => pemOf(publicKey, 'spki'));
  const { oauth, ...rest } = orgOptions;
  const org = await startOrg({
    seed: 1,
    clock,
    cooldownMs: 0,
    noticeMs: 0,
    oauth: { clients: [{ clientId: CLIENT_ID, publicKeys, ...app }], ...oauth },
    ...rest,
  });
  closers.push(() => org.close());
  const connect = (options: Partial<ClientOptions> = {}) => {
    const okta = createClient({
      orgUrl: org.url,
      identitySourceId: org.identitySourceId,
      auth: { clientId: CLIENT_ID, privateKey: pemOf(KEYS.ES256.privateKey), ...auth },
      clock,
      random: () => 0.5,
      ...clientOptions,
      ...options,
    });
    closers.push(() => okta.close());
    return okta;
  };
  const seen = () => {
    const of = (token: boolean) =>
      org.requests.filter(({ bucket }) => (bucket === 'token') === token).map(({ status }) => status);
    return { token: of(true), api: of(false) };
  };
  return { org, okta: connect(), clock, seen, connect };
}

export async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('it should have failed');
    },
    (error: unknown) => error as Error,
  );
}
